"""Real sockets that misbehave: the kind is right, whichever way the bytes come.

The numbers are those of BEHAVIOUR.
"""

import asyncio
import hashlib
import os
import socket
import threading
from contextlib import suppress

import msgspec
import pytest

from fetchcli.core.errors import ErrorKind, Failure, Redirect, Remedy, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy, Redirects
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.base import Transport
from fetchcli.transport.follow import FollowingTransport
from tests.support import framing
from tests.support.faults import CATALOGUE, LATE, MODES, FaultServer, fault_server, slug
from tests.support.recorder import ok, recorder
from tests.transport.conftest import Send, eventually

GOOD = {
    "ok": b"hello",
    "ok-chunked": b"hello",
    "ok-empty": b"",
    "ok-until-close": b"hello",  # 55
    "ok-then-close": b"hello",  # 86
    "ok-continue": b"hello",
    "ok-18k-header": b"hello",  # 75
    "no-content": b"",
    "redirect-ok": b"hello",
    "redirect-cut": b"hello",
    "redirect-stalled": b"hello",
    "gzip-twice": b"hello",  # 70
    "gzip": b"hello " * 200,
    "gzip-empty": b"",
    "gzip-empty-chunked": b"",
    "gzip-part": b"hello",
    "bad-names": b"hello",  # 66
    "redirect-bad-name": b"hello",
}
BAD = {
    "empty": ErrorKind.EMPTY,  # 64
    "reset-at-once": ErrorKind.RESET,
    "cut-in-head": ErrorKind.TRUNCATED,  # 64
    "reset-in-head": ErrorKind.TRUNCATED,
    "short-body": ErrorKind.TRUNCATED,  # 52
    "reset-in-body": ErrorKind.TRUNCATED,
    "reset-until-close": ErrorKind.TRUNCATED,
    "chunked-cut": ErrorKind.TRUNCATED,  # 53
    "chunked-cut-in-end": ErrorKind.TRUNCATED,  # 54
    "chunked-bad-size": ErrorKind.PROTOCOL,
    "not-http": ErrorKind.PROTOCOL,
    "bad-length": ErrorKind.PROTOCOL,
    "upgrade": ErrorKind.PROTOCOL,  # 63
    "gzip-cut": ErrorKind.DECODE,  # 67
    "redirect-loop": ErrorKind.REDIRECT_LIMIT,  # 49
    "redirect-file": ErrorKind.REDIRECT_INVALID,  # 44
    "redirect-two": ErrorKind.REDIRECT_INVALID,  # 45
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", GOOD)
async def test_whole_answers_are_responses(send: Send, faults: FaultServer, name: str, mode: str) -> None:
    if name == "ok-18k-header" and mode == "bytewise":
        mode = "split"  # 18,000 segments say nothing that two do not
    response = await send(faults.url(name, mode))
    assert isinstance(response, Response), response
    assert response.status == {"no-content": 204, "gzip-part": 206}.get(name, 200)
    assert response.sha256 == hashlib.sha256(GOOD[name]).hexdigest()
    assert response.size_decoded == len(GOOD[name])
    if name not in {"gzip", "gzip-twice"}:
        assert response.size_download == len(GOOD[name])
    assert response.length_verified is (name not in {"ok-until-close", "gzip-twice"})
    assert response.remote_ip == "127.0.0.1"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", BAD)
async def test_broken_answers_are_failures_of_the_right_kind(
    send: Send, faults: FaultServer, name: str, mode: str
) -> None:
    failure = await send(faults.url(name, mode))
    assert isinstance(failure, Failure), failure
    assert failure.kind is BAD[name], failure
    assert failure.detail
    assert "\n" not in failure.detail


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", framing.GOOD)
async def test_e_well_formed_responses(send: Send, faults: FaultServer, name: str, mode: str) -> None:
    response = await send(faults.url(f"good-{slug(name)}", mode))
    assert isinstance(response, Response), response
    assert response.sha256 == hashlib.sha256(framing.GOOD[name][1]).hexdigest()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", framing.MALFORMED)
async def test_e_malformed_responses_are_protocol(send: Send, faults: FaultServer, name: str, mode: str) -> None:
    failure = await send(faults.url(f"malformed-{slug(name)}", mode), total=5)
    assert isinstance(failure, Failure), failure
    assert failure.kind is ErrorKind.PROTOCOL, failure


def descriptors() -> dict[str, str]:
    """Open descriptors of this process, and what they are."""
    found = {}
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with suppress(OSError):  # the one that lists them is gone
            found[name] = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
    return found


async def test_refused(send: Send) -> None:
    failure = await send("http://127.0.0.1:1/")
    assert isinstance(failure, Failure)
    assert failure.timings.total > failure.timings.namelookup > failure.timings.connect == 0
    expected = Failure(ErrorKind.CONNECT, "connection refused", "http://127.0.0.1:1/", remedy=Remedy.LATER)
    assert msgspec.structs.replace(failure, timings=Timings()) == expected


async def test_no_such_name_without_a_packet(send: Send) -> None:
    # RFC 7686: a resolver answers for .onion itself, so that nothing leaves the machine.
    failure = await send("http://fetchcli-test.onion/")
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.DNS
    assert failure.detail.startswith("name lookup failed: ")


@pytest.mark.parametrize(
    ("name", "limits", "kind", "phase"),
    [
        ("stall-at-once", {"total": 0.2}, ErrorKind.TIMEOUT_TOTAL, "waiting for the first byte"),
        ("stall-in-body", {"total": 0.2}, ErrorKind.TIMEOUT_TOTAL, "in the body"),
        ("stall-at-once", {"read": 0.2}, ErrorKind.TIMEOUT_TTFB, "waiting for the first byte"),
        ("stall-in-body", {"read": 0.2}, ErrorKind.TIMEOUT_IDLE, "in the body"),
    ],
)
async def test_timeouts_name_their_phase(
    send: Send, faults: FaultServer, name: str, limits: dict[str, float], kind: ErrorKind, phase: str
) -> None:
    failure = await send(faults.url(name), **limits)
    assert isinstance(failure, Failure)
    assert failure.kind is kind
    assert phase in failure.detail


async def test_80_a_connection_that_is_never_taken_is_timeout_connect(send: Send) -> None:
    # A listener whose queue is full drops further SYNs: a black hole on loopback.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = []
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(address)
            fillers.append(filler)
        failure = await send(f"http://127.0.0.1:{address[1]}/", connect=0.3)
        for filler in fillers:
            filler.close()
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.TIMEOUT_CONNECT


async def test_the_redirect_chain_is_recorded(send: Send, faults: FaultServer) -> None:
    response = await send(faults.url("redirect-ok"))
    assert isinstance(response, Response)
    assert [(hop.url, hop.status) for hop in response.redirects] == [(faults.url("redirect-ok"), 302)]
    assert response.url == faults.url("ok")


async def test_redirects_are_left_alone_when_asked(send: Send, faults: FaultServer) -> None:
    response = await send(faults.url("redirect-ok"), Policy(redirects=Redirects(follow=False)))
    assert isinstance(response, Response)
    assert (response.status, response.redirects) == (302, ())


async def test_49_ten_redirects_are_eleven_requests(send: Send, faults: FaultServer) -> None:
    before = len(faults.requests)
    await send(faults.url("redirect-loop"))
    assert len(faults.requests) - before == 11


async def test_the_request_on_the_wire(send: Send, faults: FaultServer) -> None:
    await send(faults.url("ok").replace("http://", "http://user:pass@"))
    lines = faults.requests[-1].decode().split("\r\n")
    assert lines[0] == "GET /ok HTTP/1.1"
    assert lines[1:] == [
        f"Host: 127.0.0.1:{faults.port}",
        "User-Agent: fetchcli-test",
        "Accept: */*",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Authorization: Basic dXNlcjpwYXNz",
    ]


@pytest.mark.parametrize("size", [260_000, 290_000])
async def test_75_much_of_a_header_section_is_read_to_its_end(send: Send, size: int) -> None:
    """More of it than a body may have waiting."""
    with recorder(ok(b"hello", "X-Long: " + "a" * size)) as server:
        for _ in range(5):
            assert isinstance(await send(server.url()), Response)


async def test_connections_are_used_again(client: Transport, send: Send) -> None:
    with fault_server() as server:
        for _ in range(5):
            await send(server.url("ok"))
        assert server.connections == 1


async def test_84_a_stray_answer_never_answers_the_next_url(send: Send) -> None:
    with fault_server() as faults:
        await stray_answers(send, faults)


async def stray_answers(send: Send, faults: FaultServer) -> None:
    late = 0
    for arrived in (False, True):
        for name in ("late-answer", "two-answers", "half-an-answer-more", "no-content-with-a-body"):  # 83
            late += name in LATE
            first = await send(faults.url(name))
            assert isinstance(first, Response)
            if arrived:
                await eventually(lambda: faults.sent_late == late)  # noqa: B023 - it is over by then
            if arrived or name != "late-answer":  # what comes while the next request is open cannot be told apart
                for _ in range(3):
                    second = await send(faults.url("ok"))
                    assert isinstance(second, Response), (name, second)
                    assert (second.status, second.size_download) == (200, 5)


@pytest.mark.parametrize("name", ["huge-header", "headers-for-ever", "continue-for-ever"])
async def test_76_77_78_headers_without_end_are_too_large(send: Send, faults: FaultServer, name: str) -> None:
    failure = await send(faults.url(name))
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.TOO_LARGE


async def test_a_failure_after_a_redirect_names_the_hop(send: Send, faults: FaultServer) -> None:
    failure = await send(faults.url("redirect-to-empty"))
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.EMPTY
    assert failure.detail.endswith(f"(redirected to {faults.url('empty')})")
    assert (failure.url, failure.remote_ip) == (faults.url("empty"), "127.0.0.1")
    assert failure.redirects == (Redirect(faults.url("redirect-to-empty"), 302),)


async def test_a_server_that_speaks_first_is_protocol(send: Send) -> None:
    for banner in (b"SSH-2.0-OpenSSH_9.6\r\n", CATALOGUE["ok"].reply):
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def greet(listener: socket.socket = listener, banner: bytes = banner) -> None:
                with suppress(OSError):
                    for _ in range(10):
                        connection, _ = listener.accept()
                        with connection:
                            connection.sendall(banner)
                            connection.recv(1024)

            threading.Thread(target=greet, daemon=True).start()
            for _ in range(10):
                failure = await send(f"http://127.0.0.1:{listener.getsockname()[1]}/")
                if banner.startswith(b"SSH"):
                    assert isinstance(failure, Failure)
                    assert failure.kind is ErrorKind.PROTOCOL, failure


async def test_86_a_connection_that_was_closed_meanwhile_is_stale_not_a_verdict(
    client: Transport, faults: FaultServer
) -> None:
    url = parse_url(faults.url("ok-then-close"))
    failures = []
    for _ in range(50):
        try:
            await client.send(url, Policy())
        except TransportError as error:
            failures.append(error)
            await client.send(url, Policy(), fresh=True)
    assert failures
    assert all(error.failure.remedy is Remedy.FRESH for error in failures)


async def test_85_one_attempt_is_one_request(send: Send, faults: FaultServer) -> None:
    await send(faults.url("ok"))  # a pooled connection, on which the next request is cut off
    before = len(faults.requests)
    failure = await send(faults.url("reset-at-once"))
    assert isinstance(failure, Failure)
    assert len(faults.requests) - before == 1


async def test_87_idle_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetchcli.transport.aiohttp.hop.max_idle", lambda concurrency: concurrency)
    hops = AiohttpHops(Policy(concurrency=5))
    client = FollowingTransport(hops, "fetchcli-test")
    try:
        for _ in range(12):  # a host of its own each, by its port
            with fault_server() as server:
                await client.send(parse_url(server.url("ok")), Policy())
        assert len(hops.connector.pool) == 5
    finally:
        await client.close()


async def settled_descriptors() -> dict[str, str]:
    """The descriptors, once the server's threads have closed theirs."""
    last, same = descriptors(), 0
    while same < 20:
        await asyncio.sleep(0.01)
        last, before = descriptors(), last
        same = same + 1 if len(last) == len(before) else 0
    return last


async def test_88_interrupted_requests_leak_no_socket(client: Transport, faults: FaultServer) -> None:
    url = parse_url(faults.url("stall-in-body"))
    before: dict[str, str] = {}
    for number in range(1000):
        if number == 50:  # an event loop opens one or the other for itself when it is first needed
            before = await settled_descriptors()
        task = asyncio.create_task(client.send(url, Policy()))
        await asyncio.sleep(number % 50 / 20_000)
        task.cancel()
        await asyncio.wait([task])
    for _ in range(100):  # the server's half of each is closed by a thread of this process
        if len(descriptors()) <= len(before):
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"more than before: {descriptors().items() - before.items()}")
