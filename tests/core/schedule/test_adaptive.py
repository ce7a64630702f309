"""What `--adaptive` makes of hosts, against the best fixed setting, in virtual time."""

from collections.abc import Callable
from math import inf
from statistics import mean
from typing import cast

import pytest

from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Pace, Policy
from fetchcli.core.schedule.feedback import Feedback
from fetchcli.core.schedule.lane import Lane, Launch
from fetchcli.core.schedule.queue_limit import QueueLimit
from fetchcli.core.schedule.window import Window
from fetchcli.core.timings import Timings
from tests.support.narrow_host import Came, Fixed, Host, fetch
from tests.support.outcomes import target

SEEDS = range(2)
SLOWER, REFUSED, QUEUED = 1.1, 0.02, 2.0  # the most that is allowed
SLOWER_WITH_LIMIT = 1 / 0.9


def compared(host: Host, best: int, rows: int, concurrency: int) -> tuple[float, list[Came]]:
    """How much longer than with the best fixed window, and what came of every run."""
    came = [fetch(host, Window(), rows, concurrency, seed) for seed in SEEDS]
    fixed = [fetch(host, Fixed(best), rows, concurrency, seed) for seed in SEEDS]
    return mean(ours.seconds / theirs.seconds for ours, theirs in zip(came, fixed, strict=True)), came


@pytest.mark.parametrize("concurrency", [50, 200])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("stray", [0.0, 0.05])
def test_a_host_without_a_limit_is_fetched_at_full_speed(concurrency: int, sigma: float, stray: float) -> None:
    slower, _ = compared(Host(sigma=sigma, stray=stray), concurrency, 2000 + 20 * concurrency, concurrency)
    assert slower < SLOWER


def test_a_host_that_often_fails_is_not_taken_for_a_narrow_one() -> None:
    slower, _ = compared(Host(stray=0.12), 200, 6000, 200)
    assert slower < 1.5


@pytest.mark.parametrize("limit", [1, 2, 4, 16, 64, 200])
@pytest.mark.parametrize("sigma", [0.3, 1.8])
@pytest.mark.parametrize("stray", [0.0, 0.05])
def test_a_limit_is_found(limit: int, sigma: float, stray: float) -> None:
    host = Host(sigma=sigma, stray=stray, limit=lambda _: limit)
    slower, came = compared(host, limit, max(60 * limit, 2000), 600)
    assert slower < SLOWER_WITH_LIMIT
    assert mean(one.refused for one in came) < REFUSED


@pytest.mark.parametrize("stray", [0.0, 0.05])
def test_a_large_limit_is_found(stray: float) -> None:
    slower, came = compared(Host(sigma=1.0, stray=stray, limit=lambda _: 500), 500, 12_000, 600)
    assert slower < SLOWER_WITH_LIMIT
    assert mean(one.refused for one in came) < REFUSED


@pytest.mark.parametrize("workers", [1, 2, 4, 10, 50])
@pytest.mark.parametrize(("sigma", "allowed"), [(0.3, SLOWER_WITH_LIMIT), (1.0, SLOWER_WITH_LIMIT), (1.8, 1.15)])
def test_a_queue_is_found(workers: int, sigma: float, allowed: float) -> None:
    host = Host(sigma=sigma, workers=workers)
    slower, came = compared(host, 200, 4000, 200)
    assert slower < allowed
    assert mean(one.late_median for one in came) < QUEUED * host.median


def test_a_queue_is_found_although_requests_fail() -> None:
    host = Host(sigma=1.0, workers=10, stray=0.12)
    slower, came = compared(host, 200, 4000, 200)
    assert slower < 1.15
    assert mean(one.late_median for one in came) < QUEUED * host.median


def test_a_queue_is_found_although_few_requests_are_allowed() -> None:
    host = Host(workers=2)
    slower, came = compared(host, 8, 3000, 8)
    assert slower < SLOWER_WITH_LIMIT
    assert mean(one.late_median for one in came) < QUEUED * host.median


def test_responses_without_a_time_of_their_own_let_it_grow() -> None:
    window = Window()
    for number in range(50):
        window.launched(int(window.limit), number)
        window.accepted(int(window.limit), None, number, number + 0.5)
    assert window.limit > 100


def test_requests_that_say_nothing_change_nothing() -> None:
    window = Window()
    for number in range(1, 100):
        window.launched(8, number)
        window.ended(number, number + 0.5)
    assert window.limit == 8.0


def test_the_window_after_a_pause_grows_by_what_comes_after_it() -> None:
    window = Window(2.0, 0.5, since=10.0)
    for _ in range(40):
        window.accepted(50, 0.1, 9.0, 10.5)
    assert window.limit == 2.0
    window.accepted(2, 0.1, 11.0, 11.1)
    assert window.limit == 2.5


def test_what_is_never_reached_does_not_grow() -> None:
    window = Window(start=33.0)
    window.accepted(15, 0.01, 1.0, 1.1)  # other limits keep the host below its window
    assert window.limit == 33.0


class Told:
    """What a window is told."""

    def __init__(self) -> None:
        self.what: list[object] = []

    def accepted(self, _level: int, seconds: float | None, _launched_at: float, _now: float) -> None:
        self.what.append(seconds)

    def refused(self, _level: int, _launched_at: float, _now: float) -> None:
        self.what.append("refused")

    def ended(self, _launched_at: float, _now: float) -> None:
        self.what.append("ended")


MOVED = (Redirect("http://h0/", 302),)
TIMED = Timings(0.1, 0.2, 0.4, 0.7, 0.9)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Response(200, "http://h0/", TIMED), [pytest.approx(0.3)]),
        (Response(200, "http://h0/", Timings()), [2.0]),
        (Response(200, "http://h1/", TIMED, MOVED), [None]),
        (Response(503, "http://h1/", TIMED, MOVED), ["ended"]),
        (Response(429, "http://h0/", TIMED), ["refused"]),
        (Failure(ErrorKind.CONNECT, ""), ["refused"]),
        (Failure(ErrorKind.CONNECT, "", redirects=MOVED), ["ended"]),
        (Failure(ErrorKind.DECODE, ""), ["ended"]),
        (Failure(ErrorKind.BLOCKED, ""), ["ended"]),
    ],
)
def test_what_a_window_is_told(result: Response | Failure, told: list[object]) -> None:
    lane, window = Lane(("http", "h0", 80), Pace(adaptive=True)), Told()
    lane.rows.append(Launch(target(1), lane, 0.0))
    launch = lane.start(1.0)
    lane.window = cast("Window", window)
    Feedback(Policy(), {}, 0.0, 0.0, lambda _: None).learn(launch, result, 3.0)
    assert window.what == told


CHANGES: dict[str, tuple[Host, float]] = {
    "takes more": (Host(limit=lambda now: 16 if now < 5 else 64), 1.1),
    "takes less": (Host(limit=lambda now: 64 if now < 3 else 16), 1.1),
    "takes little for a while": (Host(limit=lambda now: 4 if 3 < now < 6 else 100), 1.2),
    "is slower from now on": (Host(factor=lambda now: 1.0 if now < 2 else 3.0), 1.1),
    "is slower from now on, with a long tail": (Host(sigma=1.8, factor=lambda now: 1.0 if now < 2 else 3.0), 1.1),
}


class Knowing(Fixed):
    """A window that knows the limit at any time."""

    def __init__(self, limit: Callable[[float], int]) -> None:
        super().__init__(limit(0.0))
        self._limit_at = limit

    def accepted(self, in_flight: int, seconds: float, launched_at: float, now: float) -> None:
        self.limit = float(self._limit_at(now))

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        self.limit = float(self._limit_at(now))


@pytest.mark.parametrize("change", CHANGES)
def test_a_host_that_changes_is_followed(change: str) -> None:
    host, allowed = CHANGES[change]
    ours = [fetch(host, Window(), 10_000, 200, seed) for seed in SEEDS]
    best = [fetch(host, Knowing(host.limit), 10_000, 200, seed).seconds for seed in SEEDS]
    assert mean(one.seconds for one in ours) < allowed * mean(best)
    assert mean(one.refused for one in ours) < 1.1 * REFUSED


@pytest.mark.parametrize("factor", [3.0, 1 / 3])
def test_a_queue_is_followed(factor: float) -> None:
    host = Host(workers=10, factor=lambda now: 1.0 if now < 5 else factor)
    slower, came = compared(host, 200, 8000, 200)
    assert slower < 1.2
    assert mean(one.late_median for one in came) < QUEUED * host.median * factor


def feed(limit: QueueLimit, in_flight: int, seconds: float, times: range) -> None:
    """Tell a limit of requests that took so long."""
    for now in times:
        limit.launched(in_flight, now)
        limit.ended(seconds, now, now)


def test_fewer_and_fewer_requests_are_tried_until_it_is_certain_whether_the_host_queues() -> None:
    limit = QueueLimit(0.0)
    feed(limit, 8, 0.1, range(96))
    feed(limit, 100, 0.22, range(96, 160))
    assert limit.limit == 50
    feed(limit, 50, 0.19, range(160, 224))  # neither as long as it was, nor certainly faster
    assert limit.limit == 25
    feed(limit, 25, 0.19, range(224, 288))
    assert limit.limit == inf


def test_a_measure_is_taken_again_after_a_while() -> None:
    slower, came = compared(Host(workers=10), 200, 12_000, 200)
    assert slower < SLOWER_WITH_LIMIT
    assert mean(one.late_median for one in came) < QUEUED * 0.03


def test_a_known_queue_is_forgotten_when_something_else_is_the_limit() -> None:
    """The rows of a host that queued come slowly after that."""
    window, now = Window(), 0.0
    for number in range(6000):
        now += 0.01
        in_flight = int(min(window.limit, 100)) if number < 3000 else 1
        window.launched(in_flight, now)
        window.accepted(in_flight, 0.01 * max(in_flight, 10), now, now)
    assert window.limit > 100


def test_requests_that_are_never_heard_of_hold_up_nothing() -> None:
    limit = QueueLimit(0.0)
    feed(limit, 8, 0.1, range(96))
    feed(limit, 100, 0.22, range(96, 160))
    assert limit.limit == 50
    for now in range(160, 224):
        limit.launched(50, now)
    feed(limit, 50, 0.22, range(224, 480))  # these say nothing of the others
    feed(limit, 50, 0.1, range(480, 544))
    feed(limit, 25, 0.1, range(544, 608))
    feed(limit, 50, 0.1, range(608, 672))
    assert limit.limit > 50


def test_a_host_that_refuses_everything_is_asked_for_little() -> None:
    window = Window()
    for number in range(2000):
        now = number / 100
        window.launched(max(1, int(window.limit)), now)
        window.refused(max(1, int(window.limit)), now, now + 0.005)
    assert window.limit == 1.0
