"""How long the run took that rows are from."""

from datetime import UTC, datetime
from functools import lru_cache

from fetchcli.core.journal.stored_row import StoredRow

_SECONDS, _LENGTH = len("2026-01-01T00:00:00"), len("2026-01-01T00:00:00.000000Z")


class Span:
    """From the first start to the last end of the rows."""

    def __init__(self) -> None:
        self._first, self._last = float("inf"), float("-inf")

    def add(self, row: StoredRow) -> None:
        """Take a row into account; of a row with several attempts, only the last one's time is known."""
        if row.started_at is None:
            return
        try:
            started = epoch(row.started_at)
        except ValueError:  # a file of somebody else
            return
        self._first = min(self._first, started)
        self._last = max(self._last, started + (row.time_total or 0.0))

    @property
    def seconds(self) -> float:
        """The time in seconds; 0 if rows do not tell."""
        return max(0.0, self._last - self._first)


def epoch(text: str) -> float:
    """Seconds since the epoch; half a microsecond more, so that it is cut to the same microsecond again.

    Raises:
        ValueError: it is no time.
    """
    if len(text) == _LENGTH and text.endswith("Z"):  # as fetchcli writes it; many rows share a second
        return _whole_seconds(text[:_SECONDS]) + int(text[_SECONDS + 1 : -1]) / 1e6 + 5e-7
    return _whole_seconds(text) + 5e-7


@lru_cache(maxsize=64)
def _whole_seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
