"""Fetch a list several times: how often, and when the next round starts."""

import msgspec

from fetchcli.core.errors import UsageError


class Rounds(msgspec.Struct, frozen=True):
    """How often the lists are fetched; times in seconds.

    Attributes:
        count: number of rounds; None for no limit.
        every: round N starts at the earliest ``(N - 1) * every`` after the first.
        span: time since the start of the run after which no round starts, or None.
    """

    count: int | None = 1
    every: float = 0.0
    span: float | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.count is not None and self.count < 1:
            raise UsageError(f"--repeat: {self.count} is not a number from 1")

    @property
    def several(self) -> bool:
        """Whether there may be more than one round."""
        return self.count != 1

    def next_start(self, done: int, now: float) -> float | None:
        """When the next round starts, or None for never.

        Args:
            done: number of finished rounds.
            now: seconds since the first round started.
        """
        if self.count is not None and done >= self.count:
            return None
        start = max(now, done * self.every)
        return None if self.span is not None and start >= self.span and done else start
