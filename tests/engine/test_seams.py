"""A bug anywhere in the engine is an outcome, or reaches the caller: an early end without an error is the worst."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from fetchcli import fetch
from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.policy import Pace, Policy, Retry
from fetchcli.core.model.target import Row
from fetchcli.core.rate import Rate
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import HttpUrl
from fetchcli.engine import fetcher as fetcher_module
from fetchcli.engine.delivery import Delivery
from fetchcli.engine.feed import Feed
from fetchcli.engine.fetcher import Fetcher
from fetchcli.transport.fake import ScriptedTransport
from tests.support.outcomes import target

ROWS = 20
Seam = Callable[[Fetcher], tuple[Any, str]]
SEAMS: dict[str, Seam] = {
    "a row is offered": lambda fetcher: (fetcher.scheduler, "offer"),
    "the next row is chosen": lambda fetcher: (fetcher.scheduler, "next"),
    "an attempt is settled": lambda fetcher: (fetcher.scheduler, "settle"),
    "a host is placed": lambda fetcher: (fetcher.scheduler, "_place"),
    "a retry is decided": lambda fetcher: (fetcher.scheduler, "_retry_decision"),
    "the run learns": lambda fetcher: (fetcher.scheduler.feedback, "learn"),
    "the request is sent": lambda fetcher: (fetcher._attempts._transport, "send"),
    "an attempt is made": lambda fetcher: (fetcher._attempts, "make"),
    "an attempt has failed": lambda fetcher: (fetcher._attempts, "failed"),
    "an outcome is made": lambda _: (fetcher_module, "outcome_of"),
    "an outcome is delivered": lambda _: (Delivery, "add"),
    "an outcome is watched": lambda fetcher: (fetcher, "_watch"),
    "rows are collected": lambda _: (Feed, "collect"),
    "rows are requested": lambda _: (Feed, "request_batch"),
    "slots are filled": lambda fetcher: (fetcher, "_launch"),
    "the next launch is taken": lambda fetcher: (fetcher, "_next"),
    "a timer is set": lambda fetcher: (fetcher._timer, "wake_at"),
    "an attempt ends": lambda fetcher: (fetcher, "_end_launch"),
}


def every_third_fails_once() -> Callable[[HttpUrl], Response | BaseException]:
    asked: set[str] = set()

    def answer(url: HttpUrl) -> Response | BaseException:
        first = url.text not in asked
        asked.add(url.text)
        if first and int(url.target[1:]) % 3 == 0:
            return TransportError(ErrorKind.CONNECT, "refused")
        return Response(200, url.text, Timings())

    return answer


async def batches() -> AsyncGenerator[list[Row], None]:
    rows: list[Row] = [target(seq, f"http://h{seq % 4}/{seq}") for seq in range(1, ROWS + 1)]
    for start in range(0, ROWS, 4):
        yield rows[start : start + 4]


@pytest.mark.parametrize("ordered", [False, True], ids=["as they come", "ordered"])
@pytest.mark.parametrize("call", [1, 2, 9])
@pytest.mark.parametrize("seam", SEAMS)
async def test_a_bug_is_an_outcome_or_reaches_the_caller(
    monkeypatch: pytest.MonkeyPatch, seam: str, call: int, ordered: bool
) -> None:
    policy = Policy(3, pace=Pace(host_rate=Rate(50, 0.1)), retry=Retry(count=1, delay=0.001))
    fetcher = Fetcher(ScriptedTransport(every_third_fails_once()), policy, ordered=ordered, watch=lambda _: None)
    owner, name = SEAMS[seam](fetcher)
    original, calls = getattr(owner, name), 0

    def fail(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            raise ZeroDivisionError("injected")
        return original(*args, **named)

    monkeypatch.setattr(owner, name, fail)
    found: list[Outcome] = []
    raised = False
    async with asyncio.timeout(50):
        try:
            async with aclosing(fetcher.run(batches())) as outcomes:
                async for outcome in outcomes:
                    found.append(outcome)  # noqa: PERF401 - what was found before an error counts
        except ZeroDivisionError:
            raised = True
    seqs = [outcome.row.seq for outcome in found]
    assert len(set(seqs)) == len(seqs), "no row ends twice"
    internal = [outcome for outcome in found if outcome.failure and outcome.failure.kind is ErrorKind.INTERNAL]
    assert raised or internal or calls < call
    assert raised or len(found) == ROWS
    assert fetcher.in_flight == 0, "no task is left"


async def test_a_bug_while_the_run_is_stopped_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = Fetcher(ScriptedTransport(every_third_fails_once()), Policy(3))

    def fail(*_: object) -> None:
        raise ZeroDivisionError("injected")

    monkeypatch.setattr(fetcher.scheduler, "drain", fail)
    outcomes = fetcher.run(batches())
    await anext(outcomes)
    with pytest.raises(ZeroDivisionError):
        await outcomes.aclose()
    assert fetcher.in_flight == 0


async def test_an_iterable_that_fails_reaches_the_caller() -> None:
    def urls() -> Iterator[str]:
        yield "nonsense"
        raise ZeroDivisionError("injected")

    async def later() -> AsyncGenerator[str, None]:
        yield "nonsense"
        raise ZeroDivisionError("injected")

    for source in (urls(), later()):
        with pytest.raises(ZeroDivisionError):
            async for _ in fetch(source):
                pass
