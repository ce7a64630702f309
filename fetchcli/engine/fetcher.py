"""The asyncio shell around the scheduler: rows in, outcomes out.

Every row that is read ends as exactly one outcome, whatever the transport raises; there are never more request
tasks than slots; and no task is left behind, however the run ends.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial

from fetchcli.core.checks.verdict import outcome_of, outcome_without_attempt
from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Attempt
from fetchcli.core.model.outcome import NOT_RETRIED, Outcome
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Known, Rejected, Row, Skipped
from fetchcli.core.schedule.decisions import Settled, Skip, Wait
from fetchcli.core.schedule.lane import Launch
from fetchcli.core.schedule.scheduler import Scheduler
from fetchcli.engine.attempts import Attempts, internal_failure
from fetchcli.engine.bodies import Bodies
from fetchcli.engine.delegation import Delegation
from fetchcli.engine.delivery import Delivery
from fetchcli.engine.feed import NEXT_TURN, Feed, WakeTimer, wait_for_event, watch_loop_lag
from fetchcli.engine.request_tasks import RequestTasks
from fetchcli.save.base import BodyStore
from fetchcli.transport.base import Transport

AHEAD = 4  # times the concurrency: rows that the scheduler may choose from


class Fetcher:
    """Runs rows through a transport.

    Args:
        transport: sends the requests.
        policy: the policy of the run.
        ordered: yield outcomes in input order.
        warn: told about problems that do not belong to a row.
        watch: told every outcome as soon as it is known, before it is put in order.
        store: keeps the bodies, or None.

    Attributes:
        scheduler: what waits, and why.
        stopped: nothing more is started; rows in flight end as CANCELLED.
        halted: why the rest of the rows is skipped, or empty.
        epoch: added to `time.monotonic` to get seconds since the epoch.
        unread: the rest of the rows was not even read.
        delegation: makes ordinary rows elsewhere, or None; set before `run`. These are not among the outcomes.
    """

    delegation: Delegation | None = None

    def __init__(  # noqa: PLR0913 - what a run is made of
        self,
        transport: Transport,
        policy: Policy,
        *,
        ordered: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        watch: Callable[[Outcome], None] | None = None,
        store: BodyStore | None = None,
    ) -> None:
        self._policy, self._ordered, self._watch = policy, ordered, watch
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._tasks = RequestTasks(self._work, self._ended)
        self._max_waiting = 2 * policy.concurrency  # undelivered outcomes; beyond, nothing new is started
        self._ahead = AHEAD * policy.concurrency
        self._wake = asyncio.Event()
        self._delivery = Delivery(self._wake.set, ordered=ordered, watch=watch)
        self._timer = WakeTimer(self._wake.set)
        self._feed: Feed
        self._bug: BaseException | None = None  # what a task or a callback raised
        self.stopped, self.halted, self.unread = False, "", False
        self._deadline = float("inf")  # when unread rows are given up
        self.epoch = time.time() - time.monotonic()  # read once: jumps of the wall clock affect no timestamp
        self._bodies = Bodies(store, partial(self.halt, now=False), resumes=policy.retry.any)
        self._attempts = Attempts(transport, policy, self.epoch, self._bodies)
        self.scheduler = Scheduler(policy, random.random, time.monotonic(), self.epoch, warn)

    @property
    def in_flight(self) -> int:
        """Number of requests in flight."""
        return len(self._tasks) + (0 if self.delegation is None else len(self.delegation.launches))

    @property
    def over(self) -> bool:
        """Whether the run was stopped or halted."""
        return self.stopped or bool(self.halted)

    def stop(self, reason: str = "the run was stopped") -> None:
        """Start nothing more and cancel what is in flight; cancelled rows end as CANCELLED."""
        if not self.stopped:
            self.stopped = True
            self._empty_scheduler(reason)
        self._cancel_all(reason)

    def halt(self, reason: str, *, now: bool, max_wait: float = float("inf")) -> None:
        """Start nothing more; the rest of the rows ends as SKIPPED.

        Args:
            reason: why.
            now: cancel what is in flight, too.
            max_wait: maximum seconds to wait for rows that have not been read yet.
        """
        if self.over:
            return
        self.halted, self._deadline = reason, time.monotonic() + max_wait
        self._empty_scheduler(reason)
        if now:
            self._cancel_all(reason)
        self._wake.set()

    def _empty_scheduler(self, reason: str) -> None:
        """Deliver what waits for a retry; after a halt, skip what was not started."""
        for launch in self.scheduler.drain():
            if launch.attempts:
                self._deliver(launch, f"{NOT_RETRIED}{reason}")
            elif self.halted:
                self._delivery.add(outcome_without_attempt(Skipped.from_target(launch.row, reason)))

    def _cancel_all(self, reason: str) -> None:
        self._attempts.cancel_failure = self._attempts.cancel_failure or Failure(ErrorKind.CANCELLED, reason)
        if self.delegation is not None:
            self.delegation.cancel()
        self._tasks.cancel()
        self._wake.set()

    async def run(self, batches: AsyncIterator[list[Row]]) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every row as soon as it is known; can be called again afterwards.

        While the caller does not ask for the next outcome, at most twice the concurrency of them wait, and
        then nothing more is started: that is the back-pressure.
        """
        finished = False
        feed = self._feed = Feed(batches, self._wake.set)
        delivery = Delivery(self._wake.set, ordered=self._ordered, watch=self._watch)
        self._delivery = self._bodies.delivery = delivery
        record_lag = self.scheduler.capacity.record_lag
        lag = asyncio.create_task(watch_loop_lag(record_lag, self._wake.set)) if self._policy.pace.adaptive else None
        try:
            while True:
                self._wake.clear()
                if self._bug is not None:
                    raise self._bug
                feed.collect()
                await self._launch()
                while delivery.ready:
                    yield delivery.ready.popleft()
                    if not self._slots.locked():
                        await self._launch()
                if self.stopped or not (feed.rows or not feed.ended or self.scheduler.waiting):
                    if not self.in_flight and not delivery.ready and not self._bodies.pending:
                        break
                else:
                    feed.request_batch(self._policy.concurrency)
                await self._wait()
            for outcome in delivery.flush():
                yield outcome
            finished = True
            if feed.error is not None:
                raise feed.error
        finally:
            try:
                if not finished:
                    self.stop()
            finally:
                await self._drain(lag)

    async def _wait(self) -> None:
        """Wait until something happens."""
        if self.in_flight or not (self.halted and self._feed.waits):
            await self._wake.wait()
        elif not await wait_for_event(self._wake, self._deadline):
            self.unread = True
            await self._feed.close()

    async def _launch(self) -> None:
        """Fill every free slot that the scheduler has a launch for."""
        while not self._slots.locked() and (launch := self._next()):
            await self._slots.acquire()  # free, so this does not wait
            if self.delegation is None or not self.delegation.take(launch, self._settle_accepted, self._tasks.start):
                self._tasks.start(launch)

    def _settle_accepted(self, launch: Launch, bug: Exception | None) -> None:
        """Settle a row that was made elsewhere."""
        if not self.over:
            self.scheduler.settle_accepted(launch, time.monotonic())
        self._free_slot(bug)

    def _ended(self, launch: Launch, task: asyncio.Task[None]) -> None:
        bug = None if task.cancelled() else task.exception()
        try:
            if task.cancelled() and (failure := self._attempts.cancel_failure):  # before its first step
                launch.attempts += (self._attempts.failed(launch, failure),)
                self._deliver(launch)
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it
            bug = error
        self._free_slot(bug)

    def _free_slot(self, bug: BaseException | None) -> None:
        self._bug = self._bug or bug
        self._slots.release()
        self._wake.set()

    def _next(self) -> Launch | None:
        """The next launch; rows that are rejected or skipped are delivered on the way."""
        scheduler = self.scheduler
        while not self.stopped and len(self._delivery.ready) + self._bodies.pending < self._max_waiting:
            if self.halted:
                if not self._offer():
                    return None
                continue
            # Some rows ahead, so that hosts with many rows in a row take turns with the others.
            while scheduler.waiting < self._ahead and self._offer():
                pass
            decision = scheduler.next(time.monotonic())
            if isinstance(decision, Launch):
                return decision
            if isinstance(decision, Skip):
                self._deliver(decision.launch, decision.reason)
            elif not (scheduler.wants_rows and self._offer()):
                if isinstance(decision, Wait):
                    self._timer.wake_at(decision.until)
                return None
        return None

    def _offer(self) -> bool:
        """Offer the next row to the scheduler; False if there is none, or none may be offered."""
        rows = self._feed.rows
        if not rows or not self.scheduler.has_room:
            return False
        row, arrived = rows[0]
        if not self._delivery.admit(row.seq):
            return False
        rows.popleft()
        if isinstance(row, Rejected | Skipped | Known):
            self._delivery.add(outcome_without_attempt(row))
        elif self.halted:
            self._delivery.add(outcome_without_attempt(Skipped.from_target(row, self.halted)))
        else:
            self.scheduler.offer(row, arrived)
        return True

    async def _work(self, launch: Launch) -> None:
        """Make an attempt, then go on with the next launch in the next turn of the event loop."""
        current: Launch | None = launch
        while current:
            if self._end_launch(current, await self._attempts.make(current)):
                continue
            # Let everything that ended in this turn end first, then send together: a fifth less for each request.
            try:  # noqa: SIM105 - this is done for every row, and a context manager costs more than the wait
                await NEXT_TURN
            except asyncio.CancelledError:  # only `stop` cancels, and then there is no next row
                pass
            current = self._next() if self.delegation is None else None  # the next one may be delegated

    def _end_launch(self, launch: Launch, attempt: Attempt) -> bool:
        """Deliver a row, or leave it to the scheduler for a retry; True if it is to be sent again at once."""
        if self.over:
            return self._end_last_launch(launch, attempt)
        try:
            settled = self.scheduler.settle(launch, attempt, time.monotonic())
        except Exception as error:  # noqa: BLE001 - a bug is one outcome and takes no neighbour down
            launch.attempts += (Attempt(attempt.number, attempt.started_at, attempt.elapsed, internal_failure(error)),)
            settled = Settled("")
        if settled is not None:
            self._deliver(launch, settled.reason)
        self._wake.set()  # another slot may launch it again at once
        return False

    def _end_last_launch(self, launch: Launch, attempt: Attempt) -> bool:
        """Deliver a row after the end of the run; True if its connection was stale and it is sent again."""
        remedy = attempt.result.remedy if isinstance(attempt.result, Failure) else None
        cancelled = self._attempts.cancel_failure is not None
        if not cancelled and remedy is Remedy.LESS and not launch.attempts:
            self._delivery.add(outcome_without_attempt(Skipped.from_target(launch.row, self.halted)))
            return False
        launch.attempts += (attempt,)
        if not cancelled and remedy is Remedy.FRESH and not launch.fresh:
            launch.fresh, launch.began = True, time.monotonic()
            return True
        again = not cancelled and self.scheduler.would_retry(launch, time.monotonic())
        self._deliver(launch, f"{NOT_RETRIED}{self.halted}" if again else "")
        return False

    def _deliver(self, launch: Launch, note: str = "") -> None:
        """Deliver the outcome of a row, once its body is saved."""
        first_start = launch.attempts[0].started_at - self.epoch if launch.attempts else time.monotonic()
        outcome = outcome_of(launch.row, launch.attempts, first_start - launch.arrived, note=note)
        self._bodies.deliver(launch, outcome)

    async def _drain(self, lag: asyncio.Task[None] | None) -> None:
        """Leave no task behind, also if the caller stopped iterating."""
        self._timer.cancel()
        self.scheduler.feedback.reset_breaker()  # a host that is down now may be up in the next round
        await self._feed.close()
        await self._tasks.drain(lag)
