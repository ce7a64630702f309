"""What every hop transport promises, run over every implementation with the same bytes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.model.policy import Policy, Timeouts
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.base import Hop, HopRequest, HopTransport, SharedFields
from fetchcli.transport.fake import ScriptedHops
from tests.support.faults import CATALOGUE, FaultServer

SHARED = SharedFields((("Accept", "*/*"),))
TIMEOUTS = Timeouts()


def answer(request: HopRequest) -> bytes:
    """The bytes that the fault server would send."""
    return CATALOGUE[request.url.target.lstrip("/")].reply


@pytest.fixture(params=["aiohttp", "scripted"])
async def hops(request: pytest.FixtureRequest) -> AsyncIterator[HopTransport]:
    hops: HopTransport = ScriptedHops(answer) if request.param == "scripted" else AiohttpHops(Policy())
    yield hops
    await hops.close()


def start(hops: HopTransport, faults: FaultServer, name: str, method: str = "GET") -> Hop:
    url = parse_url(faults.url(name))
    return hops.hop(HopRequest(url=url, method=method, host=url.authority, shared=SHARED), TIMEOUTS)


async def read(hop: Hop) -> bytes:
    body = b""
    while chunk := await hop.read():
        body += chunk
    return body


@pytest.mark.parametrize(
    ("name", "status", "body", "verified"),
    [
        ("ok", 200, b"hello", True),
        ("ok-chunked", 200, b"hello", True),
        ("ok-empty", 200, b"", True),
        ("ok-continue", 200, b"hello", True),
        ("ok-until-close", 200, b"hello", False),
        ("no-content", 204, b"", True),
        ("redirect-ok", 302, b"", True),
    ],
)
async def test_a_hop_gives_the_head_and_then_the_body(
    hops: HopTransport, faults: FaultServer, name: str, status: int, body: bytes, verified: bool
) -> None:
    hop = start(hops, faults, name)
    assert hop.phase
    head = await hop.open()
    assert (head.status, hop.length_verified) == (status, verified)
    assert await read(hop) == body
    assert await hop.read() == b"", "the end of a body stays the end"
    hop.close()
    assert hop.peer
    assert hop.first_byte
    assert hop.received


@pytest.mark.parametrize(
    ("name", "kind"),
    [("empty", ErrorKind.EMPTY), ("not-http", ErrorKind.PROTOCOL), ("bad-length", ErrorKind.PROTOCOL)],
)
async def test_without_a_head_opening_fails(
    hops: HopTransport, faults: FaultServer, name: str, kind: ErrorKind
) -> None:
    hop = start(hops, faults, name)
    with pytest.raises(TransportError) as caught:
        await hop.open()
    assert caught.value.failure.kind is kind
    assert not hop.met_stale_connection(kind), "no connection was kept"


@pytest.mark.parametrize("name", ["short-body", "chunked-cut", "chunked-cut-in-end"])
async def test_without_the_end_of_the_body_reading_fails(hops: HopTransport, faults: FaultServer, name: str) -> None:
    hop = start(hops, faults, name)
    await hop.open()
    with pytest.raises(TransportError) as caught:
        await read(hop)
    assert caught.value.failure.kind is ErrorKind.TRUNCATED
    hop.close()


async def test_the_answer_to_a_head_request_has_no_body(hops: HopTransport, faults: FaultServer) -> None:
    hop = start(hops, faults, "ok-empty", method="HEAD")
    assert (await hop.open()).status == 200
    assert await read(hop) == b""
    hop.close()


async def test_a_hop_that_is_failed_raises_that_error_to_its_reader(hops: HopTransport, faults: FaultServer) -> None:
    hop = start(hops, faults, "short-body")
    await hop.open()
    hop.fail(TransportError(ErrorKind.TIMEOUT_RATE, "too slow"))
    with pytest.raises(TransportError) as caught:
        await read(hop)
    assert caught.value.failure.kind is ErrorKind.TIMEOUT_RATE
    hop.close()


async def test_a_response_can_be_given_up_and_the_next_hop_works(hops: HopTransport, faults: FaultServer) -> None:
    for _ in range(2):
        hop = start(hops, faults, "short-body")
        await hop.open()
        hop.close()
        hop.close()  # a second time does nothing
    hop = start(hops, faults, "ok")
    await hop.open()
    assert await read(hop) == b"hello"
    hop.close()


async def test_hops_overlap(hops: HopTransport, faults: FaultServer) -> None:
    async def fetch() -> bytes:
        hop = start(hops, faults, "ok")
        await hop.open()
        try:
            return await read(hop)
        finally:
            hop.close()

    assert await asyncio.gather(*(fetch() for _ in range(20))) == [b"hello"] * 20
