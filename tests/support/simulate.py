"""A run without a network and without waiting: the scheduler in virtual time.

`World` says what every request brings and how long it takes; `simulate` launches what the scheduler
says, as the shell does, and checks at every step that nothing is promised and not kept.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from fetchcli.core.errors import Failure
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.schedule.decisions import Hold, Skip, Wait
from fetchcli.core.schedule.lane import Launch, Origin
from fetchcli.core.schedule.scheduler import LOOK_AHEAD, Scheduler
from tests.support.outcomes import failed_by

# What a request brings, and after how many seconds.
World = Callable[[Target, int, float], tuple[Response | Failure, float]]


class End(NamedTuple):
    """How one row ended."""

    attempts: tuple[Attempt, ...]
    skipped: bool


class Run(NamedTuple):
    """What a simulated run came to.

    Attributes:
        ends: by the seq of the row.
        makespan: virtual seconds.
        most_waiting: rows that waited at once, at most.
        most_lanes: lanes that were known at once, at most.
        starts: when requests to each host started.
    """

    ends: dict[int, list[End]]
    makespan: float
    most_waiting: int
    most_lanes: int
    starts: dict[Origin, list[float]]


def simulate(rows: Iterable[Target], policy: Policy, world: World, seed: int = 0, *, keep: bool = True) -> Run:
    """Run to the end; `keep` keeps what properties are checked on, which a million rows do without."""
    scheduler = Scheduler(policy, random.Random(seed).random, 0.0, 1_767_225_600.0)
    now, tie = 0.0, count()
    source = iter(rows)
    flying: list[tuple[float, int, Launch, Response | Failure]] = []
    in_flight: Counter[Origin] = Counter()
    ends: dict[int, list[End]] = defaultdict(list)
    starts: dict[Origin, list[float]] = defaultdict(list)
    most_waiting = most_lanes = finished = 0

    def finish(launch: Launch, *, skipped: bool = False) -> None:
        nonlocal finished
        finished += 1
        if keep:
            ends[launch.row.seq].append(End(launch.attempts, skipped))

    while True:
        decision = scheduler.next(now)
        if isinstance(decision, Skip):
            finish(decision.launch, skipped=not decision.launch.attempts)
            continue
        if isinstance(decision, Launch):
            in_flight[decision.lane.origin] += 1
            assert sum(in_flight.values()) <= policy.concurrency if keep else True
            cap = policy.pace.per_host
            assert cap is None or in_flight[decision.lane.origin] <= cap
            if keep:
                starts[decision.lane.origin].append(now)
            result, seconds = world(decision.row, len(decision.attempts) + 1, now)
            heappush(flying, (now + seconds, next(tie), decision, result))
            most_waiting, most_lanes = max(most_waiting, scheduler.waiting), max(most_lanes, len(scheduler._lanes))
            continue
        if scheduler.wants_rows and scheduler.has_room:
            row = next(source, None)
            if row is not None:
                scheduler.offer(row, now)
                continue
        times = [flying[0][0]] if flying else []
        assert decision is not Hold.FULL or scheduler.in_flight, "nobody is there to be waited for"
        if isinstance(decision, Wait):
            assert decision.until > now, "a wait that is over: a live lock"
            times.append(decision.until)
        if not times:
            assert decision is Hold.IDLE, decision
            break
        now = max(now, min(times))
        while flying and flying[0][0] <= now:
            _, _, launch, result = heappop(flying)
            in_flight[launch.lane.origin] -= 1
            number, wall = len(launch.attempts) + 1, 1_767_225_600.0 + launch.began
            attempt = Attempt(number, wall, now - launch.began, result, failed_by(result))
            settled = scheduler.settle(launch, attempt, now)
            if settled is not None:
                finish(launch)
    assert most_waiting <= LOOK_AHEAD + policy.concurrency  # those in flight may come back
    # Nothing is remembered once the cool-downs and the rates are over.
    scheduler.next(now + 1e9)
    assert scheduler._lanes == {}
    assert (scheduler.waiting, scheduler.retrying, scheduler.in_flight) == (0, 0, 0)
    return Run(ends, now, most_waiting, most_lanes, starts)
