"""A distribution of values: exact while they are few, a sketch beyond."""

from math import ceil

from fetchcli.core.summary.sketch import LatencySketch

MAX_EXACT = 256


class Distribution:
    """Numbers; `merge` is associative and commutative.

    Attributes:
        min: the smallest value, infinite if there is none.
        max: the largest value, 0 if there is none.
    """

    def __init__(self) -> None:
        self._values: list[float] = []
        self._sketch: LatencySketch | None = None
        self._count = 0
        self._sum = 0.0
        self.min = float("inf")
        self.max = 0.0

    def __len__(self) -> int:
        return self._count

    @property
    def mean(self) -> float:
        """The mean, 0 without values."""
        return self._sum / self._count if self._count else 0.0

    def add(self, value: float) -> None:
        """Add a value of 0 or more."""
        self._count += 1
        self._sum += value
        self.min, self.max = min(self.min, value), max(self.max, value)
        if self._sketch is not None:
            self._sketch.add(value)
        else:
            self._values.append(value)
            self._spill()

    def quantile(self, share: float) -> float:
        """The value that a ``share`` (0-1) of the values do not exceed (nearest rank, within 1 %); 0 without values."""
        if self._sketch is not None:
            return self._sketch.quantile(share)
        return sorted(self._values)[max(0, ceil(round(share * self._count, 6)) - 1)] if self._values else 0.0

    def merge(self, other: "Distribution") -> None:
        """Add the values of another distribution."""
        self._count += other._count
        self._sum += other._sum
        self.min, self.max = min(self.min, other.min), max(self.max, other.max)
        self._values += other._values
        if other._sketch is not None:
            if self._sketch is None:
                self._sketch = LatencySketch()
            self._sketch.merge(other._sketch)
        self._spill()

    def _spill(self) -> None:
        """Move the values to the sketch once there is one, or there are many values."""
        if self._sketch is None and len(self._values) <= MAX_EXACT:
            return
        if self._sketch is None:
            self._sketch = LatencySketch()
        for value in self._values:
            self._sketch.add(value)
        self._values = []
