"""Options for what people see."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.settings import ProgressMode
from fetchcli.core.summary.breakdown import By

PANEL = Panel(
    title="Terminal",
    topic="terminal",
    options=(
        Option(
            flags="--progress",
            found=Found.YES,
            help="Set how progress is shown on stderr.",
            to="progress",
            type=ProgressMode,
        ),
        Option(
            flags="--body",
            found=Found.YES,
            help="Print the whole body of a single URL. In a pipe, nothing else goes to stdout.",
            to="body",
            type=bool,
            conflicts=("output", "write_out", "save", "remote_name", "columns"),
        ),
        Option(
            flags="--by",
            found=Found.YES,
            help="At the end, sum up the rows by host or by tag, too.",
            to="by",
            type=By,
        ),
        Option(
            flags="-q --quiet",
            found=Found.YES,
            help="Write data only. Warnings and errors are still printed.",
            to="quiet",
            type=bool,
            common=True,
        ),
        Option(
            flags="-v --verbose",
            found=Found.YES,
            help="Report every outcome on stderr as it ends.",
            to="verbose",
            type=bool,
            common=True,
        ),
        Option(
            flags="--no-color",
            found=Found.YES,
            help="Use no colors. NO_COLOR does the same.",
            to="color",
            type=bool,
            parse=lambda off: False if off else None,
            default=False,
        ),
    ),
)
