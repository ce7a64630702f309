"""Decide what to launch next. The scheduler is told the time; it answers Launch, Skip, Wait, FULL or IDLE.

Rows wait in lanes, one per host (scheme, host, port). A lane that may start is in the ready queue,
where lanes take turns. A lane that must wait for its rate, its cap or its cool-down is in no queue, so
that it holds no slot; a timer or the end of one of its requests brings it back.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from fetchcli.core.errors import Failure, Remedy
from fetchcli.core.model.attempt import Attempt
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.schedule.breaker import Gate
from fetchcli.core.schedule.capacity import Capacity
from fetchcli.core.schedule.decisions import FULL, IDLE, Hold, Settled, Skip, Wait
from fetchcli.core.schedule.feedback import Feedback
from fetchcli.core.schedule.lane import Lane, Launch, Origin
from fetchcli.core.schedule.pacing import Pacer
from fetchcli.core.schedule.retry import GiveUp, RetryAfter, decide, overdue

LOOK_AHEAD = 10_000  # maximum number of waiting rows; those of one slow host can fill it
LOCAL_DELAY = 0.1  # seconds until a row that this machine lacked a resource for is tried again
ACCEPTED = Settled("")
MAX_LOCAL_RETRIES = 50  # maximum number of times for one row


class Scheduler:
    """Decides for one run.

    Attributes:
        waiting: rows that wait to be launched, retries included.
        retrying: rows that wait for the time of their retry.
        in_flight: requests in flight.
        capacity: how many may be in flight.
        wants_rows: a slot is free, but no waiting row may be launched: another row might.
        latest: when the last of the waiting retries may start.
        delayed: the row that was last told to wait for its retry, or None.
        feedback: what was learnt about hosts.

    Args:
        policy: caps, rates and retries.
        chance: returns a random number from 0 to 1.
        began: the time now.
        epoch: added to the times to get seconds since the epoch.
        warn: told about problems that do not belong to a row.
    """

    def __init__(
        self,
        policy: Policy,
        chance: Callable[[], float],
        began: float,
        epoch: float,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.capacity = Capacity(policy.concurrency, warn)
        self._policy, self._chance = policy, chance
        self._began, self._epoch = began, epoch
        self.waiting = self.retrying = self.in_flight = 0
        self.latest, self.wants_rows = began, True
        self.delayed: Launch | None = None
        self._pacer = Pacer(policy.pace.rate) if policy.pace.rate is not None else None
        self._lanes: dict[Origin, Lane] = {}
        self.feedback = Feedback(policy, self._lanes, began, epoch, warn)
        self._ready: deque[Lane] = deque()
        self._timers: list[tuple[float, int, Lane | Launch]] = []
        self._sequence = count()
        self._skipped: deque[Skip] = deque()

    @property
    def has_room(self) -> bool:
        """Whether another row may be offered."""
        return self.waiting < LOOK_AHEAD

    @property
    def paced_rows(self) -> int:
        """Rows that wait for a rate, a cap or a cool-down; for displays, from any thread."""
        if self._pacer is not None:
            return self.waiting - self.retrying
        return sum(len(lane.rows) for lane in list(self._lanes.values()) if not lane.is_ready)

    def deployment_seconds(self, now: float) -> float:
        """Seconds that are left for hosts to be deployed (``--wait``), while rows wait for it; otherwise 0."""
        wait = self._policy.retry.wait
        return max(0.0, wait - (now - self._began)) if wait is not None and self.retrying else 0.0

    def offer(self, row: Target, now: float) -> None:
        """Add a row."""
        url = row.url
        origin = (url.scheme, url.host, url.port)
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = Lane(origin, self._policy.pace)
        lane.rows.append(Launch(row, lane, now))
        self.waiting += 1
        if not lane.is_ready:
            self._place(lane, now)

    def pause(self, origin: Origin, until: float, now: float) -> None:
        """Leave a host alone that had asked for it in an earlier run."""
        lane = self._lanes.setdefault(origin, Lane(origin, self._policy.pace))
        self.feedback.pause(lane, until, now)
        self._place(lane, now)

    def next(self, now: float) -> Launch | Skip | Wait | Hold:
        """Decide what to do now."""
        if self._timers and self._timers[0][0] <= now:
            self._run_timers(now)
        while not self._skipped:
            full = self.in_flight >= self.capacity.limit
            self.wants_rows = not full and not self._ready
            if full and self.waiting:
                return FULL
            if not self.waiting:
                return IDLE
            if not self._ready:
                return Wait(self._timers[0][0]) if self._timers else FULL
            if self._pacer is not None and self._pacer.ready_at > now:
                return Wait(self._pacer.ready_at)
            lane = self._ready.popleft()
            lane.is_ready = False
            if self._may_start(lane, now) and not self._skip_overdue(lane, now):
                return self._launch(lane, now)
        self.waiting -= 1
        return self._skipped.popleft()

    def drain(self) -> list[Launch]:
        """Return everything that waits; nothing is launched until more is offered."""
        waiting = [item for _, _, item in self._timers if isinstance(item, Launch)]
        waiting += [skip.launch for skip in self._skipped]
        for lane in self._lanes.values():
            waiting += lane.rows
        self._lanes.clear()
        self._timers.clear()
        self._ready.clear()
        self._skipped.clear()
        self.waiting = self.retrying = 0
        return waiting

    def settle(self, launch: Launch, attempt: Attempt, now: float) -> Settled | None:
        """Record the attempt of a launch; None if the row will be launched again."""
        self.in_flight -= 1
        launch.lane.in_flight -= 1
        try:
            return self._decide(launch, attempt, now)
        finally:
            self._place(launch.lane, now)

    def settle_accepted(self, launch: Launch, now: float) -> None:
        """Record that the first attempt of a launch was accepted, and that its response asks for nothing."""
        self.in_flight -= 1
        launch.lane.in_flight -= 1
        self.capacity.succeeded()
        self.feedback.learn_accepted(launch, now)
        self._place(launch.lane, now)

    def _decide(self, launch: Launch, attempt: Attempt, now: float) -> Settled | None:
        result = attempt.result
        remedy = result.remedy if isinstance(result, Failure) else None
        if isinstance(result, Failure) and remedy is Remedy.LESS and launch.refused < MAX_LOCAL_RETRIES:
            self._reduce_capacity(launch, result, now)
            return None
        launch.attempts += (attempt,)
        if remedy is Remedy.FRESH and not launch.fresh:
            launch.fresh = True
            launch.lane.rows.appendleft(launch)
            self.waiting += 1
            return None
        if remedy is not Remedy.LESS:
            self.capacity.succeeded()
        self.feedback.learn(launch, result, now)
        if remedy is None and not attempt.failed_checks:
            return ACCEPTED
        decision = self._retry_decision(launch, now)
        if isinstance(decision, RetryAfter):
            self._delay(launch, now + decision.delay)
            return None
        return Settled(decision.reason)

    def would_retry(self, launch: Launch, now: float) -> bool:
        """Whether a row would be retried if the run went on."""
        return isinstance(self._retry_decision(launch, now), RetryAfter)

    def _retry_decision(self, launch: Launch, now: float) -> RetryAfter | GiveUp:
        return decide(
            launch.attempts,
            self._policy,
            run_seconds=now - self._began,
            wall=now + self._epoch,
            chance=self._chance,
            request=launch.row.request,
        )

    def _may_start(self, lane: Lane, now: float) -> bool:
        """Whether the lane may really start; if not, it has been placed or skipped."""
        if lane.is_full or lane.ready_at > now:
            self._place(lane, now)
            return False
        breaker = self.feedback.breaker
        if breaker is None:
            return True
        gate = breaker.gate(lane.origin, now)
        if gate is Gate.OPEN:
            reason = breaker.reason(lane.origin)
            self._skipped.extend(Skip(launch, reason) for launch in lane.rows)
            lane.rows.clear()
            self._place(lane, now)
        elif gate is Gate.PROBE:
            breaker.probe(lane.origin)
        # HOLD: the lane waits for the result of the probe.
        return gate in (Gate.CLOSED, Gate.PROBE)

    def _skip_overdue(self, lane: Lane, now: float) -> bool:
        """Skip a retry whose time limit passed while it waited; return whether there was one."""
        attempts = lane.rows[0].attempts
        if not attempts or not (reason := overdue(attempts, self._policy, now + self._epoch)):
            return False
        self._skipped.append(Skip(lane.rows.popleft(), reason))
        self._place(lane, now)
        return True

    def _launch(self, lane: Lane, now: float) -> Launch:
        launch = lane.start(now)
        self.waiting -= 1
        self.in_flight += 1
        if self._pacer is not None:
            self._pacer.start(now)
        self._place(lane, now)
        return launch

    def _place(self, lane: Lane, now: float) -> None:
        """Put a lane where it belongs: into the ready queue, on a timer, or nowhere."""
        if lane.is_ready:
            return
        if not lane.rows:
            if not (lane.in_flight or lane.retrying):
                self._retire(lane, now)
        elif not lane.is_full:
            at = lane.ready_at
            if at <= now:
                lane.is_ready = True
                self._ready.append(lane)
            else:
                self._set_timer(lane, at)

    def _retire(self, lane: Lane, now: float) -> None:
        """Forget a lane with nothing to do, unless its rate or its cool-down must be remembered."""
        if lane.idle_at <= now:
            if self._lanes.get(lane.origin) is lane:  # a later one may have taken its place
                del self._lanes[lane.origin]
        else:
            self._set_timer(lane, lane.idle_at)

    def _set_timer(self, lane: Lane, at: float) -> None:
        if not lane.has_timer:  # the time can only move further away, and is checked again when the timer rings
            lane.has_timer = True
            heappush(self._timers, (at, next(self._sequence), lane))

    def _run_timers(self, now: float) -> None:
        """Handle the timers that are due."""
        while self._timers and self._timers[0][0] <= now:
            _, _, item = heappop(self._timers)
            if isinstance(item, Launch):
                self.retrying -= 1
                item.lane.retrying -= 1
                item.lane.rows.append(item)
                self._place(item.lane, now)
            else:
                item.has_timer = False
                self._place(item, now)

    def _delay(self, launch: Launch, at: float) -> None:
        self.waiting += 1
        self.retrying += 1
        launch.lane.retrying += 1
        self.latest, self.delayed = max(self.latest, at), launch
        heappush(self._timers, (at, next(self._sequence), launch))

    def _reduce_capacity(self, launch: Launch, failure: Failure, now: float) -> None:
        """This machine lacked a resource: lower the capacity and try the row again."""
        launch.refused += 1
        self.capacity.record_shortage(failure.detail, launch.began, now)
        if self.feedback.breaker is not None:
            self.feedback.breaker.release(launch.lane.origin)
        self._delay(launch, now + LOCAL_DELAY)
