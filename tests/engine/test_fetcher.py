"""The asyncio shell over scripted transports: one outcome a row, whatever happens."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Failure, Remedy, Resumption, TransportError
from fetchcli.core.expect.expectations import parse_checks
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Limits, Pace, Policy, Retry
from fetchcli.core.model.target import Rejected, Row
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import HttpUrl
from fetchcli.engine.fetcher import Fetcher
from fetchcli.transport.base import BodyPlan
from fetchcli.transport.fake import NullTransport, ScriptedTransport
from tests.support.outcomes import target

OK = Response(200, "http://x/", Timings())


async def in_batches(rows: Iterable[Row], size: int = 7) -> AsyncIterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
            await asyncio.sleep(0)
    if batch:
        yield batch


def targets(count: int) -> list[Row]:
    return [target(seq, f"http://h/{seq}") for seq in range(1, count + 1)]


async def outcomes_of(fetcher: Fetcher, rows: Iterable[Row]) -> list[Outcome]:
    return [outcome async for outcome in fetcher.run(in_batches(rows))]


async def test_every_row_ends_as_one_outcome() -> None:
    outcomes = await outcomes_of(Fetcher(NullTransport(), Policy()), targets(500))
    assert sorted(outcome.row.seq for outcome in outcomes) == list(range(1, 501))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.OK}


@pytest.mark.parametrize("concurrency", [1, 3, 50])
async def test_never_more_tasks_than_slots(concurrency: int) -> None:
    most_tasks = 0

    def watch(_: HttpUrl) -> Response:
        nonlocal most_tasks
        most_tasks = max(most_tasks, fetcher.in_flight)
        return OK

    transport = ScriptedTransport(watch, delay=0.02)
    fetcher = Fetcher(transport, Policy(concurrency=concurrency))
    await outcomes_of(fetcher, targets(200))
    assert transport.max_in_flight == concurrency
    assert most_tasks <= concurrency


async def test_an_unexpected_exception_is_one_internal_outcome_and_harms_no_neighbour() -> None:
    def script(url: HttpUrl) -> Response | BaseException:
        return ZeroDivisionError("bug") if url.target == "/5" else OK

    outcomes = await outcomes_of(Fetcher(ScriptedTransport(script), Policy(concurrency=3)), targets(20))
    broken = [outcome for outcome in outcomes if outcome.verdict is not Verdict.OK]
    assert len(outcomes) == 20
    assert [outcome.row.seq for outcome in broken] == [5]
    failure = broken[0].failure
    assert failure is not None
    assert (failure.kind, failure.detail) == (ErrorKind.INTERNAL, "ZeroDivisionError: bug")


async def test_a_transport_error_is_the_failure_it_carries() -> None:
    transport = ScriptedTransport(lambda _: TransportError(ErrorKind.DNS, "no such name"))
    (outcome,) = await outcomes_of(Fetcher(transport, Policy(retry=Retry(count=0))), targets(1))
    assert outcome.failure is not None
    assert outcome.failure.kind is ErrorKind.DNS


async def test_85_a_stale_connection_is_one_visible_attempt_and_a_second_on_a_fresh_one() -> None:
    class ClosedMeanwhile(NullTransport):
        async def send(
            self,
            url: HttpUrl,
            policy: Policy,
            *,
            request: RequestOptions | None = None,
            fresh: bool | Resumption = False,
            body: BodyPlan | None = None,
        ) -> Response:
            if not fresh:
                raise TransportError(ErrorKind.EMPTY, "connection closed", Remedy.FRESH)
            return OK

    (outcome,) = await outcomes_of(Fetcher(ClosedMeanwhile(), Policy()), targets(1))
    assert outcome.verdict is Verdict.OK
    assert [attempt.number for attempt in outcome.attempts] == [1, 2]
    first = outcome.attempts[0].result
    assert isinstance(first, Failure)
    assert first.kind is ErrorKind.EMPTY


async def test_an_input_that_breaks_takes_no_row_with_it() -> None:
    async def broken() -> AsyncIterator[list[Row]]:
        yield targets(3)
        raise OSError("disk gone")

    outcomes = Fetcher(ScriptedTransport(lambda _: OK, delay=0.02), Policy()).run(broken())
    assert [(await anext(outcomes)).verdict for _ in range(3)] == [Verdict.OK] * 3
    with pytest.raises(OSError, match="disk gone"):
        await anext(outcomes)


async def test_a_rejected_row_is_never_sent() -> None:
    transport = ScriptedTransport(lambda _: OK)
    rows: list[Row] = [target(1), Rejected(2, "x", "no scheme"), target(3)]
    outcomes = await outcomes_of(Fetcher(transport, Policy()), rows)
    assert {outcome.row.seq: outcome.verdict for outcome in outcomes} == {
        1: Verdict.OK,
        2: Verdict.REJECTED,
        3: Verdict.OK,
    }
    assert len(transport.sent) == 2


@given(st.lists(st.sampled_from(["ok", "reject", "fail", "bug"]), max_size=60), st.integers(1, 8), st.booleans())
def test_one_outcome_a_row_over_any_mix(kinds: list[str], concurrency: int, ordered: bool) -> None:
    answers: dict[str, Response | BaseException] = {
        "ok": OK,
        "fail": TransportError(ErrorKind.CONNECT, ""),
        "bug": KeyError("x"),
    }
    transport = ScriptedTransport(lambda url: answers[kinds[int(url.target[1:]) - 1]])
    rows: list[Row] = [
        Rejected(seq, "x", "") if kind == "reject" else target(seq, f"http://h/{seq}")
        for seq, kind in enumerate(kinds, 1)
    ]
    outcomes = asyncio.run(
        outcomes_of(Fetcher(transport, Policy(concurrency=concurrency, retry=Retry(count=0)), ordered=ordered), rows)
    )
    seqs = [outcome.row.seq for outcome in outcomes]
    assert sorted(seqs) == list(range(1, len(kinds) + 1))
    if ordered:
        assert seqs == sorted(seqs)


async def test_back_pressure_nothing_is_started_while_nobody_asks() -> None:
    transport = ScriptedTransport(lambda _: OK)
    outcomes = Fetcher(transport, Policy(concurrency=4)).run(in_batches(targets(1000)))
    await anext(outcomes)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(transport.sent) <= 3 * 4
    await outcomes.aclose()


async def test_a_caller_who_leaves_halfway_leaves_no_task() -> None:
    transport = ScriptedTransport(lambda _: OK, delay=30)
    outcomes = Fetcher(transport, Policy(concurrency=4)).run(in_batches([Rejected(1, "x", ""), *targets(9)]))
    await anext(outcomes)
    await asyncio.sleep(0)
    await outcomes.aclose()
    assert transport.in_flight == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_97_stop_cancels_what_is_in_flight_and_starts_nothing_more() -> None:
    transport = ScriptedTransport(lambda _: OK, delay=30)
    fetcher = Fetcher(transport, Policy(concurrency=4))
    asyncio.get_running_loop().call_later(0.05, fetcher.stop)
    outcomes = await outcomes_of(fetcher, targets(20))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.CANCELLED] * 4
    assert len(transport.sent) == 4


async def test_97_rows_whose_task_never_took_a_step_are_outcomes_too() -> None:
    transport = ScriptedTransport(lambda _: OK, delay=30)
    fetcher = Fetcher(transport, Policy(concurrency=4))
    rows: list[Row] = [Rejected(1, "x", ""), *(target(seq) for seq in range(2, 10))]
    outcomes = []
    async for outcome in fetcher.run(in_batches(rows)):
        fetcher.stop()  # the tasks were made in this very step of the loop
        outcomes.append(outcome)
    assert [outcome.verdict for outcome in outcomes] == [Verdict.REJECTED] + [Verdict.CANCELLED] * 4
    assert transport.sent == []


async def test_stop_while_the_input_is_silent() -> None:
    async def silent() -> AsyncIterator[list[Row]]:
        yield [target(1)]
        await asyncio.Event().wait()

    fetcher = Fetcher(NullTransport(), Policy())
    asyncio.get_running_loop().call_later(0.02, fetcher.stop)
    assert [outcome.row.seq async for outcome in fetcher.run(silent())] == [1]


async def test_ordered_output_survives_a_stop() -> None:
    class FirstHangs(ScriptedTransport):
        async def send(
            self,
            url: HttpUrl,
            policy: Policy,
            *,
            request: RequestOptions | None = None,
            fresh: bool | Resumption = False,
            body: BodyPlan | None = None,
        ) -> Response:
            if url.target == "/1":
                await asyncio.Event().wait()
            return await super().send(url, policy)

    fetcher = Fetcher(FirstHangs(lambda _: OK), Policy(concurrency=2), ordered=True)
    asyncio.get_running_loop().call_later(0.05, fetcher.stop)
    seqs = [outcome.row.seq for outcome in await outcomes_of(fetcher, targets(10))]
    assert seqs == list(range(1, 11))


async def test_81_waiting_for_a_slot_is_counted_apart() -> None:
    transport = ScriptedTransport(lambda _: OK, delay=0.02)
    outcomes = await outcomes_of(Fetcher(transport, Policy(concurrency=1)), targets(5))
    queued = [outcome.queued for outcome in outcomes]
    assert queued == sorted(queued)
    assert queued[-1] >= 0.06
    for outcome, following in pairwise(outcomes):
        assert following.queued >= outcome.queued + 0.9 * outcome.attempts[0].elapsed


async def test_a_bug_while_settling_is_one_outcome_with_the_times_of_its_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fetcher = Fetcher(ScriptedTransport(lambda _: OK, delay=0.02), Policy(concurrency=1))

    def settle(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(fetcher.scheduler, "settle", settle)
    (outcome,) = await outcomes_of(fetcher, targets(1))
    assert outcome.failure is not None
    assert outcome.failure.kind is ErrorKind.INTERNAL
    assert outcome.attempts[0].number == 1
    assert outcome.attempts[0].elapsed > 0.01  # the loop's clock may round the delay down


async def test_checks_see_as_much_of_a_body_as_is_kept() -> None:
    body = b"x" * 50 + b"needle"
    transport = ScriptedTransport(lambda _: msgspec.structs.replace(OK, body=body))
    policy = Policy(checks=parse_checks("body", ("needle",)), limits=Limits(keep=100, check=10))
    (outcome,) = await outcomes_of(Fetcher(transport, policy), targets(1))
    assert outcome.verdict is Verdict.OK


async def test_100_a_jump_of_the_wall_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = Fetcher(NullTransport(), Policy())
    monkeypatch.setattr("time.time", lambda: 0.0)
    began = time.monotonic()
    outcomes = await outcomes_of(fetcher, targets(2))
    seconds = time.monotonic() - began
    assert all(outcome.attempts[0].started_at > 1_700_000_000 for outcome in outcomes)
    assert all(0 <= outcome.attempts[0].elapsed <= seconds for outcome in outcomes)


async def test_the_input_is_read_lazily() -> None:
    read = []

    async def slow() -> AsyncIterator[list[Row]]:
        for seq in range(1, 4):
            read.append(seq)
            yield [target(seq)]
            await asyncio.sleep(0.01)

    async for outcome in Fetcher(NullTransport(), Policy(concurrency=1)).run(slow()):
        assert max(read) <= outcome.row.seq + 1


async def test_too_little_room_on_this_machine_is_said_once_and_loses_no_row() -> None:
    """More at once than there are descriptors: EMFILE, as the transport names it."""
    said: list[str] = []

    def script(_: HttpUrl) -> Response | BaseException:
        if transport.in_flight > 5:
            return TransportError(ErrorKind.INTERNAL, "this machine: too many open files", Remedy.LESS)
        return OK

    transport = ScriptedTransport(script, delay=0.005)
    fetcher = Fetcher(transport, Policy(concurrency=20), warn=said.append)
    outcomes = await outcomes_of(fetcher, targets(60))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.OK}
    assert {len(outcome.attempts) for outcome in outcomes} == {1}
    assert len(said) == 1
    assert said[0].startswith("this machine: too many open files: concurrency lowered for now")


async def test_a_retry_is_another_launch_and_holds_no_slot_meanwhile() -> None:
    failed: set[str] = set()

    def script(url: HttpUrl) -> Response | BaseException:
        if url.target == "/1" and url.target not in failed:
            failed.add(url.target)
            return TransportError(ErrorKind.CONNECT, "connection refused")
        return OK

    policy = Policy(concurrency=1, retry=Retry(count=1, delay=0.2))
    outcomes = await outcomes_of(Fetcher(ScriptedTransport(script), policy), targets(20))
    assert len(outcomes) == 20
    (again,) = (outcome for outcome in outcomes if len(outcome.attempts) == 2)
    assert (again.row.seq, again.verdict, again.flaky) == (1, Verdict.OK, True)
    assert outcomes.index(again) > 0 or again.attempts[1].started_at - again.attempts[0].started_at < 0.001


async def test_adaptive_watches_the_loop_and_leaves_no_task() -> None:
    policy = Policy(concurrency=4, pace=Pace(adaptive=True))
    outcomes = await outcomes_of(Fetcher(ScriptedTransport(lambda _: OK, delay=0.01), policy), targets(50))
    assert len(outcomes) == 50
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_bug_in_deciding_is_one_internal_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("bug")

    monkeypatch.setattr("fetchcli.core.schedule.feedback.Feedback.learn", broken)
    outcomes = await outcomes_of(Fetcher(NullTransport(), Policy(pace=Pace(per_host=1))), targets(5))
    assert [outcome.failure.kind for outcome in outcomes if outcome.failure] == [ErrorKind.INTERNAL] * 5


def bad_from(number: int) -> ScriptedTransport:
    """The rows from that one on fail, each after a moment."""
    bad = Response(500, "http://x/", Timings())
    return ScriptedTransport(lambda url: bad if int(url.target[1:]) >= number else OK, delay=0.01)


async def halted(fetcher: Fetcher, rows: Iterable[Row], *, now: bool) -> list[Outcome]:
    found = []
    async for outcome in fetcher.run(in_batches(rows)):
        found.append(outcome)
        if outcome.verdict is Verdict.FAILED:
            fetcher.halt("1 row failed", now=now)
    return found


@pytest.mark.parametrize("now", [False, True])
@pytest.mark.parametrize("ordered", [False, True])
async def test_a_halt_skips_the_rest_and_loses_no_row(now: bool, ordered: bool) -> None:
    transport = bad_from(11)
    rows = [*targets(200), Rejected(201, "x", "no scheme")]
    found = await halted(
        Fetcher(transport, Policy(concurrency=5, retry=Retry(count=0)), ordered=ordered), rows, now=now
    )
    verdicts = Counter(outcome.verdict for outcome in found)
    assert sorted(outcome.row.seq for outcome in found) == list(range(1, 202))
    assert verdicts[Verdict.REJECTED] == 1
    assert verdicts[Verdict.OK] == 10
    assert verdicts[Verdict.FAILED] >= 1
    assert now or not verdicts[Verdict.CANCELLED]
    assert verdicts[Verdict.SKIPPED] >= 160
    assert {outcome.note for outcome in found if outcome.verdict is Verdict.SKIPPED} == {"1 row failed"}
    assert len(transport.sent) <= 40
    if ordered:
        assert [outcome.row.seq for outcome in found] == list(range(1, 202))


async def test_what_waits_to_be_tried_again_ends_with_a_halt() -> None:
    refused = TransportError(ErrorKind.CONNECT, "refused")
    transport = ScriptedTransport(lambda url: refused if url.target == "/1" else Response(404, "http://x/", Timings()))
    policy = Policy(concurrency=1, retry=Retry(count=3, delay=60.0))
    found = await halted(Fetcher(transport, policy), targets(3), now=False)
    assert [(outcome.row.seq, len(outcome.attempts), outcome.note) for outcome in found] == [
        (2, 1, ""),
        (1, 1, "not retried: 1 row failed"),
        (3, 0, "1 row failed"),
    ]


async def test_a_halted_run_does_not_wait_for_a_pipe_that_says_nothing() -> None:
    async def endless() -> AsyncIterator[list[Row]]:
        yield targets(3)
        await asyncio.Event().wait()

    fetcher = Fetcher(bad_from(1), Policy(concurrency=1, retry=Retry(count=0)))
    found = []
    async for outcome in fetcher.run(endless()):
        found.append(outcome)
        fetcher.halt("enough", now=True, max_wait=5.0)
    assert [outcome.verdict for outcome in found] == [Verdict.FAILED, Verdict.SKIPPED, Verdict.SKIPPED]
    assert fetcher.unread
    assert fetcher.over


async def test_a_fetcher_runs_again_after_a_run_that_ended() -> None:
    fetcher = Fetcher(NullTransport(), Policy(concurrency=3), ordered=True)
    for _ in range(3):
        assert [outcome.row.seq for outcome in await outcomes_of(fetcher, targets(20))] == list(range(1, 21))
    assert not fetcher.over


async def test_bodies_are_kept_for_the_checks_and_not_longer() -> None:
    seen: list[object] = []

    class Keeping(NullTransport):
        async def send(self, url: HttpUrl, policy: Policy, *, body: BodyPlan | None = None, **more: object) -> Response:
            assert body is not None
            assert body.consume is not None
            for feed in body.consume(url.text, Head(200, 1, {})).decoded:
                feed(b"hel")
                seen.append(feed(b"lo"))
            kept = b"hello"[: policy.limits.keep] or None
            return Response(200, url.text, Timings(), body=kept, size_decoded=5)

    for keep, kept in ((0, None), (2, b"he")):
        policy = Policy(checks=parse_checks("body", ("hello",)), limits=Limits(keep=keep, check=4))
        (outcome,) = await outcomes_of(Fetcher(Keeping(), policy), targets(1))
        assert outcome.response is not None
        assert (outcome.response.body, outcome.verdict) == (kept, Verdict.FAILED)
        assert outcome.failed_checks[0].actual.endswith("only the first 4 bytes were checked (--max-check-body))")
    assert len(seen) == 2  # one consumer for each response


async def test_a_bug_in_a_check_is_one_internal_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("bug")

    monkeypatch.setattr("fetchcli.engine.attempts.failed_checks", broken)
    policy = Policy(checks=parse_checks("size", ("1",)), retry=Retry(count=0))
    (outcome,) = await outcomes_of(Fetcher(NullTransport(), policy), targets(1))
    assert outcome.failure == Failure(ErrorKind.INTERNAL, "ZeroDivisionError: bug")


async def test_a_row_that_is_being_looked_at_is_cancelled_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> tuple[FailedCheck, ...]:
        began.set()
        go_on.wait(10)
        return ()

    monkeypatch.setattr("fetchcli.engine.attempts.failed_checks", slow)
    long = ScriptedTransport(lambda _: Response(200, "http://x/", Timings(), body=b"x" * 100_000))
    fetcher = Fetcher(long, Policy(checks=parse_checks("body", ("~ x",))))

    async def stop() -> None:
        await asyncio.to_thread(began.wait, 10)
        fetcher.stop("enough")
        go_on.set()

    task = asyncio.create_task(stop())
    (outcome,) = await outcomes_of(fetcher, targets(1))
    await task
    assert outcome.verdict is Verdict.CANCELLED


async def test_a_stale_connection_is_no_failure_of_a_row_even_when_the_run_was_halted() -> None:
    stale = TransportError(ErrorKind.EMPTY, "reused connection closed", Remedy.FRESH)
    less = TransportError(ErrorKind.CONNECT, "too many open files", Remedy.LESS)
    answers: dict[str, list[Response | BaseException]]
    answers = {"/2": [OK, stale], "/3": [less], "/4": [Response(503, "http://x/", Timings())]}
    fetcher: Fetcher

    def script(url: HttpUrl) -> Response | BaseException:
        if url.target == "/1":
            fetcher.halt("1 row failed", now=False)
            return OK
        return answers[url.target].pop()

    fetcher = Fetcher(ScriptedTransport(script, delay=0.01), Policy(concurrency=4, retry=Retry(count=3)))
    found = {outcome.row.seq: outcome for outcome in await outcomes_of(fetcher, targets(4))}
    assert [(found[seq].verdict, len(found[seq].attempts), found[seq].note) for seq in (1, 2, 3, 4)] == [
        (Verdict.OK, 1, ""),
        (Verdict.OK, 2, ""),
        (Verdict.SKIPPED, 0, "1 row failed"),
        (Verdict.FAILED, 1, "not retried: 1 row failed"),
    ]
