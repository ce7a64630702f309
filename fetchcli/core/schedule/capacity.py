"""How many requests at once this machine has resources for."""

from collections.abc import Callable

MAX_LAG = 0.1  # seconds
SHRINK = 0.7  # factor by which the limit is cut
GROW_AFTER = 100  # successful requests


class Capacity:
    """Lowers the concurrency when this machine runs out of a resource, and raises it when requests succeed.

    Attributes:
        limit: maximum requests at once: the concurrency, or less.
    """

    def __init__(self, concurrency: int, warn: Callable[[str], None]) -> None:
        self.limit = concurrency
        self._concurrency = concurrency
        self._warn = warn
        self._warned = False
        self._last_cut = float("-inf")
        self._successes = 0

    def record_shortage(self, shortage: str, launched_at: float, now: float) -> None:
        """Record that a request lacked a resource; requests launched before the last cut do not count."""
        if launched_at <= self._last_cut:
            return
        self._last_cut, self._successes = now, 0
        self.limit = max(1, int(self.limit * SHRINK))
        if not self._warned:
            self._warned = True
            self._warn(f"{shortage}: concurrency lowered for now ({self.limit})")

    def succeeded(self) -> None:
        """Record that a request had the resources it needed."""
        if self.limit < self._concurrency:
            self._successes += 1
            if self._successes >= GROW_AFTER:
                self._successes = 0
                self.limit += 1

    def record_lag(self, seconds: float) -> None:
        """Record how late the event loop is; with too many requests in flight everything is slow."""
        if seconds > MAX_LAG:
            self.limit = max(1, int(self.limit * SHRINK))
        elif self.limit < self._concurrency and not self._warned:
            self.limit += 1
