"""Consoles for stdout and stderr, and safe text for them.

Nothing is parsed: no markup, no emoji codes, no highlighting. `safe` escapes terminal controls
(rich lets ESC through).
"""

import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary.reasons import reason_of, remarks_on, what_of
from fetchcli.core.text import visible
from fetchcli.core.url.shown import shorten_url, shown_url

WIDTH_WITHOUT_TERMINAL = 200  # a log wraps lines by itself, and URLs in it are copied
MIN_URL = 24
# Colours that can be read on a dark and on a light background.
STYLES = {
    Verdict.OK: "green",
    Verdict.FAILED: "red",
    Verdict.REJECTED: "magenta",
    Verdict.SKIPPED: "magenta",
    Verdict.CANCELLED: "magenta",
}
_PLAIN = str.maketrans(
    {"…": "~", "µ": "u", "─": "-", "━": "=", **dict.fromkeys("▁▂▃", "."), **dict.fromkeys("▄▅▆▇█", "#")}
)


class _SafeStream:
    """A text stream that never raises: what it cannot encode or write is replaced, escaped or dropped.

    A full disk behind stderr or an ASCII terminal must not decide how a run ends.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        encoding = self._stream.encoding or "utf-8"
        with suppress(OSError, ValueError):
            try:
                encoded = text.encode(encoding)
            except UnicodeEncodeError:
                encoded = text.translate(_PLAIN).encode(encoding, "backslashreplace")
            self._stream.write(encoded.decode(encoding))
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def make_console(*, stderr: bool, color: bool | None) -> Console:
    """A console on stdout or stderr; rich respects COLUMNS and TERM.

    Without colour (``--no-color``, or NO_COLOR set to anything) there are no other attributes either.
    """
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDTH_WITHOUT_TERMINAL
    plain = color is False or (color is None and bool(os.environ.get("NO_COLOR")))
    return Console(
        file=cast("TextIO", _SafeStream(stream)),
        width=width,
        color_system=None if plain else "auto",
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def safe(text: str, style: str = "") -> Text:
    """Text from a server, a URL or an error, with controls escaped."""
    return Text(visible(text), style=style)


def status_of(outcome: Outcome) -> Text:
    """What an outcome came to, in the color of its verdict."""
    return safe(what_of(outcome), STYLES[outcome.verdict])


def url_of(outcome: Outcome) -> str:
    """The URL of an outcome as people read it, or the text that is none."""
    return visible(shown_url(outcome.row.text))


def outcome_line(outcome: Outcome, width: int, *, verbose: bool = False) -> Text:
    """One outcome on one line: status or error kind, URL, reason; long URLs are shortened."""
    line = status_of(outcome)
    reasons = (reason_of(outcome), remarks_on(outcome) if verbose else "")
    reason = visible("; ".join(filter(None, reasons)))
    room = max(width - len(line) - cell_len(reason) - 3, MIN_URL)
    line.append(f" {shorten_url(url_of(outcome), room, cell_len)}")
    return line.append(f"  {reason}", style="dim") if reason else line
