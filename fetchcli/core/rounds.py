"""Fetching a list again and again: how often, and when the next round begins."""

import msgspec

from fetchcli.core.errors import UsageError


class Rounds(msgspec.Struct, frozen=True):
    """How often; times in seconds.

    Attributes:
        count: so many rounds; None for as many as fit, or without end.
        every: from the start of a round to the start of the next, at least.
        span: from the start of the run, after which no round begins; None for no end.
    """

    count: int | None = 1
    every: float = 0.0
    span: float | None = None

    def __post_init__(self) -> None:
        """Refuse what would never fetch anything."""
        if self.count is not None and self.count < 1:
            raise UsageError(f"--repeat: {self.count} is not a number from 1")

    @property
    def several(self) -> bool:
        """Whether there is more than one."""
        return self.count != 1

    def next_start(self, done: int, now: float) -> float | None:
        """When the next round begins, or None for never.

        Args:
            done: rounds that are over.
            now: seconds since the first began.
        """
        if self.count is not None and done >= self.count:
            return None
        start = max(now, done * self.every)
        return None if self.span is not None and start >= self.span and done else start
