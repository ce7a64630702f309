"""Options for fetching only what has changed."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.units import parse_duration

PANEL = Panel(
    title="Only what changed",
    topic="revalidate",
    options=(
        Option(
            flags="--revalidate",
            found=Found.BELOW,
            help="Ask only for bodies that changed since this results file. The output may replace it.",
            to="revalidate",
            metavar="FILE",
        ),
        Option(
            flags="--max-age",
            found=Found.YES,
            help="Do not request rows of that file that were fetched less than TIME ago: 1d, 12h.",
            to="max_age",
            metavar="TIME",
            parse=parse_duration,
            requires=("revalidate",),
        ),
        Option(
            flags="--only-changed",
            found=Found.YES,
            help="Write and save only rows whose body changed, and new rows.",
            to="only_changed",
            type=bool,
            requires=("revalidate", "baseline"),
        ),
    ),
)
