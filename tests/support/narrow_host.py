"""A host for `--adaptive`, in virtual time: it refuses, queues, or takes long by chance."""

import random
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import exp, log
from typing import NamedTuple

from fetchcli.core.schedule.window import Window

TRANSIT = 0.001  # seconds that a refusal takes


class Host(NamedTuple):
    """What a host is like.

    Attributes:
        median: seconds that it works on a request.
        sigma: standard deviation of their logarithm.
        stray: share of the requests that it refuses whatever its load.
        limit: requests at once above which it refuses; by the time.
        workers: requests that it works on at once; the others wait. 0: all of them.
        factor: times which it is slower; by the time.
    """

    median: float = 0.03
    sigma: float = 0.3
    stray: float = 0.0
    limit: Callable[[float], int] = lambda _: 1_000_000
    workers: int = 0
    factor: Callable[[float], float] = lambda _: 1.0


class Came(NamedTuple):
    """What came of a run.

    Attributes:
        seconds: how long it took.
        refused: share of its requests that were refused because of the limit.
        median: median seconds of the responses.
        late_median: that of the last half of them.
        windows: the window after each response.
    """

    seconds: float
    refused: float
    median: float
    late_median: float
    windows: list[int]


class Fixed:
    """A fixed window."""

    def __init__(self, limit: int) -> None:
        self.limit = float(limit)

    def launched(self, in_flight: int, now: float) -> None:
        """Learn nothing."""

    def accepted(self, in_flight: int, seconds: float, launched_at: float, now: float) -> None:
        """Learn nothing."""

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        """Learn nothing."""


def fetch(host: Host, window: "Window | Fixed", rows: int, concurrency: int, seed: int = 0) -> Came:
    """Fetch rows from a host; what it refuses is tried again after 0.1 s."""
    chance, tie = random.Random(seed), count()
    work_of = [exp(log(host.median) + chance.gauss(0.0, host.sigma)) for _ in range(rows)]
    strays = [chance.random() < host.stray for _ in range(rows)]  # the first time that they are asked
    todo = deque(range(rows))
    events: list[
        tuple[float, int, str, int, float, int, float]
    ] = []  # when, tie, what, row, launched, in flight, seconds
    now, in_flight, done, asked, over = 0.0, 0, 0, 0, 0
    busy, free_at = 0, [0.0] * host.workers
    times: list[float] = []
    windows: list[int] = []
    while done < rows:
        while todo and in_flight < min(concurrency, int(window.limit)):
            row, in_flight, asked = todo.popleft(), in_flight + 1, asked + 1
            window.launched(in_flight, now)
            work = work_of[row] * host.factor(now)
            if busy >= host.limit(now) or strays[row]:
                over += busy >= host.limit(now)
                strays[row] = False
                heappush(events, (now + TRANSIT, next(tie), "refused", row, now, in_flight, 0.0))
                continue
            busy += 1
            begin = max(now, heappop(free_at)) if host.workers else now
            if host.workers:
                heappush(free_at, begin + work)
            heappush(events, (begin + work, next(tie), "accepted", row, now, in_flight, begin + work - now))
        now, _, what, row, launched, level, seconds = heappop(events)
        if what == "again":
            todo.append(row)
            continue
        in_flight -= 1
        if what == "refused":
            window.refused(level, launched, now)
            heappush(events, (now + 0.1, next(tie), "again", row, 0.0, 0, 0.0))
            continue
        busy, done = busy - 1, done + 1
        times.append(seconds)
        window.accepted(level, seconds, launched, now)
        windows.append(int(window.limit))
    late = sorted(times[rows // 2 :])
    return Came(now, over / asked, sorted(times)[rows // 2], late[len(late) // 2], windows)
