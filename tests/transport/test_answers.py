"""What counts as the answer to a request: early, late, empty, coded, partial and badly named ones."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from fetchcli import fetch
from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.request.request import RequestOptions
from tests.support.recorder import ok, recorder, see
from tests.transport.conftest import Send, Sender


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """A server that talks to each connection in a thread; also the list of connections so far."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=200)
    accepted: list[int] = []

    def one(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(60)
            talk(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection = listener.accept()[0]
                accepted.append(connection.fileno())
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", accepted
    finally:
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(65536)
        if not data:
            raise OSError("closed")
        request += data
    return request


async def outcomes(urls: list[str], policy: Policy) -> list[Outcome]:
    return [outcome async for outcome in fetch(urls, policy)]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "x-gzip", "gzip, br"])
@pytest.mark.parametrize(
    "framing",
    ["Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Content-Length: 00\r\n\r\n"],
)
async def test_an_empty_body_that_is_proved_empty_has_nothing_to_decode(send: Send, coding: str, framing: str) -> None:
    with recorder(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n{framing}".encode()) as server:
        response = await send(server.url())
        assert isinstance(response, Response), response
        assert (response.size_decoded, response.length_verified) == (0, True)


async def test_an_empty_body_that_only_the_end_of_the_connection_ends_may_have_been_cut(send: Send) -> None:
    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")

    with serving(talk) as (url, _):
        failure = await send(url)
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.DECODE


async def test_a_part_of_a_coded_body_is_left_as_it_is(send: Send) -> None:
    part = gzip.compress(b"hello " * 1000)[10:20]
    with recorder(ok(part, "Content-Encoding: gzip", "Content-Range: bytes 10-19/99", status="206 Part")) as server:
        response = await send(server.url(), Policy(request=RequestOptions(headers=(("Range", "bytes=10-19"),))))
        assert isinstance(response, Response)
        assert (response.size_decoded, response.unknown_coding) == (10, "gzip")
        assert server.header("accept-encoding") == "identity"


LINES = [
    "PHP Warning: no such library",
    "X Powered By: x",
    "X-Foo(bar): 1",
    '"X-Quoted": 1',
    ": no name",
    "X-\u00fcber: 1",
]


async def test_header_lines_without_a_valid_name_are_skipped_and_kept_for_v(send: Send) -> None:
    def answer(request: bytes) -> bytes:
        return ok(b"", "Location: /ok", LINES[0], status="302 Found") if b"GET / " in request else ok(b"hello", *LINES)

    with recorder(answer) as server:
        response = await send(server.url())
        assert isinstance(response, Response)
        assert (response.size_decoded, len(response.redirects)) == (5, 1)
        assert response.skipped_headers == tuple(repr(line) for line in LINES[:3])
        assert b"php warning" not in response.headers


LATE = {
    "a line end": b"\r\n",
    "the rest of a body": b" world",
    "a comment": b"<!-- served in 3 ms -->",
    "a last chunk": b"0\r\n\r\n",
}


@pytest.mark.parametrize("name", LATE)
async def test_bytes_that_come_late_do_not_fail_the_next_url(name: str) -> None:
    """They are there when the next request has been sent, so they look like the start of its response."""

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(ok())
        read_request(connection)
        connection.sendall(LATE[name] + ok())
        read_request(connection)

    with serving(talk) as (url, accepted):
        found = await outcomes([url] * 4, Policy(concurrency=1, retry=Retry(count=0)))
        assert [outcome.verdict for outcome in found] == [Verdict.OK] * 4
        assert [len(outcome.attempts) for outcome in found] == [1, 2, 2, 2]
        assert len(accepted) == 4
        first = found[1].attempts[0].result
        assert isinstance(first, Failure)
        assert (first.kind, first.remedy, found[1].flaky) == (ErrorKind.PROTOCOL, Remedy.FRESH, False)


BANNERS = {"ssh": b"SSH-2.0-OpenSSH_9.6\r\n", "ftp": b"220 ready\r\n", "nothing": b"\0\0\0"}


@pytest.mark.parametrize("close", [False, True])
@pytest.mark.parametrize("name", BANNERS)
async def test_a_server_that_speaks_first_has_one_outcome(sender: Sender, name: str, close: bool) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(BANNERS[name])
        if not close:
            connection.recv(65536)
            connection.recv(65536)

    with serving(talk) as (url, _):
        found = await asyncio.gather(*(sender(Policy())(url) for _ in range(50)))
        assert {(failure.kind, failure.remedy) for failure in found if isinstance(failure, Failure)} == {
            (ErrorKind.PROTOCOL, Remedy.LATER)
        }
        assert not any(isinstance(result, Response) for result in found)


async def test_a_proxy_that_says_it_is_busy_before_it_was_asked_is_heard(sender: Sender) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(ok(b"busy", "Connection: close", status="503 Busy"))
        with suppress(OSError):
            read_request(connection)

    with serving(talk) as (url, _):
        found = await asyncio.gather(*(sender(Policy())(url) for _ in range(50)))
        assert [response.status for response in found if isinstance(response, Response)] == [503] * 50


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_request_that_is_not_repeated_shares_connections(method: str) -> None:
    with recorder() as server:
        policy = Policy(concurrency=4, request=RequestOptions(method, content=b"x"))
        found = await outcomes([server.url()] * 100, policy)
        assert [outcome.verdict for outcome in found] == [Verdict.OK] * 100
        assert server.connections <= 4


async def test_a_post_on_a_connection_that_was_closed_fails_and_is_not_sent_twice() -> None:
    requests: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        requests.append(read_request(connection))
        connection.sendall(ok())
        requests.append(read_request(connection))  # and closes without an answer

    with serving(talk) as (url, _):
        policy = Policy(concurrency=1, request=RequestOptions("POST", content=b"x"), retry=Retry(count=0))
        found = await outcomes([url] * 2, policy)
    assert [len(outcome.attempts) for outcome in found] == [1, 1]
    failure = found[1].failure
    assert failure is not None
    assert failure.kind is ErrorKind.EMPTY
    assert failure.detail.endswith(" (a kept connection; POST is not sent again)")
    assert len(requests) == 2


async def test_an_answered_redirect_is_not_asked_again_over_a_stale_connection() -> None:
    """The connection to the second host was closed while it was idle: only that hop is repeated."""

    def answer_once(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(ok())
        read_request(connection)  # and closes without an answer

    with serving(answer_once) as (target, accepted), recorder(see(target)) as first:
        found = await outcomes([target, first.url()], Policy(concurrency=1, retry=Retry(count=0)))
        assert [outcome.verdict for outcome in found] == [Verdict.OK] * 2
        assert [len(outcome.attempts) for outcome in found] == [1, 2]
        assert first.targets == ["/"], "the redirect was answered once"
        assert len(accepted) == 2
        response = found[1].response
        assert response is not None
        assert [redirect.status for redirect in response.redirects] == [302]


async def test_no_row_makes_more_than_two_requests_more_than_its_retries() -> None:
    """A kept connection that is always dead, and a server that never answers well."""

    def talk(connection: socket.socket) -> None:
        if b"GET /good" in read_request(connection):
            connection.sendall(ok())
            read_request(connection)
        else:
            requests.append(1)

    requests: list[int] = []
    with serving(talk) as (url, _):
        urls = [f"{url}good", f"{url}bad"]
        found = await outcomes(urls, Policy(concurrency=1, retry=Retry(count=2, delay=0.001)))
    assert len(found[1].attempts) == 4, "a new connection for a stale one comes on top of two retries"
    assert len(requests) == 3


async def test_a_redirect_without_a_location_keeps_its_status_and_fails_the_check() -> None:
    with recorder(ok(b"", status="301 Moved")) as server:
        (outcome,) = await outcomes([server.url()], Policy())
        assert (outcome.verdict, outcome.response and outcome.response.status) == (Verdict.FAILED, 301)
        assert [check.text for check in outcome.failed_checks] == ["status: expected a Location, got 301 without one"]
        unfollowed = Policy(redirects=Policy().redirects.__class__(follow=False))
        assert [one.verdict for one in await outcomes([server.url()], unfollowed)] == [Verdict.OK]


async def test_a_retry_after_a_resumed_attempt_begins_with_the_row_again() -> None:
    """The chain that was gone on with belongs to the attempt that failed."""
    answers = iter([ok(), b"", ok(b"busy", status="503 Busy"), ok()])  # of /x; the second one is a stale connection

    def talk(connection: socket.socket) -> None:
        while True:
            target = read_request(connection).split(b" ")[1].decode()
            targets.append(target)
            answer = see("/x") if target == "/start" else next(answers)
            if not answer:
                return
            connection.sendall(answer)

    targets: list[str] = []
    with serving(talk) as (url, _):
        policy = Policy(concurrency=1, retry=Retry(count=1, delay=0.001))
        found = await outcomes([f"{url}x", f"{url}start"], policy)
    assert [outcome.verdict for outcome in found] == [Verdict.OK] * 2
    assert targets == ["/x", "/start", "/x", "/x", "/start", "/x"]


async def test_many_trailers_do_not_stop_the_reader(send: Send) -> None:
    """They bring nothing to read, so nobody would resume a connection that was paused for them."""
    trailers = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(280))

    def talk(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + trailers)
        sent.wait(20)
        connection.sendall(b"\r\n")

    sent = threading.Event()
    with serving(talk) as (url, _):
        task = asyncio.ensure_future(send(url, total=20))
        await asyncio.sleep(0.05)  # the trailers are read meanwhile, or later on a busy machine
        sent.set()
        assert isinstance(await task, Response)


async def test_a_body_that_the_end_ends_is_whole_although_the_request_was_not_read(send: Send) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nenough")
        connection.shutdown(socket.SHUT_WR)
        ended.wait(20)  # and reads no more of what is sent

    ended = threading.Event()
    with serving(talk) as (url, _):
        response = await send(url, Policy(request=RequestOptions("POST", content=b"x" * 20_000_000)))
        ended.set()
        assert isinstance(response, Response), response
        assert response.size_decoded == 6
