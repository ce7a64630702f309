"""Options for output."""

from pathlib import Path

from fetchcli.cli.completion import columns, output_formats, words
from fetchcli.cli.option import Found, Option, Panel
from fetchcli.cli.paths import at_file, output_paths
from fetchcli.core.errors import UsageError


def _template(text: str) -> str:
    """A template, or that of a file."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{text}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None


PANEL = Panel(
    title="Output",
    topic="output",
    options=(
        Option(
            flags="-o --output",
            found=Found.BELOW,
            paths=output_paths,
            help="Write results in this format, or to this path. Repeatable.",
            to="outputs",
            metavar="FORMAT[:PATH]",
            complete=words(output_formats),
            multiple=True,
            common=True,
        ),
        Option(
            flags="-w --write-out",
            found=Found.BELOW,
            paths=at_file,
            help="Write this template for every row: '%{url}\\n'. @FILE reads it.",
            to="write_out",
            metavar="TEMPLATE",
            parse=_template,
            common=True,
        ),
        Option(
            flags="--columns",
            found=Found.YES,
            help="Choose the columns of rows: url,status,header:etag; or change the default ones: +headers,-sha256.",
            to="columns",
            off="",
            metavar="NAMES",
            complete=words(columns, joined=True),
        ),
        Option(
            flags="--csv-raw",
            found=Found.YES,
            help="Leave CSV cells that a spreadsheet would run as formulas as they are.",
            to="csv_raw",
            type=bool,
        ),
        Option(flags="--ordered", found=Found.YES, help="Write rows in input order.", to="ordered", type=bool),
        Option(
            flags="--github/--no-github",
            found=Found.YES,
            help="In a GitHub workflow, write annotations and the step summary.",
            to="github",
            type=bool,
        ),
    ),
)
