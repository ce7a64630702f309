"""What `--adaptive` makes of hosts, against the best fixed setting, in virtual time."""

from collections.abc import Callable
from statistics import mean
from typing import cast

import pytest

from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Pace, Policy
from fetchcli.core.schedule.feedback import Feedback
from fetchcli.core.schedule.lane import Lane, Launch
from fetchcli.core.schedule.response_times import ResponseTimes, Spread
from fetchcli.core.schedule.window import Window
from fetchcli.core.timings import Timings
from tests.support.narrow_host import Came, Fixed, Host, fetch
from tests.support.outcomes import target

SEEDS = range(2)
SLOWER, REFUSED, QUEUED = 1.1, 0.023, 2.0  # the most that is allowed


def compared(host: Host, best: int, rows: int, concurrency: int) -> tuple[float, list[Came]]:
    """How much longer than with the best fixed window, and what came of every run."""
    came = [fetch(host, Window(), rows, concurrency, seed) for seed in SEEDS]
    fixed = [fetch(host, Fixed(best), rows, concurrency, seed) for seed in SEEDS]
    return mean(ours.seconds / theirs.seconds for ours, theirs in zip(came, fixed, strict=True)), came


@pytest.mark.parametrize("concurrency", [50, 200])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 1.8, 2.0])
@pytest.mark.parametrize("stray", [0.0, 0.01, 0.05])
def test_a_host_without_a_limit_is_fetched_at_full_speed(concurrency: int, sigma: float, stray: float) -> None:
    slower, _ = compared(Host(sigma=sigma, stray=stray), concurrency, 2000 + 20 * concurrency, concurrency)
    assert slower < SLOWER


@pytest.mark.parametrize("limit", [1, 2, 4, 16, 64, 200])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 1.8])
def test_a_limit_is_found(limit: int, sigma: float) -> None:
    slower, came = compared(Host(sigma=sigma, limit=lambda _: limit), limit, max(100 * limit, 2000), 600)
    assert slower < 1 / 0.9
    assert mean(one.refused for one in came) < REFUSED


@pytest.mark.parametrize("limit", [1, 4, 16, 64])
def test_a_limit_is_found_among_stray_refusals(limit: int) -> None:
    slower, came = compared(Host(stray=0.05, limit=lambda _: limit), limit, max(60 * limit, 2000), 600)
    assert slower < 1 / 0.9
    assert mean(one.refused for one in came) < REFUSED


@pytest.mark.parametrize("workers", [1, 2, 4, 10, 50])
def test_a_queue_is_found(workers: int) -> None:
    host = Host(workers=workers)
    slower, came = compared(host, 200, max(100 * workers, 3000), 200)
    assert slower < SLOWER
    assert mean(one.late_median for one in came) < QUEUED * host.median


def test_a_queue_is_found_although_requests_fail() -> None:
    host = Host(workers=10, stray=0.12)
    slower, came = compared(host, 200, 4000, 200)
    assert slower < 1.3
    assert mean(one.late_median for one in came) < QUEUED * host.median


def test_responses_without_a_time_of_their_own_let_it_grow() -> None:
    window = Window()
    for number in range(50):
        window.launched(int(window.limit), number)
        window.accepted(int(window.limit), None, number, number + 0.5)
    assert window.limit > 100


def test_a_trial_ends_although_nothing_of_it_succeeds() -> None:
    window, full = Window(start=64.0), Spread()
    for _ in range(50):
        full.add(64, 1.0)
    window._begin_trial(full, 2.0, 8.0, 10.0)
    assert window.limit == 8.0
    for number in range(11, 100):
        window.launched(8, number)
        window.ended(number, number + 0.5)
    assert window.limit == 64.0
    window.ended(100.0, 100.5)  # there is none any more
    for number in range(100, 120):  # and nothing is compared with nothing
        window.launched(30, number)
        window.accepted(30, 0.5, number, number + 0.5)


def test_the_window_after_a_pause_grows_by_what_comes_after_it() -> None:
    window = Window(2.0, 0.5, since=10.0)
    for _ in range(40):
        window.accepted(50, 0.1, 9.0, 10.5)
    assert window.limit == 2.0
    window.accepted(2, 0.1, 11.0, 11.1)
    assert window.limit == 2.5


def test_what_is_never_reached_is_not_tried() -> None:
    window = Window(start=33.0)
    window._known, window._queued, window._accepted = 33.0, True, 10_000
    window.accepted(17, 0.01, 1.0, 1.1)  # other limits keep the host below its window
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


CHANGES: dict[str, tuple[Callable[[float], int], Callable[[float], float], float]] = {
    "takes more": (lambda now: 16 if now < 5 else 64, lambda _: 1.0, 1.1),
    "takes less": (lambda now: 64 if now < 3 else 16, lambda _: 1.0, 1.1),
    "takes little for a while": (lambda now: 4 if 3 < now < 6 else 100, lambda _: 1.0, 1.3),
    "is slower from now on": (lambda _: 200, lambda now: 1.0 if now < 2 else 3.0, 1.25),
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
    limit, factor, allowed = CHANGES[change]
    host = Host(limit=limit, factor=factor)
    ours = [fetch(host, Window(), 6_000, 200, seed).seconds for seed in SEEDS]
    best = [fetch(host, Knowing(limit), 6_000, 200, seed).seconds for seed in SEEDS]
    assert mean(ours) < allowed * mean(best)


def test_a_host_that_refuses_everything_is_asked_for_little() -> None:
    window = Window()
    for number in range(2000):
        now = number / 100
        window.launched(max(1, int(window.limit)), now)
        window.refused(max(1, int(window.limit)), now, now + 0.005)
    assert window.limit == 1.0


def test_refusals_that_others_contradict_are_forgotten() -> None:
    window = Window()
    for number in range(1, 17):
        window.launched(number, 1.0)
    for number in range(16, 8, -1):
        window.refused(number, 1.0, 1.1)
    assert window.limit == 8 * 0.98 // 1
    window.refused(6, 1.0, 1.1)  # of the same handful
    assert window.limit == 5.0
    for _ in range(5):
        window.accepted(16, 0.2, 1.0, 1.2)
    assert window.limit == 8.0 + 3.0
    window.refused(3, 1.0, 1.3)  # it was launched before all that
    assert window.limit == 8.0 + 3.0


def test_times_are_compared_only_with_those_at_fewer_requests() -> None:
    times = ResponseTimes()
    for _ in range(50):
        times.add(40, 0.5)
    assert times.rise(40) is None
    for _ in range(50):
        times.add(20, 0.05)
    found = times.rise(40)
    assert found is not None
    assert found[0] == pytest.approx(2.3, abs=0.1)
    assert times.level(3).count == 0


def test_the_expected_time_is_beyond_the_mean_of_few_with_a_long_tail() -> None:
    spread = Spread()
    for seconds in (0.01, 0.02, 0.04, 0.08, 1.0):
        spread.add(1, seconds)
    assert spread.expected >= spread.seconds
