"""The scheduler in virtual time: what must hold for all hosts, caps, rates, cool-downs and failures."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Failure, Redirect, Remedy
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.policy import Pace, Policy, Retry
from fetchcli.core.model.target import Target
from fetchcli.core.rate import Rate
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.schedule.decisions import IDLE, Skip, Wait
from fetchcli.core.schedule.lane import Launch
from fetchcli.core.schedule.scheduler import Scheduler
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url
from tests.support.simulate import Run, World, simulate

REFUSED = Failure(ErrorKind.CONNECT, "connection refused", remedy=Remedy.LATER)
HOPELESS = Failure(ErrorKind.TLS, "certificate has expired")
NO_ROOM = Failure(ErrorKind.INTERNAL, "this machine: too many open files", remedy=Remedy.LESS)


def answer(status: int = 200, **headers: str) -> Response:
    fields = {name.replace("_", "-").encode(): [value.encode()] for name, value in headers.items()}
    return Response(status, "http://h/", Timings(), headers=fields)


def rows(hosts: list[int]) -> list[Target]:
    return [Target(seq, parse_url(f"http://h{host}/{seq}")) for seq, host in enumerate(hosts, 1)]


def world_of(*results: Response | Failure, seconds: float = 0.1) -> World:
    """Every request brings one of these, chosen by its row and attempt."""
    return lambda row, number, _: (results[(row.seq * 7 + number) % len(results)], seconds + row.seq % 3 * 0.05)


def one_end_each(run: Run, count: int) -> None:
    assert sorted(run.ends) == list(range(1, count + 1))
    assert all(len(ends) == 1 for ends in run.ends.values())


OFTEN_DOWN = Policy(pace=Pace(max_host_errors=1), retry=Retry(count=0))
WAITING = Policy(pace=Pace(max_host_errors=1), retry=Retry(count=0, wait=60.0))


@pytest.mark.parametrize("policy", [Policy(), OFTEN_DOWN, WAITING])
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=30))
def test_accepted_rows_settle_alike_whoever_looked_at_them(policy: Policy, hosts: list[tuple[int, bool]]) -> None:
    """Hosts answer or refuse; told the response, or only that it was accepted, the scheduler does the same."""
    schedulers = [Scheduler(policy, lambda: 0.5, 0.0, 1e9) for _ in range(2)]
    for told, scheduler in enumerate(schedulers):
        for row in rows([host for host, _ in hosts]):
            scheduler.offer(row, 0.0)
        told_of: list[tuple[str, int]] = []
        now = 0.0
        while not isinstance(decision := scheduler.next(now), type(IDLE)):
            now += 0.1
            if isinstance(decision, Skip):
                told_of.append(("skipped", decision.launch.row.seq))
            elif isinstance(decision, Launch):
                told_of.append(("launched", decision.row.seq))
                if not hosts[decision.row.seq - 1][1]:
                    scheduler.settle(decision, Attempt(1, 0.0, 0.1, REFUSED), now)
                elif told:
                    scheduler.settle(decision, Attempt(1, 0.0, 0.1, answer()), now)
                else:
                    scheduler.settle_accepted(decision, now)
        assert (scheduler.in_flight, scheduler.waiting) == (0, 0)
        if not told:
            expected = told_of
        assert told_of == expected


def test_an_accepted_row_widens_the_window_of_a_host_that_has_asked_for_a_pause() -> None:
    scheduler = Scheduler(Policy(), lambda: 0.5, 0.0, 1e9)
    for row in rows([0] * 9):
        scheduler.offer(row, 0.0)
    first, second = scheduler.next(0.0), scheduler.next(0.0)
    assert isinstance(first, Launch)
    assert isinstance(second, Launch)
    scheduler.settle(first, Attempt(1, 0.0, 0.1, answer(429, retry_after="2")), 0.1)
    window = first.lane.window
    assert window is not None
    before = window.limit
    scheduler.settle_accepted(second, 0.2)
    assert (window.limit, scheduler.in_flight) == (before, 0)  # it began before the pause, so it tells nothing
    third = scheduler.next(3.0)
    assert isinstance(third, Launch)
    fourth = scheduler.next(3.0)
    assert isinstance(fourth, Launch)
    scheduler.settle_accepted(third, 3.1)
    scheduler.settle_accepted(fourth, 3.1)
    assert window.limit > before


RESULTS = st.lists(
    st.sampled_from(
        [
            *(answer(), answer(), answer(503), answer(404), answer(429, retry_after="2")),
            *(answer(429, retry_after="600"), answer(200, x_ratelimit_remaining="0", x_ratelimit_reset="3")),
            *(REFUSED, HOPELESS),
        ]
    ),
    min_size=1,
    max_size=5,
)
RATES = st.one_of(st.none(), st.builds(Rate, st.integers(1, 20), st.sampled_from([0.5, 1.0, 3.0])))
PACES = st.builds(
    Pace,
    per_host=st.one_of(st.none(), st.integers(1, 4)),
    rate=RATES,
    host_rate=RATES,
    adaptive=st.booleans(),
    max_host_errors=st.one_of(st.none(), st.integers(1, 5)),
)
RETRIES = st.builds(
    Retry, count=st.integers(0, 3), delay=st.sampled_from([0.0, 1.0]), max_time=st.sampled_from([None, 5.0])
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.integers(0, 5), max_size=60), st.integers(1, 8), PACES, RETRIES, RESULTS, st.integers(0, 9))
def test_what_is_promised_is_kept(
    hosts: list[int], concurrency: int, pace: Pace, retry: Retry, results: list[Response | Failure], seed: int
) -> None:
    """Every row settles once; caps and rates are never exceeded; attempts never exceed the policy."""
    run = simulate(rows(hosts), Policy(concurrency, pace=pace, retry=retry), world_of(*results), seed)
    one_end_each(run, len(hosts))
    for ends in run.ends.values():
        assert len(ends[0].attempts) <= retry.count + 1
        assert ends[0].attempts or pace.max_host_errors is not None
    everything = sorted(start for starts in run.starts.values() for start in starts)
    for rate, kept in [(pace.rate, [everything]), (pace.host_rate, list(run.starts.values()))]:
        for starts in kept if rate is not None else ():
            assert rate is not None
            for first, over in zip(starts, starts[rate.count :], strict=False):
                assert over - first >= rate.seconds * (1 - 1e-9)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40), st.integers(1, 6), st.integers(1, 30))
def test_a_host_that_asks_to_be_left_alone_is(hosts: list[int], concurrency: int, seconds: int) -> None:
    """Nothing is launched to it before its time, whatever waits; others are not held up."""
    told: list[tuple[str, float, float]] = []  # who, when it was said, until when

    def world(row: Target, number: int, now: float) -> tuple[Response | Failure, float]:
        host = row.url.host
        assert not any(who == host and said < now < until for who, said, until in told)
        if number == 1 and row.seq % 3 == 0:
            told.append((host, now + 0.1, now + 0.1 + seconds))
            return answer(503, retry_after=str(seconds)), 0.1
        return answer(), 0.1

    one_end_each(simulate(rows(hosts), Policy(concurrency), world), len(hosts))


def test_a_host_that_waits_holds_no_slot() -> None:
    slow = [0] * 50
    run = simulate(rows([*slow, *range(1, 51)]), Policy(5, pace=Pace(host_rate=Rate(1, 1.0))), world_of(answer()))
    others = [run.starts[origin][0] for origin in run.starts if origin[1] != "h0"]
    assert max(others) < 3.0
    assert run.makespan >= 49.0


def test_sorted_input_does_not_starve_the_hosts_that_come_later() -> None:
    hosts = [number // 100 for number in range(1000)]
    run = simulate(rows(hosts), Policy(50, pace=Pace(per_host=5)), world_of(answer()))
    assert run.makespan < 1.1 * 1000 / 50 * 0.2


def test_lanes_take_turns() -> None:
    run = simulate(rows([0] * 20 + [1] * 20), Policy(4, pace=Pace(per_host=2)), world_of(answer()))
    first = {origin[1]: starts[:4] for origin, starts in run.starts.items()}
    assert max(first["h1"]) < 0.5


def test_retries_wait_with_full_jitter_and_without_a_slot() -> None:
    run = simulate(
        rows([0, *range(1, 30)]),
        Policy(1, retry=Retry(count=2)),
        lambda row, number, _: (REFUSED if row.seq == 1 else answer(), 0.01),
    )
    attempts = run.ends[1][0].attempts
    assert [attempt.number for attempt in attempts] == [1, 2, 3]
    assert 0 < attempts[1].started_at - attempts[0].started_at <= 1.02
    assert attempts[2].started_at - attempts[1].started_at <= 2.02
    assert max(start for origin, starts in run.starts.items() if origin[1] != "h0" for start in starts) < 0.5


def test_what_cannot_help_is_not_tried() -> None:
    for result in (HOPELESS, answer(404), answer(429, retry_after="61")):
        run = simulate(rows([0]), Policy(), world_of(result))
        assert len(run.ends[1][0].attempts) == 1
    unsafe = Policy(request=RequestOptions("POST"))
    assert len(simulate(rows([0]), unsafe, world_of(REFUSED)).ends[1][0].attempts) == 1
    anything = Policy(request=RequestOptions("POST"), retry=Retry(all_errors=True))
    assert len(simulate(rows([0]), anything, world_of(HOPELESS)).ends[1][0].attempts) == 3


def test_a_time_for_all_tries() -> None:
    run = simulate(rows([0]), Policy(retry=Retry(count=50, delay=1.0, max_time=10.0)), world_of(REFUSED))
    attempts = run.ends[1][0].attempts
    assert attempts[-1].started_at - attempts[0].started_at <= 10.0
    assert len(attempts) > 2


def test_a_host_that_is_down_is_left_alone() -> None:
    """Ten rows of a dead host among others: three failures, the rest is skipped at once."""
    hosts = [0, 1] * 10
    run = simulate(
        rows(hosts),
        Policy(1, pace=Pace(max_host_errors=3), retry=Retry(count=0)),
        lambda row, _, __: (REFUSED if row.url.host == "h0" else answer(), 0.1),
    )
    dead = [run.ends[seq][0] for seq in range(1, 21, 2)]
    assert [end.skipped for end in dead] == [False] * 3 + [True] * 7
    assert not any(run.ends[seq][0].skipped for seq in range(2, 21, 2))


def test_a_host_that_comes_back_is_asked_again() -> None:
    """After its cool-down one request tries: when it fails the host stays alone, when it is answered all follow."""
    run = simulate(
        rows([0, 1] * 200),
        Policy(1, pace=Pace(max_host_errors=2), retry=Retry(count=0)),
        lambda row, _, now: (REFUSED if row.url.host == "h0" and now < 50 else answer(), 1.0),
    )
    starts = run.starts["http", "h0", 80]
    assert starts[1] < 5  # two failures
    assert 30 <= starts[2] - starts[1] < 40  # the first probe, which fails
    assert 30 <= starts[3] - starts[2] < 40  # the second, which is answered
    assert starts[5] - starts[4] <= 3
    skipped = [seq for seq, ends in run.ends.items() if ends[0].skipped]
    assert skipped
    assert all(seq % 2 for seq in skipped)


def test_while_one_request_tries_the_others_wait_for_it() -> None:
    run = simulate(
        rows([0] * 3 + [1] * 40 + [0] * 10),
        Policy(4, pace=Pace(max_host_errors=3, per_host=4, rate=Rate(1, 1.0)), retry=Retry(count=0)),
        lambda row, _, now: (REFUSED if row.url.host == "h0" and now < 20 else answer(), 5.0),
    )
    assert not any(ends[0].skipped for ends in run.ends.values())
    probe, following = run.starts["http", "h0", 80][3:5]
    assert following >= probe + 5.0


def test_rows_that_were_tried_before_fail_rather_than_being_skipped() -> None:
    run = simulate(rows([0] * 4), Policy(4, pace=Pace(max_host_errors=4), retry=Retry(count=3)), world_of(REFUSED))
    assert all(ends[0].attempts and not ends[0].skipped for ends in run.ends.values())


def test_what_was_tried_is_not_lost_when_the_run_is_stopped() -> None:
    scheduler = Scheduler(Policy(2, pace=Pace(max_host_errors=9)), lambda: 1.0, 0.0, 0.0)
    for row in rows([0, 0, 0]):
        scheduler.offer(row, 0.0)
    launch = scheduler.next(0.0)
    assert isinstance(launch, Launch)
    assert scheduler.settle(launch, Attempt(1, 0.0, 0.1, REFUSED), 0.1) is None
    assert [launch for launch in scheduler.drain() if launch.attempts] == [launch]
    assert scheduler.waiting == scheduler.retrying == 0
    assert scheduler.next(99.0) is IDLE


def test_a_loop_that_lags_gets_less_to_do_and_then_more_again() -> None:
    scheduler = Scheduler(Policy(10), lambda: 1.0, 0.0, 0.0)
    scheduler.capacity.record_lag(0.5)
    assert scheduler.capacity.limit == 7
    for _ in range(5):
        scheduler.capacity.record_lag(0.0)
    assert scheduler.capacity.limit == 10
    for _ in range(50):
        scheduler.capacity.record_lag(0.5)
    assert scheduler.capacity.limit == 1


def scheduler_of(policy: Policy) -> Scheduler:
    return Scheduler(policy, lambda: 1.0, 0.0, 0.0)


def launched(scheduler: Scheduler, now: float) -> Launch:
    launch = scheduler.next(now)
    assert isinstance(launch, Launch), launch
    return launch


def test_a_probe_that_never_went_out_leaves_the_next_one_to_try() -> None:
    """The half-open request meets a machine without descriptors."""
    scheduler = scheduler_of(Policy(1, pace=Pace(max_host_errors=1), retry=Retry(count=0)))
    for row in rows([0]):
        scheduler.offer(row, 0.0)
    scheduler.settle(launched(scheduler, 0.0), Attempt(1, 0.0, 0.1, REFUSED), 0.1)
    scheduler.offer(rows([0])[0], 40.0)
    probe = launched(scheduler, 40.0)
    assert scheduler.settle(probe, Attempt(1, 40.0, 0.1, NO_ROOM), 40.1) is None
    assert launched(scheduler, 41.0) is probe
    assert scheduler.settle(probe, Attempt(1, 41.0, 0.1, answer()), 41.1) is not None
    assert scheduler.next(50.0) is IDLE


def test_room_comes_back_little_by_little() -> None:
    scheduler = scheduler_of(Policy(10))
    scheduler.offer(rows([0])[0], 0.0)
    scheduler.settle(launched(scheduler, 0.0), Attempt(1, 0.0, 0.1, NO_ROOM), 0.1)
    assert scheduler.capacity.limit == 7
    for number in range(350):
        scheduler.offer(rows([1])[0], 1.0 + number)
        scheduler.settle(launched(scheduler, 1.0 + number), Attempt(1, 0.0, 0.1, answer()), 1.5 + number)
    assert scheduler.capacity.limit == 10


def test_rows_that_only_wait_for_a_slot_are_not_held() -> None:
    scheduler = scheduler_of(Policy(1, pace=Pace(host_rate=Rate(1, 1.0))))
    for row in rows([0, 0, 0, 1]):
        scheduler.offer(row, 0.0)
    launched(scheduler, 0.0)
    assert scheduler.paced_rows == 2
    paced = scheduler_of(Policy(1, pace=Pace(rate=Rate(1, 1.0))))
    paced.offer(rows([0])[0], 0.0)
    assert paced.paced_rows == 1


def test_only_a_host_that_does_not_answer_is_down() -> None:
    gone_on = Failure(ErrorKind.CONNECT, "", redirects=(Redirect("http://h0/", 302),), remedy=Remedy.LATER)
    policy = Policy(1, pace=Pace(max_host_errors=2, adaptive=True), retry=Retry(count=0))
    for result in (
        gone_on,
        Failure(ErrorKind.TOO_LARGE, ""),
        Failure(ErrorKind.BLOCKED, ""),
        Failure(ErrorKind.INTERNAL, ""),
    ):
        run = simulate(rows([0] * 10), policy, world_of(result))
        assert not any(ends[0].skipped for ends in run.ends.values())
    waiting = Policy(1, pace=Pace(max_host_errors=2), retry=Retry(count=0, wait=60.0))
    run = simulate(rows([0] * 3), waiting, lambda _, __, now: (REFUSED if now < 30 else answer(), 0.1))
    assert not any(ends[0].skipped for ends in run.ends.values())


def test_the_host_that_asks_is_left_alone_and_not_the_one_that_led_there() -> None:
    asked = {"h1": 0.0}

    def world(row: Target, number: int, now: float) -> tuple[Response | Failure, float]:
        if row.seq == 1:
            asked["h1"] = now + 0.1 + 5
            redirects = (Redirect("http://h0/1", 302),)
            headers = {b"retry-after": [b"5"]}
            return Response(503, "http://h1/x", Timings(), redirects, headers=headers), 0.1
        if row.seq == 3:  # to a host that no row is for: there is nobody to leave alone
            redirects = (Redirect("http://h0/3", 302),)
            return Response(503, "https://h9:444/x", Timings(), redirects, headers={b"retry-after": [b"5"]}), 0.1
        if row.url.host == "h1":
            assert now >= asked["h1"] or now < 0.1
        return answer(), 0.3

    run = simulate(rows([0, 1, 0, 0, 1, 1, 1]), Policy(2, retry=Retry(count=0)), world)
    assert max(run.starts["http", "h0", 80]) < 2
    assert max(run.starts["http", "h1", 80]) >= 5


def test_a_timer_of_a_lane_that_is_gone_harms_no_later_one() -> None:
    pace = Pace(per_host=1, host_rate=Rate(2, 1.0))
    scheduler = Scheduler(Policy(1, pace=pace, retry=Retry(count=0)), lambda: 1.0, 0.0, 0.0)
    row, again, third = rows([0, 0, 0])

    def launched(now: float) -> Launch:
        launch = scheduler.next(now)
        assert isinstance(launch, Launch), launch
        return launch

    scheduler.offer(row, 0.0)
    scheduler.settle(launched(0.0), Attempt(1, 0.0, 0.1, answer()), 0.1)  # retired by a timer at 1.0
    scheduler.offer(again, 0.2)
    scheduler.settle(launched(0.2), Attempt(1, 0.0, 2.0, answer()), 2.2)  # and at once, for its time is over
    scheduler.offer(third, 2.3)
    first = launched(2.3)
    assert len(scheduler._lanes) == 1
    assert scheduler._lanes["http", "h0", 80] is first.lane


def test_a_request_on_a_fresh_connection_is_paced_like_any_other() -> None:
    stale = Failure(ErrorKind.EMPTY, "connection closed", remedy=Remedy.FRESH)
    policy = Policy(5, pace=Pace(rate=Rate(5, 1.0)))
    run = simulate(rows([0] * 10), policy, lambda _, number, __: (stale if number == 1 else answer(), 0.01))
    assert {len(ends[0].attempts) for ends in run.ends.values()} == {2}
    starts = run.starts["http", "h0", 80]
    assert all(over - first >= 1.0 - 1e-9 for first, over in zip(starts, starts[5:], strict=False))


def test_a_retry_whose_time_ran_out_while_it_waited_is_not_made() -> None:
    def world(row: Target, number: int, now: float) -> tuple[Response | Failure, float]:
        if row.seq == 1:
            return REFUSED, 0.1
        return answer(503, retry_after="50"), 0.1

    run = simulate(rows([0, 0]), Policy(2, retry=Retry(count=5, delay=1.0, max_time=2.0)), world)
    assert run.makespan < 60
    assert len(run.ends[1][0].attempts) == 1


def test_a_resolver_that_answers_nobody_is_said_once() -> None:
    said: list[str] = []
    lost = Failure(ErrorKind.DNS, "name lookup failed: Timeout", remedy=Remedy.LATER)
    scheduler = Scheduler(Policy(50, retry=Retry(count=0)), lambda: 1.0, 0.0, 0.0, said.append)
    for row in rows(list(range(60))):
        scheduler.offer(row, 0.0)
        launch = scheduler.next(0.0)
        assert isinstance(launch, Launch)
        scheduler.settle(launch, Attempt(1, 0.0, 0.1, lost), 0.1)
    assert len(said) == 1
    assert "check the DNS resolver" in said[0]


def test_hosts_that_cool_down_are_counted_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetchcli.core.schedule.feedback.MAX_COOLING", 3)
    scheduler = Scheduler(Policy(50, retry=Retry(count=0)), lambda: 1.0, 0.0, 0.0)
    for now, row in enumerate(rows(list(range(10)))):
        scheduler.offer(row, now)
        launch = scheduler.next(now)
        assert isinstance(launch, Launch)
        scheduler.settle(launch, Attempt(1, 0.0, 0.1, answer(503, retry_after="2")), now)
    assert scheduler.feedback.paused_hosts(9.5) == 2
    assert len(scheduler.feedback._cooling) <= 5


def test_too_many_open_files_lower_the_concurrency_and_lose_no_row() -> None:
    in_flight = Counter[str]()

    def world(row: Target, number: int, now: float) -> tuple[Response | Failure, float]:
        in_flight["now"] = sum(1 for start in running if start > now - 0.1)
        if in_flight["now"] >= 4:
            return NO_ROOM, 0.0
        running.append(now)
        return answer(), 0.1

    running: list[float] = []
    run = simulate(rows([0] * 100), Policy(16), world)
    one_end_each(run, 100)
    assert all(len(ends[0].attempts) == 1 for ends in run.ends.values())


def test_room_that_never_comes_is_an_end_too() -> None:
    run = simulate(rows([0]), Policy(), world_of(NO_ROOM))
    assert run.ends[1][0].attempts[-1].result is NO_ROOM


def test_waiting_for_a_deployment() -> None:
    policy = Policy(retry=Retry(count=0, wait=60.0))
    run = simulate(
        rows([0, 1]), policy, lambda _, __, now: (REFUSED if now < 10 else answer(404) if now < 30 else answer(), 0.1)
    )
    for seq in (1, 2):
        last = run.ends[seq][0].attempts[-1].result
        assert isinstance(last, Response)
        assert last.status == 200
    never = simulate(rows([0]), policy, world_of(answer(404)))
    assert 59 <= never.makespan <= 62


@pytest.mark.parametrize("limit", [4, 16, 64])
def test_adaptive_finds_the_limit_of_a_server(limit: int) -> None:
    """A server that answers 429 above so many in flight, which nobody told."""
    flying: list[float] = []
    told = Counter[int]()
    noise = random.Random(1)

    def world(_: Target, __: int, now: float) -> tuple[Response | Failure, float]:
        flying[:] = [end for end in flying if end > now]
        status = 429 if len(flying) >= limit else 200
        seconds = 0.001 if status == 429 else 0.1 * noise.uniform(0.8, 1.2)
        told[status] += 1
        if status == 200:
            flying.append(now + seconds)
        return answer(status), seconds

    count = 500 * limit
    run = simulate(rows([0] * count), Policy(100, pace=Pace(adaptive=True), retry=Retry(count=10, delay=0.1)), world)
    assert told[429] < 0.02 * told.total()
    assert count * 0.1 / limit / run.makespan > 0.9


@pytest.mark.timeout(240)
def test_a_hundred_thousand_rows_over_heavy_tailed_hosts() -> None:
    """The makespan is near the lower bound, and what waits is bounded."""
    chance = random.Random(7)
    count, hosts, concurrency = 100_000, 10_000, 200
    weights = [1 / (rank + 10) for rank in range(hosts)]
    chosen = chance.choices(range(hosts), weights, k=count)
    urls = [parse_url(f"http://h{host}/") for host in range(hosts)]
    latency = [min(chance.paretovariate(1.5) * 0.02, 5.0) for _ in range(hosts)]
    work = 0.0
    busy: Counter[int] = Counter()

    def world(row: Target, number: int, _: float) -> tuple[Response | Failure, float]:
        nonlocal work
        seconds = latency[chosen[row.seq - 1]]
        work += seconds
        return (REFUSED if number == 1 and row.seq % 50 == 0 else ANSWER), seconds

    rows = (Target(seq, urls[host]) for seq, host in enumerate(chosen, 1))
    run = simulate(rows, Policy(concurrency, pace=Pace(per_host=50)), world, keep=False)
    for host in chosen:
        busy[host] += 1
    longest = max(total * latency[host] / 50 for host, total in busy.items())
    assert run.makespan <= 1.1 * max(work / concurrency, longest)
    assert run.most_lanes <= 20_000


ANSWER = answer()


def test_what_would_be_tried_again_and_what_is_forgiven() -> None:
    scheduler = Scheduler(Policy(1, pace=Pace(max_host_errors=1), retry=Retry(count=1)), lambda: 1.0, 0.0, 0.0)
    for row in rows([0, 0]):
        scheduler.offer(row, 0.0)
    launch = scheduler.next(0.0)
    assert isinstance(launch, Launch)
    launch.attempts = (Attempt(1, 0.0, 0.1, REFUSED),)
    assert scheduler.would_retry(launch, 0.1)
    launch.attempts *= 2
    assert not scheduler.would_retry(launch, 0.1)
    launch.attempts = launch.attempts[:1]
    scheduler.settle(launch, Attempt(2, 0.0, 0.1, REFUSED), 0.2)
    scheduler.feedback.reset_breaker()
    assert isinstance(scheduler.next(0.3), Launch)  # the other row is not skipped


def test_a_host_that_asks_for_a_pause_while_it_is_next_waits() -> None:
    scheduler = Scheduler(Policy(2, retry=Retry(count=0)), lambda: 1.0, 0.0, 0.0)
    for row in rows([0, 0, 0]):
        scheduler.offer(row, 0.0)
    first, second = scheduler.next(0.0), scheduler.next(0.0)
    assert isinstance(first, Launch)
    assert isinstance(second, Launch)
    # The third row is next in line when the pause begins.
    scheduler.settle(first, Attempt(1, 0.0, 0.1, answer(503, retry_after="30")), 0.1)
    assert not isinstance(scheduler.next(0.1), Launch)
    scheduler.settle(second, Attempt(1, 0.0, 0.1, ANSWER), 0.2)
    assert scheduler.next(0.2) == Wait(30.1)
    third = scheduler.next(30.2)
    assert isinstance(third, Launch)
    assert third.row.seq == 3


def test_what_an_earlier_run_has_learnt_of_hosts_holds() -> None:
    policy = Policy(pace=Pace(max_host_errors=2))
    scheduler = Scheduler(policy, lambda: 0.5, 0.0, 0.0, lambda _: None)
    paused, down = parse_url("http://paused/"), parse_url("http://down/")
    scheduler.pause(("http", "paused", 80), 10.0, 0.0)
    assert scheduler.feedback.breaker is not None
    scheduler.feedback.breaker.recall(("http", "down", 80), 2, -5.0)
    scheduler.feedback.breaker.recall(("http", "once", 80), 1, -5.0)
    scheduler.offer(Target(1, paused), 0.0)
    scheduler.offer(Target(2, down), 0.0)
    skipped = scheduler.next(0.0)
    assert isinstance(skipped, Skip)
    assert skipped.launch.row.url is down
    assert scheduler.next(0.0) == Wait(10.0)
    launch = scheduler.next(10.0)
    assert isinstance(launch, Launch)
    assert launch.row.url is paused
    scheduler.offer(Target(3, parse_url("http://once/")), 10.0)
    assert isinstance(scheduler.next(10.0), Launch)


def test_how_long_a_deployment_is_waited_for() -> None:
    scheduler = Scheduler(Policy(retry=Retry(wait=60.0)), lambda: 0.5, 100.0, 1e9)
    (row,) = rows([0])
    scheduler.offer(row, 100.0)
    assert scheduler.deployment_seconds(100.0) == 0.0  # nothing has failed yet
    launch = scheduler.next(100.0)
    assert isinstance(launch, Launch)
    scheduler.settle(launch, Attempt(1, 0.0, 0.1, REFUSED), 110.0)
    assert scheduler.delayed is launch
    assert [scheduler.deployment_seconds(now) for now in (110.0, 159.0, 161.0)] == [50.0, 1.0, 0.0]
    assert Scheduler(Policy(), lambda: 0.5, 100.0, 1e9).deployment_seconds(110.0) == 0.0
