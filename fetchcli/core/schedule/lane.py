"""The queue of one host."""

from collections import deque

from fetchcli.core.errors import Resumption
from fetchcli.core.model.attempt import Attempt
from fetchcli.core.model.policy import Pace
from fetchcli.core.model.target import Target
from fetchcli.core.schedule.pacing import Pacer
from fetchcli.core.schedule.window import Window

Origin = tuple[str, str, int]


class Launch:
    """The state of one row in the scheduler, from `offer` to `settle`.

    Attributes:
        row: the row.
        lane: its host.
        arrived: when it was offered (`time.monotonic`, like all times here).
        attempts: its finished attempts.
        began: when the current attempt was launched.
        in_flight: requests to the host at that moment, including this one.
        fresh: use no connection that was used before: one of them was closed by the server.
        resume: where the transport goes on after that, or None.
        refused: how often in all this machine lacked a resource for it.
    """

    __slots__ = ("arrived", "attempts", "began", "fresh", "in_flight", "lane", "refused", "resume", "row")

    def __init__(self, row: Target, lane: "Lane", arrived: float) -> None:
        self.row = row
        self.lane = lane
        self.arrived = arrived
        self.attempts: tuple[Attempt, ...] = ()
        self.began = 0.0
        self.fresh = False
        self.resume: Resumption | None = None
        self.in_flight = self.refused = 0


class Lane:
    """One host.

    Attributes:
        origin: scheme, host and port.
        rows: rows that wait to be launched.
        in_flight: requests in flight.
        retrying: rows that wait for the time of their retry.
        paused_until: no request starts before this time.
        is_ready: the lane is in the ready queue.
        has_timer: a timer will look at the lane.
        window: how many requests at once the host takes, if that is being found out.
    """

    __slots__ = (
        "_pacer",
        "_per_host",
        "has_timer",
        "in_flight",
        "is_ready",
        "origin",
        "paused_until",
        "retrying",
        "rows",
        "window",
    )

    def __init__(self, origin: Origin, pace: Pace) -> None:
        self.origin = origin
        self.rows: deque[Launch] = deque()
        self.in_flight = self.retrying = 0
        self.paused_until = float("-inf")
        self.is_ready = self.has_timer = False
        self.window = Window() if pace.adaptive else None
        self._pacer = Pacer(pace.host_rate) if pace.host_rate is not None else None
        self._per_host = pace.per_host

    @property
    def is_full(self) -> bool:
        """Whether the maximum number of requests is in flight."""
        if self._per_host is not None and self.in_flight >= self._per_host:
            return True
        return self.window is not None and self.in_flight >= int(self.window.limit)

    @property
    def ready_at(self) -> float:
        """When the next request may start, apart from the maximum in flight."""
        return self.paused_until if self._pacer is None else max(self.paused_until, self._pacer.ready_at)

    @property
    def idle_at(self) -> float:
        """When the lane may be forgotten if nothing else happens."""
        return self.paused_until if self._pacer is None else max(self.paused_until, self._pacer.idle_at)

    def start(self, now: float) -> Launch:
        """Take the next row; it is in flight from now on."""
        launch = self.rows.popleft()
        self.in_flight += 1
        launch.began, launch.in_flight = now, self.in_flight
        if self.window is not None:
            self.window.launched(self.in_flight, now)
        if self._pacer is not None:
            self._pacer.start(now)
        return launch
