"""Changes since an earlier run, as reports show them."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Change(StrEnum):
    """Kinds of changes."""

    NEW_FAILURE = "new failure"
    CURED = "cured"
    STATUS = "other status"
    CONTENT = "other content"
    SLOWER = "slower"
    FASTER = "faster"
    CAME = "came"
    GONE = "gone"


class RowChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change.

    Attributes:
        change: its kind.
        subject: the URL, or the host if it is about times.
        detail: before and after.
        source: the list of the row, if known.
        line: its line, or 0.
    """

    change: Change
    subject: str
    detail: str
    source: str = ""
    line: int = 0


class Changes(msgspec.Struct, frozen=True):
    """All changes.

    Attributes:
        listed: the first changes of each kind.
        counts: number of changes by kind; each row counts once.
        pairs: number of pairs of times that were compared.
    """

    listed: tuple[RowChange, ...]
    counts: Mapping[Change, int]
    pairs: int

    @property
    def text(self) -> str:
        """``2 new failures, 1 cured``, on one line."""
        parts = [_count_text(change, self.counts[change]) for change in Change if self.counts.get(change)]
        return ", ".join(parts) or "nothing has changed"


def _count_text(change: Change, count: int) -> str:
    plural = "s" if change is Change.NEW_FAILURE and count != 1 else ""
    return f"{count:,} {change}{plural}"
