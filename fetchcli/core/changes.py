"""What has changed since an earlier run, as it is reported."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Change(StrEnum):
    """What may have happened to a row since then."""

    NEW_FAILURE = "new failure"
    CURED = "cured"
    STATUS = "other status"
    CONTENT = "other content"
    SLOWER = "slower"
    FASTER = "faster"
    CAME = "came"
    GONE = "gone"


class Noted(msgspec.Struct, frozen=True):
    """One change.

    Attributes:
        change: of which kind.
        what: the URL, or the host for times.
        detail: how it was, and how it is.
        source: the list that the row stands in, where it is known.
        line: where.
    """

    change: Change
    what: str
    detail: str
    source: str = ""
    line: int = 0


class Changes(msgspec.Struct, frozen=True):
    """All that has changed.

    Attributes:
        noted: the first of each kind.
        counts: how many of each kind; each row counts once.
        pairs: times that could be compared with an earlier one of the same row.
    """

    noted: tuple[Noted, ...]
    counts: Mapping[Change, int]
    pairs: int

    @property
    def text(self) -> str:
        """``2 new failures, 1 cured``, in one line."""
        parts = [_counted(change, self.counts[change]) for change in Change if self.counts.get(change)]
        return ", ".join(parts) or "nothing has changed"


def _counted(change: Change, count: int) -> str:
    plural = "s" if change is Change.NEW_FAILURE and count != 1 else ""
    return f"{count:,} {change}{plural}"
