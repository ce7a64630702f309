"""Every option, one block a group. They only build `Settings`; no default value is written here."""

from typing import Annotated

import typer

from fetchcli.core.policy import Policy
from fetchcli.core.settings import ProgressMode
from fetchcli.core.units import format_duration

DEFAULTS = Policy()
DEFAULT_TIMEOUT = format_duration(DEFAULTS.timeouts.total)
DEFAULT_CONNECT_TIMEOUT = format_duration(DEFAULTS.timeouts.connect)
DEFAULT_READ_TIMEOUT = format_duration(DEFAULTS.timeouts.read)

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[INPUT]...",
        help="Files with one URL a line, '-' for stdin, or http(s) URLs. With none, a piped stdin is read.",
        show_default=False,
    ),
]

# Input
AllowEmpty = Annotated[
    bool, typer.Option("--allow-empty", help="An input without URLs is fine (exit 0).", rich_help_panel="Input")
]
Demo = Annotated[
    bool,
    typer.Option("--demo", help="Fetch from a small server inside the process; no network.", rich_help_panel="Input"),
]

# Request
Location = Annotated[
    bool, typer.Option("--location/--no-location", "-L", help="Follow redirects.", rich_help_panel="Request")
]
MaxRedirs = Annotated[
    int,
    typer.Option("--max-redirs", metavar="N", min=0, help="Redirects to follow, at most.", rich_help_panel="Request"),
]

# Pace
Concurrency = Annotated[
    int,
    typer.Option(
        "--concurrency", "-c", metavar="N", min=1, help="Requests in flight, at most.", rich_help_panel="Pace"
    ),
]

# Time
Timeout = Annotated[
    str,
    typer.Option(
        "--timeout",
        "-m",
        metavar="TIME",
        help="Limit of one attempt, from its slot to the last byte.",
        rich_help_panel="Time",
    ),
]
ConnectTimeout = Annotated[
    str,
    typer.Option("--connect-timeout", metavar="TIME", help="Limit of lookup, connect and TLS.", rich_help_panel="Time"),
]
ReadTimeout = Annotated[
    str,
    typer.Option("--read-timeout", metavar="TIME", help="Longest silence of a server.", rich_help_panel="Time"),
]

# Output
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FORMAT[:PATH]",
        help="text, jsonl, csv or json; or a path whose extension says which. Repeatable.",
        rich_help_panel="Output",
        show_default=False,
    ),
]
WriteOut = Annotated[
    str | None,
    typer.Option(
        "--write-out",
        "-w",
        metavar="TEMPLATE",
        help="For every URL, a template of curl's kind: '%{http_code} %{url}\\n'.",
        rich_help_panel="Output",
        show_default=False,
    ),
]
Ordered = Annotated[
    bool, typer.Option("--ordered", help="Rows in input order, in bounded memory.", rich_help_panel="Output")
]
Progress = Annotated[
    ProgressMode, typer.Option("--progress", help="How progress is shown on stderr.", rich_help_panel="Output")
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Data only: no progress, no messages, no summary.", rich_help_panel="Output"),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say every outcome on stderr as it ends.", rich_help_panel="Output")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour (so does NO_COLOR).", rich_help_panel="Output")]

# Checks
Accept = Annotated[
    str,
    typer.Option(
        "--accept",
        metavar="STATUSES",
        help="Statuses that count as success: 200..399,401 or 2xx or !404.",
        rich_help_panel="Checks",
    ),
]
ExitZero = Annotated[
    bool,
    typer.Option("--exit-zero", help="Outcomes do not decide the exit code.", rich_help_panel="Checks"),
]

# Run
Version = Annotated[bool, typer.Option("--version", "-V", help="Show the version and exit.", is_eager=True)]
