"""Keep a rate of bytes: how long must a transfer wait?"""

BURST_SECONDS = 0.05  # what may come at once: timers are no finer


class BytePacer:
    """Keeps one rate over all transfers of a run.

    Args:
        rate: maximum bytes per second.
    """

    __slots__ = ("_due", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._due = float("-inf")  # when the bytes so far may have come

    def take(self, size: int, now: float) -> float:
        """Record bytes that came now, and return the seconds to wait before more are read."""
        self._due = max(self._due, now - BURST_SECONDS) + size / self._rate
        return max(0.0, self._due - now)
