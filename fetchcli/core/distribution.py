"""Values of which quantiles are wanted: exact while they are few, a sketch of them once they are many."""

from math import ceil

from fetchcli.core.latency import Latency

EXACT = 256


class Distribution:
    """Numbers; `merge` is associative and commutative.

    Attributes:
        min: the least, infinite where there is none.
        max: the greatest, 0 where there is none.
    """

    def __init__(self) -> None:
        self._values: list[float] = []
        self._sketch: Latency | None = None
        self._count = 0
        self._sum = 0.0
        self.min = float("inf")
        self.max = 0.0

    def __len__(self) -> int:
        return self._count

    @property
    def mean(self) -> float:
        """The average, 0 where there is none."""
        return self._sum / self._count if self._count else 0.0

    def add(self, value: float) -> None:
        """Take one value, 0 or more."""
        self._count += 1
        self._sum += value
        self.min, self.max = min(self.min, value), max(self.max, value)
        if self._sketch is not None:
            self._sketch.add(value)
        else:
            self._values.append(value)
            self._bound()

    def quantile(self, share: float) -> float:
        """The value that ``share`` (0-1) of them do not exceed (nearest rank), within 1 %; 0 where there is none."""
        if self._sketch is not None:
            return self._sketch.quantile(share)
        return sorted(self._values)[max(0, ceil(round(share * self._count, 6)) - 1)] if self._values else 0.0

    def merge(self, other: "Distribution") -> None:
        """Take in the values of another."""
        self._count += other._count
        self._sum += other._sum
        self.min, self.max = min(self.min, other.min), max(self.max, other.max)
        self._values += other._values
        if other._sketch is not None:
            if self._sketch is None:
                self._sketch = Latency()
            self._sketch.merge(other._sketch)
        self._bound()

    def _bound(self) -> None:
        """Give the values to the sketch once there is one, or there are many."""
        if self._sketch is None and len(self._values) <= EXACT:
            return
        if self._sketch is None:
            self._sketch = Latency()
        for value in self._values:
            self._sketch.add(value)
        self._values = []
