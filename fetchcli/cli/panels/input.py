"""Options for reading lists."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.settings import AUTO
from fetchcli.run.formats import INPUT_FORMATS

PANEL = Panel(
    title="Input",
    topic="input",
    options=(
        Option(
            flags="--input-format",
            found=Found.YES,
            help="Set the input format. auto: by extension, then by content.",
            to="reading.format",
            choices=(AUTO, *(known.name for known in INPUT_FORMATS)),
        ),
        Option(
            flags="--url-column",
            found=Found.YES,
            help="Name of the URL column (CSV) or key (JSON).",
            to="reading.url_column",
            metavar="NAME",
        ),
        Option(
            flags="--keep",
            found=Found.YES,
            help="Copy this input column to the output. Repeatable.",
            to="reading.keep",
            metavar="NAME",
            multiple=True,
        ),
        Option(
            flags="--glob",
            found=Found.YES,
            help="Expand {a,b} and [1-100:2] in URLs, as curl does.",
            to="reading.glob",
            type=bool,
        ),
        Option(
            flags="--strict-input",
            found=Found.YES,
            help="Stop reading at the first invalid row.",
            to="reading.strict",
            type=bool,
        ),
        Option(
            flags="--allow-empty",
            found=Found.YES,
            help="Accept an input without URLs (exit 0).",
            to="allow_empty",
            type=bool,
        ),
    ),
)
