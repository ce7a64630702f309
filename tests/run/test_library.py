"""fetchcli as a library."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

import fetchcli
from fetchcli import ErrorKind, Limits, Policy, Timeouts, Verdict, fetch, parse_checks
from tests.support.faults import FaultServer
from tests.support.recorder import ok, recorder


async def test_any_iterable_of_urls(faults: FaultServer) -> None:
    async def asynchronous() -> AsyncIterator[str]:
        for _ in range(3):
            yield faults.url("ok")
            await asyncio.sleep(0)

    for urls in ([faults.url("ok")] * 3, (faults.url("ok") for _ in range(3)), asynchronous()):
        outcomes = [outcome async for outcome in fetch(urls)]
        assert [outcome.verdict for outcome in outcomes] == [Verdict.OK] * 3


async def test_the_policy_is_obeyed_and_failures_are_values(faults: FaultServer) -> None:
    urls = [faults.url("stall-at-once"), "nonsense", faults.url("ok")]
    outcomes = [outcome async for outcome in fetch(urls, Policy(timeouts=Timeouts(total=0.3)), ordered=True)]
    kinds = [outcome.failure.kind if outcome.failure else None for outcome in outcomes]
    assert kinds == [ErrorKind.TIMEOUT_TOTAL, ErrorKind.INVALID_URL, None]
    assert outcomes[1].row.text == "nonsense"


async def test_leaving_early_leaves_no_task(faults: FaultServer) -> None:
    urls = [faults.url("ok"), *[faults.url("stall-in-body")] * 5]
    async with aclosing(fetch(urls)) as outcomes:
        async for outcome in outcomes:
            assert outcome.verdict is Verdict.OK
            break
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_the_public_names_are_sorted_and_there() -> None:
    assert fetchcli.__all__ == sorted(fetchcli.__all__)
    for name in fetchcli.__all__:
        assert getattr(fetchcli, name) is not None


async def test_a_callers_generator_is_closed_with_the_run(faults: FaultServer) -> None:
    closed = asyncio.Event()

    async def urls() -> AsyncIterator[str]:
        try:
            while True:
                yield faults.url("ok")
        finally:
            closed.set()

    async with aclosing(fetch(urls())) as outcomes:
        await anext(outcomes)
    assert closed.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_expectations_for_programs(faults: FaultServer) -> None:
    policy = Policy(checks=(*parse_checks("body", ("no such text",)), *parse_checks("size", (">0",))))
    (outcome,) = [outcome async for outcome in fetch([faults.url("ok")], policy)]
    assert [(failed.check, failed.expected) for failed in outcome.failed_checks] == [("body", "no such text")]
    assert outcome.response is not None
    assert outcome.response.body is None  # nobody asked to keep it


@pytest.mark.parametrize(
    ("keep", "body", "complete"), [(0, None, False), (3, b"hel", False), (5, b"hello", True), (99, b"hello", True)]
)
async def test_a_body_says_whether_it_is_whole(keep: int, body: bytes | None, complete: bool) -> None:
    with recorder(ok(b"hello", "X-A: 1")) as server:
        (outcome,) = [outcome async for outcome in fetch([server.url()], Policy(limits=Limits(keep=keep)))]
    assert outcome.response is not None
    assert outcome.response.headers[b"x-a"] == [b"1"]
    assert outcome.response.body == body
    assert outcome.response.body_complete is complete
