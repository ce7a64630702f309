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

from fetchcli.core.checks.evaluate import LOCATION
from fetchcli.core.model.outcome import Outcome, Verdict, is_stale
from fetchcli.core.text import shorten, visible

WIDTH_WITHOUT_TERMINAL = 200  # a log wraps lines by itself, and URLs in it are copied
MIN_URL = 24
STYLES = {
    Verdict.OK: "green",
    Verdict.FAILED: "red",
    Verdict.REJECTED: "yellow",
    Verdict.SKIPPED: "yellow",
    Verdict.CANCELLED: "yellow",
}


class _SafeStream:
    """A text stream that never raises: what it cannot encode or write is escaped or dropped.

    A full disk behind stderr or an ASCII terminal must not decide how a run ends.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        encoding = self._stream.encoding or "utf-8"
        with suppress(OSError, ValueError):
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def make_console(*, stderr: bool, color: bool | None) -> Console:
    """A console on stdout or stderr; rich respects COLUMNS, NO_COLOR and TERM."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDTH_WITHOUT_TERMINAL
    return Console(
        file=cast("TextIO", _SafeStream(stream)),
        width=width,
        no_color=True if color is False else None,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=False,
    )


def safe(text: str, style: str = "") -> Text:
    """Text from a server, a URL or an error, with controls escaped."""
    return Text(visible(text), style=style)


def status_of(outcome: Outcome) -> Text:
    """The status or the error kind, in the color of the verdict."""
    style = STYLES[outcome.verdict]
    if outcome.verdict is Verdict.SKIPPED:
        return Text("skipped", style=style)
    if outcome.response is not None:
        return Text(str(outcome.response.status), style=style)
    failure = outcome.failure
    return Text(failure.kind.value if failure else "-", style=style)


def reason_of(outcome: Outcome) -> str:
    """Why the row failed, or what is worth saying about it; empty if the status says it all."""
    if outcome.verdict is Verdict.SKIPPED:
        return outcome.note
    parts = [outcome.failure.detail] if outcome.failure else []
    # The status has its own cell, and says all but that a redirect leads nowhere.
    parts += [
        failed.text for failed in outcome.failed_checks if failed.check != "status" or failed.expected == LOCATION
    ]
    if outcome.note:
        parts.append(outcome.note)
    if outcome.flaky:
        parts.append(f"flaky: accepted on attempt {outcome.attempt_count}")
    return "; ".join(parts)


def remarks_on(outcome: Outcome) -> str:
    """What went on below the outcome, for ``-v``: stale connections, and header lines that were skipped."""
    stale = [attempt.number for attempt in outcome.attempts if is_stale(attempt)]
    parts = [f"sent on a new connection (attempt {n + 1}), because the server had closed the kept one" for n in stale]
    if outcome.response is not None:
        parts += [f"skipped the header line {line}" for line in outcome.response.skipped_headers]
    return "; ".join(parts)


def outcome_line(outcome: Outcome, width: int, *, verbose: bool = False) -> Text:
    """One outcome on one line: status or error kind, URL, reason; long URLs are shortened."""
    line = status_of(outcome)
    reasons = (reason_of(outcome), remarks_on(outcome) if verbose else "")
    reason = visible("; ".join(filter(None, reasons)))
    url = visible(outcome.row.text)
    line.append(f" {shorten(url, max(width - len(line) - cell_len(reason) - 3, MIN_URL))}")
    return line.append(f"  {reason}", style="dim") if reason else line
