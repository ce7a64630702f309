"""What to launch next. Pure: it is told the time, and answers a Launch, a Skip, a Wait, FULL or IDLE.

Rows wait in lanes, one for each host (scheme, host, port). A lane that may start stands in the ready
queue, where lanes take turns; one that must wait, for its rate, its cap or its cool-down, stands in no
queue that a slot could be wasted on, and comes back by a timer or when one of its requests ends.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from fetchcli.core.breaker import Gate
from fetchcli.core.decisions import FULL, IDLE, Hold, Settled, Skip, Wait
from fetchcli.core.errors import Failure, Remedy
from fetchcli.core.feedback import Feedback
from fetchcli.core.lane import Lane, Launch, Origin
from fetchcli.core.model import Attempt, Target
from fetchcli.core.pacing import Pacer
from fetchcli.core.policy import Policy
from fetchcli.core.retry import Again, decide

LOOK_AHEAD = 10_000  # rows that wait at once, at most: those of one host that waits can fill it
MOST_LAG = 0.1  # seconds
LAG_SHRINK = 0.8
LOCAL_DELAY = 0.1  # seconds until a row that this machine had no room for is tried again
MOST_LOCAL = 50  # times in a row that this may happen to one row


class Scheduler:
    """Decides for one run.

    Attributes:
        waiting: rows that wait to be launched, retries included.
        retrying: those of them that wait for their time to be tried again.
        in_flight: requests being made.
        limit: requests that may be: the concurrency, or less where this machine has no room for it.
        hungry: a slot is free, and no row that waits may be launched into it: another one might.
        latest: when the last of the rows to be tried again may be.
        feedback: what was learnt about hosts.

    Args:
        policy: caps, rates and what is retried.
        chance: a number from 0 to 1, evenly distributed.
        began: now.
        epoch: what makes wall-clock time of the times that are told.
        warn: told of trouble that is no single row's.
    """

    def __init__(
        self,
        policy: Policy,
        chance: Callable[[], float],
        began: float,
        epoch: float,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._warn = warn
        self._policy = policy
        self._chance = chance
        self._began, self._epoch = began, epoch
        self.waiting = self.retrying = self.in_flight = 0
        self.limit = policy.concurrency
        self.latest = began
        self.hungry = True
        self._pacer = Pacer(policy.pace.rate) if policy.pace.rate is not None else None
        self.feedback = Feedback(policy, epoch, warn)
        self._lanes: dict[Origin, Lane] = {}
        self._ready: deque[Lane] = deque()
        self._timers: list[tuple[float, int, Lane | Launch]] = []
        self._tie = count()
        self._skipped: deque[Skip] = deque()
        self._short_of_room = False

    @property
    def has_room(self) -> bool:
        """Whether another row may be offered."""
        return self.waiting < LOOK_AHEAD

    def offer(self, row: Target, now: float) -> None:
        """Take a row in."""
        url = row.url
        origin = (url.scheme, url.host, url.port)
        lane = self._lanes.get(origin)
        if lane is None:
            lane = self._lanes[origin] = Lane(origin, self._policy.pace)
        lane.rows.append(Launch(row, lane, now))
        self.waiting += 1
        if not lane.queued:
            self._place(lane, now)

    def next(self, now: float) -> Launch | Skip | Wait | Hold:
        """What to do now."""
        if self._timers and self._timers[0][0] <= now:
            self._ring(now)
        while not self._skipped:
            full = self.in_flight >= self.limit
            self.hungry = not full and not self._ready
            if full and self.waiting:
                return FULL
            if not self.waiting:
                return IDLE
            if not self._ready:
                return Wait(self._timers[0][0]) if self._timers else FULL
            if self._pacer is not None and self._pacer.ready_at > now:
                return Wait(self._pacer.ready_at)
            lane = self._ready.popleft()
            lane.queued = False
            if self._may_start(lane, now):
                return self._launch(lane, now)
        self.waiting -= 1
        return self._skipped.popleft()

    def abandon(self) -> list[Launch]:
        """Give up all that waits; the rows among it that were tried before."""
        waiting = [due for _, _, due in self._timers if isinstance(due, Launch)]
        waiting += [launch for lane in self._lanes.values() for launch in lane.rows]
        waiting += [skip.launch for skip in self._skipped]
        for lane in self._lanes.values():
            lane.rows.clear()
        self._timers.clear()
        self._ready.clear()
        self._skipped.clear()
        self.waiting = self.retrying = 0
        return [launch for launch in waiting if launch.attempts]

    def lagged(self, seconds: float) -> None:
        """How late the event loop came round: with too much in flight it does nothing well."""
        if seconds > MOST_LAG:
            self.limit = max(1, int(self.limit * LAG_SHRINK))
        elif self.limit < self._policy.concurrency and not self._short_of_room:
            self.limit += 1

    def settle(self, launch: Launch, attempts: tuple[Attempt, ...], now: float) -> Settled | None:
        """Take what a launch brought; None where the row is tried again later."""
        lane, result = launch.lane, attempts[-1].result
        self.in_flight -= 1
        lane.in_flight -= 1
        if (
            isinstance(result, Failure)
            and result.remedy is Remedy.LESS
            and self._make_do_with_less(launch, result.detail, now)
        ):
            self._place(lane, now)
            return None
        launch.refused = 0
        launch.attempts += attempts
        self.feedback.learn(launch, result, now)
        decision = decide(
            launch.attempts,
            self._policy,
            run_seconds=now - self._began,
            wall=now + self._epoch,
            chance=self._chance,
        )
        if isinstance(decision, Again):
            self._delay(launch, now + decision.delay)
        self._place(lane, now)
        return None if isinstance(decision, Again) else Settled(decision.reason)

    def _may_start(self, lane: Lane, now: float) -> bool:
        """Whether a lane whose turn it is may really start; otherwise it has been dealt with."""
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
        # HOLD: while one request tries whether the host is back, the lane waits for it to settle.
        return gate in (Gate.CLOSED, Gate.PROBE)

    def _launch(self, lane: Lane, now: float) -> Launch:
        launch = lane.start(now)
        self.waiting -= 1
        self.in_flight += 1
        if self._pacer is not None:
            self._pacer.start(now)
        self._place(lane, now)
        return launch

    def _place(self, lane: Lane, now: float) -> None:
        """Put a lane where it belongs: in the ready queue, on a timer, aside, or nowhere at all."""
        if lane.queued:
            return
        if not lane.rows:
            if not (lane.in_flight or lane.retrying):
                self._retire(lane, now)
        elif not lane.is_full:
            at = lane.ready_at
            if at <= now:
                lane.queued = True
                self._ready.append(lane)
            else:
                self._look_again(lane, at)

    def _retire(self, lane: Lane, now: float) -> None:
        """Forget a lane with nothing to do, unless its rate or its cool-down must still be remembered."""
        if lane.idle_at <= now:
            self._lanes.pop(lane.origin, None)
        else:
            self._look_again(lane, lane.idle_at)

    def _look_again(self, lane: Lane, at: float) -> None:
        if not lane.timed:  # a time only ever moves further away, and is looked at again when it rings
            lane.timed = True
            heappush(self._timers, (at, next(self._tie), lane))

    def _ring(self, now: float) -> None:
        """Deal with the timers whose time has come."""
        while self._timers and self._timers[0][0] <= now:
            _, _, due = heappop(self._timers)
            if isinstance(due, Launch):
                self.retrying -= 1
                due.lane.retrying -= 1
                due.lane.rows.append(due)
                self._place(due.lane, now)
            else:
                due.timed = False
                self._place(due, now)

    def _delay(self, launch: Launch, at: float) -> None:
        self.waiting += 1
        self.retrying += 1
        launch.lane.retrying += 1
        self.latest = max(self.latest, at)
        heappush(self._timers, (at, next(self._tie), launch))

    def _make_do_with_less(self, launch: Launch, detail: str, now: float) -> bool:
        """This machine had no room for a request: fewer at once, and the row goes back; False if that is in vain."""
        launch.refused += 1
        if launch.refused > MOST_LOCAL:
            return False
        self.limit = max(1, min(self.limit, self.in_flight))
        if not self._short_of_room:
            self._short_of_room = True
            self._warn(f"{detail}: fewer requests at once from here on ({self.limit})")
        self._delay(launch, now + LOCAL_DELAY)
        return True
