"""A mergeable latency sketch: quantiles within 1 %, in bounded memory.

DDSketch (Masson, Rim, Lee: VLDB 2019), behind an interface of plain floats.
"""

RELATIVE_ACCURACY = 0.01


class LatencySketch:
    """Latencies in seconds; `merge` is associative and commutative."""

    def __init__(self) -> None:
        from ddsketch import DDSketch  # 20 ms that --help does not need

        self._sketch = DDSketch(RELATIVE_ACCURACY)
        self._min = float("inf")
        self.max = 0.0

    def __len__(self) -> int:
        return int(self._sketch.count)

    def add(self, seconds: float) -> None:
        """Add a latency."""
        self._sketch.add(seconds)
        self.max = max(self.max, seconds)
        self._min = min(self._min, seconds)

    def quantile(self, share: float) -> float:
        """The latency that a ``share`` (0-1) of the requests did not exceed; 0 without latencies."""
        value: float | None = self._sketch.get_quantile_value(share)
        return 0.0 if value is None else min(max(value, self._min), self.max)

    def merge(self, other: "LatencySketch") -> None:
        """Add the latencies of another sketch."""
        self._sketch.merge(other._sketch)
        self.max = max(self.max, other.max)
        self._min = min(self._min, other._min)
