"""Response times of a host, for comparisons.

Response times have long tails, and a queue adds to every one of them. So a low percentile shows a queue best: it is
small, and what is added is large beside it. It also does not depend on the slow responses, which come last.
"""

from math import log, sqrt
from typing import NamedTuple

LOW = 0.125  # the quantile that is compared
NORMAL = 1.15  # standard deviations between it and the median, as logarithms are about normal
ERROR = 1.6  # its standard error, in standard deviations, for one sample
MOST = 0.75  # of the responses must be there
LATE = 4  # times as many later responses, after which those that are missing are not waited for
LEAST_DEVIATION = 0.2  # of the logarithms
_SHORTEST = 1e-5  # seconds


class Level(NamedTuple):
    """Response times at some number of requests in flight.

    Attributes:
        in_flight: that number, as a mean.
        low: logarithm of the low quantile.
        variance: that of its error.
    """

    in_flight: float
    low: float
    variance: float

    def exceeds(self, other: "Level", least: float, certainty: float) -> bool:
        """Whether times are certainly longer than at another level, by a difference of logarithms at least."""
        error = sqrt(self.variance + other.variance)
        return self.low - other.low > max(least, certainty * error)


class Cohort:
    """Requests that are launched one after the other.

    Those that are still in flight when most responses are there count as slow: to leave them out would make the host
    look fast. Some never come: a request that this machine had no resources for says nothing.

    Args:
        size: how many.
        begin: only what is launched then or later takes part.
    """

    __slots__ = ("_begin", "_end", "_in_flight", "_late", "_launched", "_lost", "_size", "_times")

    def __init__(self, size: int, begin: float) -> None:
        self._size, self._begin, self._end = size, begin, float("inf")
        self._launched = self._in_flight = self._lost = self._late = 0
        self._times: list[float] = []

    def launched(self, in_flight: int, now: float) -> None:
        """Record a launch."""
        if self._launched < self._size:
            self._launched += 1
            self._in_flight += in_flight
            if self._launched == self._size:
                self._end = now

    def ended(self, seconds: float | None, launched_at: float) -> bool:
        """Record a response, or None for a request that has no time; whether there are as many as there will be."""
        if launched_at < self._begin:
            return False
        if launched_at > self._end:
            self._late += 1
            return self._late >= LATE * self._size
        if seconds is None:
            self._lost += 1
        else:
            self._times.append(seconds)
        return self._launched == self._size and len(self._times) >= MOST * (self._size - self._lost)

    def level(self) -> Level | None:
        """What the times are; None if there are not enough."""
        count = max(self._size - self._lost, len(self._times))
        if count < self._size / 2 or len(self._times) <= count // 2:
            return None
        times = sorted(self._times)
        low = log(max(times[int(count * LOW)], _SHORTEST))
        deviation = max((log(max(times[count // 2], _SHORTEST)) - low) / NORMAL, LEAST_DEVIATION)
        return Level(self._in_flight / self._size, low, (ERROR * deviation) ** 2 / count)
