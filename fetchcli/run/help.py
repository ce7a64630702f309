"""Show a help page: styled at a terminal, plain text everywhere else."""

import os
import re
import sys
from collections.abc import Iterator

from fetchcli.core.pattern import lazy_pattern

_COMMENT = lazy_pattern(r"<!--.*-->")


def page_lines(markdown: str) -> Iterator[tuple[str, str]]:
    """The lines of a page as they are shown, each with its kind: ``heading``, ``code`` or ``text``.

    Pages use a small part of Markdown: headings, indented and fenced code, and code spans.
    """
    fenced = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not _COMMENT.fullmatch(line):
            if fenced:
                yield "code", f"    {line}".rstrip()
            elif line.startswith("# "):
                yield "heading", line.removeprefix("# ")
            else:
                yield ("code" if line.startswith("    ") else "text"), line


def plain_page(markdown: str) -> str:
    """A page as plain text."""
    lines = [text.replace("`", "") if kind == "text" else text for kind, text in page_lines(markdown)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def show_page(markdown: str) -> None:
    """Write a page to stdout.

    Raises:
        OSError: it cannot be written.
    """
    if sys.stdout is None:
        return
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        from fetchcli.render.help_page import print_page

        print_page(list(page_lines(markdown)))
        return
    encoding = sys.stdout.encoding or "utf-8"
    text = plain_page(markdown).encode(encoding, "backslashreplace").decode(encoding)
    sys.stdout.write(text)
    sys.stdout.flush()
