"""Every option, one block a group. They only build `Settings`; no default value is written here."""

from functools import partial
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

_input = partial(typer.Option, rich_help_panel="Input", show_envvar=False)
AllowEmpty = Annotated[bool, _input("--allow-empty", help="An input without URLs is fine (exit 0).")]
Demo = Annotated[bool, _input("--demo", help="Fetch from a small server inside the process; no network.")]

_request = partial(typer.Option, rich_help_panel="Request", show_envvar=False)
Location = Annotated[bool, _request("--location/--no-location", "-L", help="Follow redirects.")]
MaxRedirs = Annotated[int, _request("--max-redirs", metavar="N", min=0, help="Redirects to follow, at most.")]

_pace = partial(typer.Option, rich_help_panel="Pace", show_envvar=False)
Concurrency = Annotated[int, _pace("--concurrency", "-c", metavar="N", min=1, help="Requests in flight, at most.")]

_time = partial(typer.Option, rich_help_panel="Time", metavar="TIME", show_envvar=False)
Timeout = Annotated[str, _time("--timeout", "-m", help="Limit of one attempt, from its slot to the last byte.")]
ConnectTimeout = Annotated[str, _time("--connect-timeout", help="Limit of lookup, connect and TLS.")]
ReadTimeout = Annotated[str, _time("--read-timeout", help="Longest silence of a server.")]

_output = partial(typer.Option, rich_help_panel="Output", show_envvar=False)
Outputs = Annotated[
    list[str] | None,
    _output(
        "--output",
        "-o",
        metavar="FORMAT[:PATH]",
        help="text, jsonl, csv or json; or a path whose extension says which. Repeatable.",
        show_default=False,
    ),
]
WriteOut = Annotated[
    str | None,
    _output(
        "--write-out",
        "-w",
        metavar="TEMPLATE",
        help="For every URL, a template of curl's kind: '%{http_code} %{url}\\n'.",
        show_default=False,
    ),
]
Ordered = Annotated[bool, _output("--ordered", help="Rows in input order, in bounded memory.")]
Progress = Annotated[ProgressMode, _output("--progress", help="How progress is shown on stderr.")]
Quiet = Annotated[bool, _output("--quiet", "-q", help="Data only: no progress, no messages, no summary.")]
Verbose = Annotated[bool, _output("--verbose", "-v", help="Say every outcome on stderr as it ends.")]
NoColor = Annotated[bool, _output("--no-color", help="No colour (so does NO_COLOR).")]

_checks = partial(typer.Option, rich_help_panel="Checks", show_envvar=False)
Accept = Annotated[
    str,
    _checks(
        "--accept",
        metavar="STATUSES",
        help="Statuses that count as success: 200..399,401 or 2xx; !304 takes one away (of 200..399, if alone).",
    ),
]
ExitZero = Annotated[bool, _checks("--exit-zero", help="Outcomes do not decide the exit code.")]

# Not from the environment: FETCHCLI_VERSION means something else to many a CI job.
Version = Annotated[
    bool,
    typer.Option("--version", "-V", help="Show the version and exit.", is_eager=True, allow_from_autoenv=False),
]
