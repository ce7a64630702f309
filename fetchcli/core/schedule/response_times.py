"""Whether a host queues requests: its response times at many requests in flight, against those at few.

Response times have long tails, so their logarithms are compared, as many at once as their spread demands. No average
over time takes part: what is compared with does not rise with the load.
"""

from collections.abc import Iterable
from math import exp, log, sqrt

LONGER = log(2)  # a smaller rise is none
MIN_RISE = 0.01  # seconds; a smaller one is the event loop's
CERTAIN = 4.0  # standard errors: every few responses are one more chance to be wrong
MEMORY = 256  # samples; older ones are forgotten
PRIOR = 2.0, 0.5  # before there are samples: their number, and their standard deviation
_SHORTEST = 1e-5  # seconds


class Spread:
    """Mean and variance of the logarithms of times (Welford 1962), the latest `MEMORY` of them.

    Attributes:
        count: number of times.
        mean: mean logarithm.
        squares: sum of the squared differences from it.
        seconds: mean time.
        in_flight: mean number of requests in flight.
    """

    __slots__ = ("count", "in_flight", "mean", "seconds", "squares")

    def __init__(self) -> None:
        self.count = 0
        self.mean = self.squares = self.seconds = self.in_flight = 0.0

    def add(self, in_flight: float, seconds: float) -> None:
        """Add a time."""
        value = log(max(seconds, _SHORTEST))
        if self.count < MEMORY:
            self.count += 1
        else:
            self.squares -= self.squares / MEMORY
        delta = value - self.mean
        self.mean += delta / self.count
        self.squares += delta * (value - self.mean)
        self.seconds += (seconds - self.seconds) / self.count
        self.in_flight += (in_flight - self.in_flight) / self.count

    @property
    def expected(self) -> float:
        """The mean time, as a few times with a long tail tell: it may lie beyond their own mean."""
        return max(self.seconds, exp(self.mean + deviation(self) ** 2 / 2))


def pooled(spreads: Iterable[Spread]) -> Spread:
    """All samples together."""
    whole = Spread()
    for one in spreads:
        count = whole.count + one.count
        delta = one.mean - whole.mean
        whole.mean += delta * one.count / count
        whole.seconds += (one.seconds - whole.seconds) * one.count / count
        whole.squares += one.squares + delta * delta * whole.count * one.count / count
        whole.count = count
    return whole


def deviation(*spreads: Spread) -> float:
    """The standard deviation within spreads."""
    count, prior = PRIOR
    squares = count * prior**2 + sum(one.squares for one in spreads)
    return sqrt(squares / (count + sum(one.count for one in spreads)))


class ResponseTimes:
    """The response times of a host, by the number of requests in flight (in powers of two)."""

    def __init__(self) -> None:
        self._levels: dict[int, Spread] = {}

    def add(self, in_flight: int, seconds: float) -> None:
        """Add the time of a response to a request that was launched as one of so many."""
        level = in_flight.bit_length()
        spread = self._levels.get(level)
        if spread is None:
            spread = self._levels[level] = Spread()
        spread.add(in_flight, seconds)

    def rise(self, in_flight: int) -> tuple[float, float] | None:
        """How much longer responses take at so many requests than at few; None if that is not certain.

        Returns:
            the difference of the mean logarithms, and the ratio of the means.
        """
        level = in_flight.bit_length()
        few = [spread for other, spread in self._levels.items() if other < level - 1]
        few = few or [spread for other, spread in self._levels.items() if other < level]
        if not few:
            return None
        low, high = pooled(few), self._levels[level]
        rise = high.mean - low.mean
        error = deviation(low, high) * sqrt(1 / low.count + 1 / high.count)
        is_certain = rise >= max(LONGER, CERTAIN * error) and exp(high.mean) - exp(low.mean) >= MIN_RISE
        return (rise, high.seconds / low.expected) if is_certain else None

    def level(self, in_flight: int) -> Spread:
        """The times at so many requests."""
        return self._levels.get(in_flight.bit_length(), Spread())

    def begin_with(self, in_flight: int, spread: Spread) -> None:
        """Forget all of them but these."""
        self._levels = {in_flight.bit_length(): spread}
