"""What every transport promises, run over every implementation."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import HttpUrl, parse_url
from fetchcli.run.transports import make_transport
from fetchcli.transport.base import Transport
from fetchcli.transport.fake import NullTransport, ScriptedTransport
from fetchcli.transport.follow import FollowingTransport
from tests.support.faults import FaultServer
from tests.transport.conftest import eventually


def script(url: HttpUrl) -> Response | BaseException:
    if url.target == "/empty":
        return TransportError(ErrorKind.EMPTY, "connection closed")
    return Response(200, url.text, Timings(), size_download=5)


@pytest.fixture(params=["aiohttp", "scripted", "null"])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    made: dict[str, Transport] = {"scripted": ScriptedTransport(script), "null": NullTransport()}
    transport = made.get(request.param) or make_transport(Policy(), "fetchcli-test")
    yield transport
    await transport.close()


async def test_it_answers_with_a_complete_response(transport: Transport, faults: FaultServer) -> None:
    response = await transport.send(parse_url(faults.url("ok")), Policy())
    assert response.status == 200
    assert response.url == faults.url("ok")
    assert response.timings.total >= response.timings.starttransfer >= 0


async def test_calls_may_overlap(transport: Transport, faults: FaultServer) -> None:
    url = parse_url(faults.url("ok"))
    responses = await asyncio.gather(*(transport.send(url, Policy()) for _ in range(20)))
    assert [response.status for response in responses] == [200] * 20


async def test_it_raises_nothing_but_transport_errors(transport: Transport, faults: FaultServer) -> None:
    if isinstance(transport, NullTransport):
        return  # it never fails
    with pytest.raises(TransportError) as caught:
        await transport.send(parse_url(faults.url("empty")), Policy())
    assert caught.value.failure.kind is ErrorKind.EMPTY


async def test_cancelling_it_is_clean(transport: Transport, faults: FaultServer) -> None:
    before = len(faults.requests)
    task = asyncio.create_task(transport.send(parse_url(faults.url("stall-at-once")), Policy()))
    await eventually(lambda: len(faults.requests) > before or not isinstance(transport, FollowingTransport))
    task.cancel()
    if isinstance(transport, FollowingTransport):
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await asyncio.wait([task])
