"""Options that select rows."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.expect.expressions import compile_regex


def _pattern(text: str) -> str:
    compile_regex(text)
    return text


PANEL = Panel(
    title="Selection",
    topic="selection",
    options=(
        Option(
            flags="--include",
            found=Found.YES,
            help="Fetch only URLs that contain a match. Repeatable.",
            to="reading.selection.include",
            metavar="REGEX",
            parse=_pattern,
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--exclude",
            found=Found.YES,
            help="Fetch no URLs that contain a match. Repeatable.",
            to="reading.selection.exclude",
            metavar="REGEX",
            parse=_pattern,
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--only-failed",
            found=Found.YES,
            help="Fetch only the rows that were not accepted. The input is a results file.",
            to="reading.selection.only_failed",
            type=bool,
        ),
        Option(
            flags="--dedupe",
            found=Found.YES,
            help="Skip rows that repeat URL, method and expectations.",
            to="reading.selection.dedupe",
            type=bool,
        ),
        Option(
            flags="--limit",
            found=Found.YES,
            help="Fetch only the first N rows.",
            to="reading.selection.limit",
            type=int,
            metavar="N",
            minimum=0,
        ),
        Option(
            flags="--sample",
            found=Found.YES,
            help="Fetch N rows, chosen at random.",
            to="reading.selection.sample",
            type=int,
            metavar="N",
            minimum=0,
        ),
        Option(
            flags="--seed",
            found=Found.YES,
            help="Seed for --sample and --shuffle: the same seed, the same rows.",
            to="reading.selection.seed",
            type=int,
            metavar="N",
            requires=("sample", "shuffle"),
        ),
        Option(
            flags="--shuffle",
            found=Found.YES,
            help="Fetch in random order, within a window of 10,000 rows.",
            to="reading.selection.shuffle",
            type=bool,
            alternatives=("ordered",),
        ),
    ),
)
