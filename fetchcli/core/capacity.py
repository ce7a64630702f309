"""How many requests at once this machine has room for. Pure."""

from collections.abc import Callable

MOST_LAG = 0.1  # seconds
SHRINK = 0.7  # of what was at once, when that was too much for this machine
GROW_AFTER = 100  # requests that went well


class Capacity:
    """Fewer at once when this machine runs out of something, and more again when all goes well.

    Attributes:
        limit: requests at once: the concurrency, or less.
    """

    def __init__(self, concurrency: int, warn: Callable[[str], None]) -> None:
        self.limit = concurrency
        self._concurrency = concurrency
        self._warn = warn
        self._said_so = False
        self._last_cut = float("-inf")
        self._fine = 0

    def exhausted(self, what: str, launched_at: float, now: float) -> None:
        """A request found no room; those that were launched before the last cut say nothing new."""
        if launched_at <= self._last_cut:
            return
        self._last_cut, self._fine = now, 0
        self.limit = max(1, int(self.limit * SHRINK))
        if not self._said_so:
            self._said_so = True
            self._warn(f"{what}: fewer requests at once for now ({self.limit})")

    def went_well(self) -> None:
        """A request found room."""
        if self.limit < self._concurrency:
            self._fine += 1
            if self._fine >= GROW_AFTER:
                self._fine = 0
                self.limit += 1

    def lagged(self, seconds: float) -> None:
        """How late the event loop came round: with too much in flight it does nothing well."""
        if seconds > MOST_LAG:
            self.limit = max(1, int(self.limit * SHRINK))
        elif self.limit < self._concurrency and not self._said_so:
            self.limit += 1
