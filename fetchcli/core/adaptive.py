"""Finding out how many requests at once a host takes (``--adaptive``). Pure.

Additive increase, multiplicative decrease, with what a refusal says taken at its word: when the nth
request at once is refused, n - 1 is known to be fine. That level is kept, and only now and then one
more is tried, so that a limit that stays costs one refusal in `PROBE_AFTER` requests.
"""

START = 2.0
PROBE_AFTER = 100  # accepted requests at the known level before one more is tried
SHRINK = 0.7
LATENCY_FACTOR = 2.0  # times the steady latency
LATENCY_FLOOR = 0.05  # seconds that a jump is at least: less is noise
STEADY = 0.05  # share of a new sample in the steady latency


class Window:
    """The number of requests that may be in flight to one host.

    Attributes:
        limit: that number; its whole part counts.
    """

    __slots__ = ("_accepted", "_known", "_last_cut", "_recent", "_steady", "limit")

    def __init__(self) -> None:
        self.limit = START
        self._known: float | None = None  # a level that was refused one above
        self._accepted = 0
        self._last_cut = float("-inf")
        self._steady = self._recent = 0.0

    def accepted(self, in_flight: int, latency: float, launched_at: float, now: float) -> None:
        """An answer came, with that many in flight when its request was launched."""
        if self._jumped(latency) and launched_at > self._last_cut:
            self._cut(now, max(1.0, self.limit * SHRINK))
            return
        if 2 * in_flight < int(self.limit):
            return  # it was not the window that held it back
        if self._known is None:
            self.limit += 0.5  # times 1.5 in a round
            return
        self._accepted += 1
        if self._accepted >= PROBE_AFTER:
            self._accepted = 0
            self.limit += 1.0
            self._known = self.limit

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        """A 429, a 503 or a reset came, with that many in flight when its request was launched."""
        fine = float(max(1, in_flight - 1))
        if launched_at <= self._last_cut:
            # One of the same handful: it may say more precisely where the limit is, but no more than that.
            self.limit = self._known = min(self.limit, max(fine, self.limit * SHRINK))
            return
        self._cut(now, min(self.limit, fine))

    def _cut(self, now: float, limit: float) -> None:
        self.limit = self._known = limit
        self._accepted = 0
        self._last_cut = now

    def _jumped(self, latency: float) -> bool:
        """Whether answers take much longer than they used to; both averages move on."""
        if not self._steady:
            self._steady = self._recent = latency
            return False
        self._recent += 0.3 * (latency - self._recent)
        jumped = self._recent > LATENCY_FACTOR * self._steady + LATENCY_FLOOR
        self._steady += STEADY * (latency - self._steady)
        if jumped:
            self._recent = self._steady
        return jumped
