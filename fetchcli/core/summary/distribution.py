"""A distribution of values: exact while they are few, within 1 % beyond, in bounded memory.

Beyond the change-over, values are counted in the logarithmic buckets of DDSketch (Masson, Rim, Lee: VLDB 2019).
A percentile is the value of nearest rank, ``ceil(share * count)``: never a value that fewer of them reach.
"""

from array import array
from itertools import accumulate, chain
from math import ceil, log

MAX_EXACT = 100_000
RELATIVE_ACCURACY = 0.01
BLOCK = 4096  # beyond the change-over, values that are counted in buckets at once

_GAMMA = (1 + RELATIVE_ACCURACY) / (1 - RELATIVE_ACCURACY)
_SCALE = 1 / log(_GAMMA)
_MIDDLE = 2 / (1 + _GAMMA)  # of a bucket, times its upper bound: at most 1 % from every value in it
_SMALLEST = 1e-9  # in the buckets, smaller values count as 0
_ZERO = ceil(log(_SMALLEST) * _SCALE) - 1


class Distribution:
    """Numbers from 0 to 1e300; `merge` is associative and commutative.

    Args:
        max_exact: number of values up to which percentiles are exact; the same in distributions that are merged.
    """

    def __init__(self, max_exact: int = MAX_EXACT) -> None:
        self._values = array("d")  # those that are not in a bucket
        self._max_values = max_exact
        self._buckets: dict[int, int] = {}
        self._count = 0  # in the buckets, as the next three
        self._sum = self._max = 0.0
        self._min = float("inf")

    def __len__(self) -> int:
        return self._count + len(self._values)

    @property
    def min(self) -> float:
        """The smallest value, infinite if there is none."""
        return min(self._min, min(self._values, default=self._min))

    @property
    def max(self) -> float:
        """The largest value, 0 if there is none."""
        return max(self._max, max(self._values, default=self._max))

    @property
    def mean(self) -> float:
        """The mean, 0 without values."""
        return (self._sum + sum(self._values)) / len(self) if len(self) else 0.0

    def add(self, value: float) -> None:
        """Add a value."""
        values = self._values
        values.append(value)
        if len(values) > self._max_values:
            self._fill_buckets()

    def quantile(self, share: float) -> float:
        """The smallest value that at least a ``share`` (0-1) of the values do not exceed; 0 without values."""
        rank = max(1, ceil(round(share * len(self), 6)))  # 0.07 * 100 is a little more than 7
        if not self._buckets:
            return sorted(self._values)[rank - 1] if self._values else 0.0
        self._fill_buckets()
        if rank == self._count:
            return self._max
        order = sorted(self._buckets)
        reached = accumulate(self._buckets[bucket] for bucket in order)
        bucket = next(bucket for bucket, count in zip(order, reached, strict=True) if count >= rank)
        return min(max(0.0 if bucket == _ZERO else _MIDDLE * _GAMMA**bucket, self._min), self._max)

    def histogram(self, number: int) -> list[int]:
        """How many values are in each of so many intervals from the smallest to the largest, equal on a log scale.

        Values below 1 ns count as 1 ns.
        """
        low, high = (log(max(value, _SMALLEST)) for value in (self.min, self.max))
        counts = [0] * number
        buckets = ((_MIDDLE * _GAMMA**bucket, count) for bucket, count in self._buckets.items())
        for value, count in chain(((value, 1) for value in self._values), buckets):
            place = (log(max(value, _SMALLEST)) - low) / (high - low) if high > low else 0.0
            counts[min(max(int(place * number), 0), number - 1)] += count
        return counts

    def merge(self, other: "Distribution") -> None:
        """Add the values of another distribution."""
        self._values.extend(other._values)
        for bucket, count in other._buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self._count += other._count
        self._sum += other._sum
        self._min, self._max = min(self._min, other._min), max(self._max, other._max)
        if self._buckets or len(self._values) > self._max_values:
            self._fill_buckets()

    def _fill_buckets(self) -> None:
        """Count the values in their buckets."""
        values, buckets = self._values, self._buckets
        for value in values:
            bucket = ceil(log(value) * _SCALE) if value >= _SMALLEST else _ZERO
            buckets[bucket] = buckets.get(bucket, 0) + 1
        self._min, self._max = self.min, self.max
        self._count += len(values)
        self._sum += sum(values)
        self._values, self._max_values = array("d"), BLOCK
