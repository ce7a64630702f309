"""Rows that are made elsewhere: each is accepted there, or becomes an outcome here, whatever happens."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Failure, Remedy, Resumption, TransportError
from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.model.target import Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import HttpUrl
from fetchcli.engine.delegation import Delegation
from fetchcli.engine.fetcher import Fetcher
from fetchcli.transport.base import BodyPlan
from tests.engine.test_fetcher import in_batches
from tests.support.outcomes import target

POLICY = Policy(concurrency=4, retry=Retry(count=1))
STALE = Failure(ErrorKind.PROTOCOL, "closed", remedy=Remedy.FRESH)
REFUSED = Failure(ErrorKind.CONNECT, "refused")


class Came(Resumption):
    def __init__(self, answer: Response | BaseException) -> None:
        self.answer = answer


class Elsewhere:
    """Makes rows as a script says: by the last part of the path."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.fetched: list[str] = []
        self.held: list[Callable[[AcceptedRow | Resumption], None]] = []

    def send_row(
        self, row: Target, began: float, queued: float, done: Callable[[AcceptedRow | Resumption], None]
    ) -> None:
        assert queued >= 0 < began
        self.sent.append(row.seq)
        kind = row.url.target[1:]
        if kind == "held":
            self.held.append(done)
            return
        answers: dict[str, AcceptedRow | Resumption] = {
            "ok": AcceptedRow(200, 0.1, 5, b"line"),
            "bad": Came(Response(404, row.url.text, Timings())),
            "refused": Came(TransportError.of(REFUSED)),
            "stale": Came(TransportError.of(STALE)),
        }
        asyncio.get_running_loop().call_soon(done, answers[kind])

    def cancel_rows(self) -> None:
        held, self.held = self.held, []
        for done in held:
            done(Came(asyncio.CancelledError()))

    async def send(
        self,
        url: HttpUrl,
        policy: Policy,
        *,
        request: RequestOptions | None = None,
        fresh: bool | Resumption = False,
        body: BodyPlan | None = None,
    ) -> Response:
        if isinstance(fresh, Came):
            if isinstance(fresh.answer, BaseException):
                raise fresh.answer
            return fresh.answer
        self.fetched.append(url.target)
        await asyncio.sleep(0)
        return Response(200, url.text, Timings())

    async def close(self) -> None:
        """Nothing is open."""


def rows(*kinds: str) -> list[Target]:
    return [
        Target(seq, target(seq, f"http://h/{kind}").url, request=POLICY.request) for seq, kind in enumerate(kinds, 1)
    ]


class Delegated:
    """A fetcher whose rows are delegated, and what came of them."""

    def __init__(self, *, wanted: Callable[[], bool] = lambda: True) -> None:
        self.transport, self.lines = Elsewhere(), list[int]()
        self.fetcher = Fetcher(self.transport, POLICY)
        self.fetcher.delegation = Delegation(self.transport, POLICY.request, wanted, self.accept)

    def accept(self, row: Target, accepted: AcceptedRow) -> None:
        assert accepted.line == b"line"
        self.lines.append(row.seq)

    async def run(self, *kinds: str) -> list[Outcome]:
        return [outcome async for outcome in self.fetcher.run(in_batches(rows(*kinds)))]


@given(st.lists(st.sampled_from(["ok", "bad", "refused", "stale"]), max_size=40))
def test_every_row_is_a_line_or_an_outcome(kinds: list[str]) -> None:
    run = Delegated()
    outcomes = asyncio.run(run.run(*kinds))
    verdicts = {outcome.row.seq: outcome.verdict for outcome in outcomes}
    assert len(verdicts) == len(outcomes)
    expected = {"bad": Verdict.FAILED, "refused": Verdict.FAILED, "stale": Verdict.OK}
    assert verdicts == {seq: expected[kind] for seq, kind in enumerate(kinds, 1) if kind != "ok"}
    assert sorted(run.lines) == [seq for seq, kind in enumerate(kinds, 1) if kind == "ok"]
    assert run.transport.fetched == ["/stale"] * kinds.count("stale")  # sent again, here
    assert (run.fetcher.in_flight, run.fetcher.scheduler.in_flight) == (0, 0)


async def test_rows_are_made_here_while_nobody_wants_lines() -> None:
    run = Delegated(wanted=lambda: False)
    assert len(await run.run("ok", "ok")) == 2
    assert (run.lines, run.transport.sent, run.transport.fetched) == ([], [], ["/ok", "/ok"])


async def test_a_row_of_which_more_is_said_is_made_here() -> None:
    run = Delegated()
    (plain,) = rows("ok")
    own = Target(2, plain.url, request=RequestOptions("POST"))
    secret = Target(3, target(3, "http://user:word@h/ok").url, request=POLICY.request)
    outcomes = [outcome async for outcome in run.fetcher.run(in_batches([plain, own, secret]))]
    assert (run.lines, sorted(outcome.row.seq for outcome in outcomes)) == ([1], [2, 3])


async def test_there_are_never_more_rows_elsewhere_than_slots_and_a_stop_ends_them() -> None:
    run = Delegated()
    outcomes = run.fetcher.run(in_batches(rows(*["held"] * 9)))
    first = asyncio.ensure_future(anext(outcomes))
    while len(run.transport.held) < POLICY.concurrency:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0)
    assert run.fetcher.in_flight == POLICY.concurrency
    run.fetcher.stop("enough")
    ended = [await first] + [outcome async for outcome in outcomes]
    assert {(outcome.verdict, outcome.result.detail) for outcome in ended if isinstance(outcome.result, Failure)} == {
        (Verdict.CANCELLED, "enough")
    }
    assert len(ended) == len(run.transport.sent) == POLICY.concurrency


async def test_after_a_halt_what_is_elsewhere_may_end() -> None:
    run = Delegated()
    outcomes = run.fetcher.run(in_batches(rows("held", "held", "bad", *["ok"] * 5)))
    first = await anext(outcomes)
    run.fetcher.halt("enough", now=False)
    for done in run.transport.held:
        done(AcceptedRow(200, 0.1, 5, b"line"))
    rest = [outcome async for outcome in outcomes]
    assert first.verdict is Verdict.FAILED
    assert {outcome.verdict for outcome in rest} <= {Verdict.SKIPPED}
    assert sorted([first.row.seq, *run.lines, *(outcome.row.seq for outcome in rest)]) == list(range(1, 9))


async def test_a_bug_where_rows_are_taken_ends_the_run() -> None:
    run = Delegated()

    def broken(row: Target, accepted: AcceptedRow) -> None:
        raise ZeroDivisionError

    run.fetcher.delegation = Delegation(run.transport, POLICY.request, lambda: True, broken)
    with pytest.raises(ZeroDivisionError):
        await run.run("ok", "ok")
    assert run.fetcher.in_flight == 0


async def test_nothing_is_left_elsewhere_when_the_caller_leaves() -> None:
    run = Delegated()
    async with aclosing(run.fetcher.run(in_batches(rows("bad", *["held"] * 5)))) as outcomes:
        assert (await anext(outcomes)).row.seq == 1
    assert (run.transport.held, run.fetcher.in_flight) == ([], 0)
