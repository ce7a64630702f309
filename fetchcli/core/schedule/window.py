"""Find out how many requests at once a host takes (``--adaptive``).

Additive increase, multiplicative decrease. When the nth request at once is refused, n - 1 is known to
be fine: that level is kept, and one more is tried only once in `PROBE_AFTER` requests.
"""

START = 2.0
PROBE_AFTER = 100  # accepted requests at the known level before one more is tried
SHRINK = 0.7
LATENCY_FACTOR = 2.0  # times the steady latency
MIN_LATENCY_JUMP = 0.05  # minimum seconds of a jump: less is noise
STEADY = 0.05  # weight of a new sample in the steady latency


class Window:
    """The maximum number of requests in flight to one host.

    Attributes:
        limit: that number; its whole part counts.
    """

    __slots__ = ("_accepted", "_last_cut", "_recent", "_safe_level", "_steady", "limit")

    def __init__(self) -> None:
        self.limit = START
        self._safe_level: float | None = None  # a level at which one more was refused
        self._accepted = 0
        self._last_cut = float("-inf")
        self._steady = self._recent = 0.0

    def accepted(self, in_flight: int, latency: float, launched_at: float, now: float) -> None:
        """Record a response, with the number of requests in flight at its launch."""
        if self._latency_jumped(latency) and launched_at > self._last_cut:
            self._cut(now, max(1.0, self.limit * SHRINK))
            return
        if 2 * in_flight < int(self.limit):
            return  # the window was not the limit
        if self._safe_level is None:
            self.limit += 0.5  # times 1.5 per round
            return
        self._accepted += 1
        if self._accepted >= PROBE_AFTER:
            self._accepted = 0
            self.limit += 1.0
            self._safe_level = self.limit

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        """Record a 429, a 503 or a reset, with the number of requests in flight at its launch."""
        safe = float(max(1, in_flight - 1))
        if launched_at <= self._last_cut:
            # One of the same batch: it can refine the limit, but not cut it again.
            self.limit = self._safe_level = min(self.limit, max(safe, self.limit * SHRINK))
            return
        self._cut(now, min(self.limit, safe))

    def _cut(self, now: float, limit: float) -> None:
        self.limit = self._safe_level = limit
        self._accepted = 0
        self._last_cut = now

    def _latency_jumped(self, latency: float) -> bool:
        """Whether responses take much longer than before; updates both averages."""
        if not self._steady:
            self._steady = self._recent = latency
            return False
        self._recent += 0.3 * (latency - self._recent)
        jumped = self._recent > LATENCY_FACTOR * self._steady + MIN_LATENCY_JUMP
        self._steady += STEADY * (latency - self._steady)
        if jumped:
            self._recent = self._steady
        return jumped
