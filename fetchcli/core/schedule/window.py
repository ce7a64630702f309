"""Find out how many requests at once a host takes (``--adaptive``)."""

from fetchcli.core.schedule.queue_limit import QueueLimit
from fetchcli.core.schedule.refusal_limit import RefusalLimit

START, GROWTH = 8.0, 3.0


class Window:
    """The maximum number of requests in flight to one host: what it neither refuses nor queues.

    Args:
        start: the first window.
        growth: by how much it grows for each response until a limit is met. With three, it is four times as large
            after a round trip.
        since: what was launched before is no response to this window.

    Attributes:
        limit: that number; its whole part counts.
    """

    __slots__ = ("_queue", "_refusals", "limit")

    def __init__(self, start: float = START, growth: float = GROWTH, since: float = float("-inf")) -> None:
        self.limit = start
        self._refusals = RefusalLimit(start, growth, since)
        self._queue = QueueLimit(since)

    def launched(self, in_flight: int, now: float) -> None:
        """Record a launch: one of so many now."""
        self._refusals.launched(in_flight, now)
        self._queue.launched(in_flight, now)

    def accepted(self, in_flight: int, seconds: float | None, launched_at: float, now: float) -> None:
        """Record a response.

        Args:
            in_flight: requests in flight when it was launched, this one included.
            seconds: from the request to the first byte of the response; None if that is not known.
            launched_at: when the request was launched.
            now: the time.
        """
        self._refusals.accepted(in_flight, launched_at, now)
        self._queue.ended(seconds, launched_at, now)
        self.limit = min(self._refusals.limit, self._queue.limit)

    def ended(self, launched_at: float, now: float) -> None:
        """Record a request that says nothing about how many the host takes."""
        self._queue.ended(None, launched_at, now)
        self.limit = min(self._refusals.limit, self._queue.limit)

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        """Record a 429, a 503 or no response, with the number of requests in flight at its launch."""
        self._refusals.refused(in_flight, launched_at, now)
        self._queue.has_refused = self._refusals.is_known
        self._queue.ended(None, launched_at, now)
        self.limit = min(self._refusals.limit, self._queue.limit)
