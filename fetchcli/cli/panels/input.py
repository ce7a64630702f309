"""Options for reading lists."""

from typing import Any

from fetchcli.cli.option import Found, Option, Panel, Values
from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.settings import AUTO
from fetchcli.core.url.parse import parse_url
from fetchcli.run.formats import INPUT_FORMATS


def _base_url(text: str) -> str:
    if text:
        try:
            parse_url(text)
        except InvalidUrl as error:
            raise UsageError(str(error)) from None
    return text


def _build(values: Values) -> dict[str, Any]:
    """The columns of --keep: their names in the input, and in the output."""
    given = [name.strip() for text in values["keep"] or () for name in text.split(",")]
    pairs = [(old, new) if equals else (new, new) for new, equals, old in (name.partition("=") for name in given)]
    if not all(old and new for old, new in pairs):
        raise UsageError("--keep: expected NAME or NEW=NAME, separated by commas")
    return {"reading.keep": tuple(old for old, _ in pairs), "reading.keep_as": tuple(new for _, new in pairs)}


PANEL = Panel(
    title="Input",
    topic="input",
    build=_build,
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
            flags="--base-url",
            found=Found.YES,
            help="Resolve relative URLs of the lists against this URL.",
            to="reading.base_url",
            metavar="URL",
            parse=_base_url,
        ),
        Option(
            flags="--query",
            found=Found.NO,
            help="Read the rows of this query; the input is sqlite:FILE or the address of a database.",
            to="reading.query",
            metavar="SQL",
        ),
        Option(
            flags="--keep",
            found=Found.YES,
            help="Copy these input columns to the output; NEW=NAME renames one, '*' copies all. Repeatable.",
            metavar="NAMES",
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
