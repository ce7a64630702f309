"""Keep a rate: when may the next request start?"""

from collections import deque

from fetchcli.core.rate import Rate

BURST_SECONDS = 0.05  # requests within this time may start together: timers are no finer


class Pacer:
    """Keeps one rate: never more than its count in any window, and evenly spread.

    The times of the last starts are kept, so that the rate holds in every window and not just on average.
    In addition each start waits for its turn in an even spread, except for small bursts.
    """

    __slots__ = ("_interval", "_next_turn", "_rate", "_slack", "_starts")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._interval = rate.seconds / rate.count
        self._slack = max(self._interval, BURST_SECONDS)
        self._starts: deque[float] = deque(maxlen=rate.count)
        self._next_turn = float("-inf")

    @property
    def ready_at(self) -> float:
        """When the next request may start; a time in the past, or -inf, means now."""
        window = self._starts[0] + self._rate.seconds if len(self._starts) == self._rate.count else float("-inf")
        return max(window, self._next_turn - self._slack)

    @property
    def idle_at(self) -> float:
        """When the pacer may be forgotten: from then on a new one would decide the same."""
        return self._starts[-1] + self._rate.seconds if self._starts else float("-inf")

    def start(self, now: float) -> None:
        """Record that a request starts now."""
        self._starts.append(now)
        self._next_turn = max(self._next_turn, now) + self._interval
