"""A help page at a terminal."""

from rich.console import Console
from rich.text import Text

from fetchcli.core.pattern import lazy_pattern

STYLES = {"heading": "bold", "code": "cyan", "text": ""}
_CODE_SPAN = lazy_pattern(r"`([^`]+)`")


def print_page(lines: list[tuple[str, str]]) -> None:
    """Print the lines of a page, each with its kind (see `run.help.page_lines`)."""
    console = Console(markup=False, emoji=False, highlight=False)
    blank = True
    for kind, line in lines:
        if line or not blank:
            console.print(_styled(kind, line), soft_wrap=True)
        blank = not line


def _styled(kind: str, line: str) -> Text:
    if kind != "text":
        return Text(line, style=STYLES[kind])
    text, position = Text(), 0
    for span in _CODE_SPAN.finditer(line):
        text.append(line[position : span.start()])
        text.append(span[1], style=STYLES["code"])
        position = span.end()
    return text.append(line[position:])
