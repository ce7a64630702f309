"""Bodies that are cut off go on where they stopped, or start over: never a mixture of two versions."""

import asyncio
import gzip
import random
import re
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.expect.expectations import parse_checks
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.model.save import Save
from fetchcli.core.request.request import RequestOptions
from fetchcli.transport.base import HopRequest
from tests.support.recorder import ok
from tests.support.saving import large, save

BODY = large(20_000)
RETRY = Retry(count=20, delay=0.001)


class Server:
    """Sends a body with ranges, and cuts every response after some bytes.

    Attributes:
        sent: body bytes of all responses.
        asked: the Range and the If-Range of every request.
    """

    def __init__(self, body: bytes = BODY, cut: int = 3000, *lines: str) -> None:
        self.body, self.cut, self.lines = body, cut, lines or ("Accept-Ranges: bytes", 'ETag: "1"')
        self.sent = 0
        self.asked: list[tuple[str, ...] | None] = []
        self.odd: dict[int, Callable[[], bytes]] = {}

    def __call__(self, request: HopRequest) -> bytes:
        part = tuple(value for _, value in request.more) or None
        self.asked.append(part)
        if (odd := self.odd.get(len(self.asked))) is not None:
            return odd()
        status, lines, start = "200 OK", list(self.lines), 0
        if part is not None and part[1] in "".join(self.lines):
            start = int(part[0][6:-1])
            status = "206 Partial Content"
            lines.append(f"Content-Range: bytes {start}-{len(self.body) - 1}/{len(self.body)}")
        reply = ok(self.body[start:], *lines, status=status)
        kept = reply[: reply.index(b"\r\n\r\n") + 4 + self.cut]
        self.sent += min(self.cut, len(self.body) - start)
        return kept


async def fetch(server: Callable[[HopRequest], bytes], policy: Policy | None = None, **more: object) -> Outcome:
    policy = policy or Policy(retry=RETRY)
    (outcome,), _ = await save(Save(to="x", **more), {"/": b""}, policy, answer=server)  # type: ignore[arg-type]
    return outcome


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))


def saved() -> bytes:
    with open("x", "rb") as file:  # noqa: PTH123 - a test of a few bytes
        return file.read()


async def test_a_body_goes_on_and_no_byte_is_sent_twice() -> None:
    server = Server()
    outcome = await fetch(server)
    assert outcome.response is not None
    assert (outcome.response.status, outcome.response.resumed_from) == (200, 18_000)
    assert outcome.response.sha256 == sha256(BODY).hexdigest()
    assert (outcome.response.size_download, outcome.response.size_decoded) == (len(BODY), len(BODY))
    assert await asyncio.to_thread(saved) == BODY
    assert server.sent == len(BODY)
    assert server.asked == [None, *((f"bytes={start}-", '"1"') for start in range(3000, 20_000, 3000))]
    assert len(outcome.attempts) == 7
    assert all(
        isinstance(attempt.result, Failure) and attempt.result.brought == 3000 for attempt in outcome.attempts[:-1]
    )


async def test_checks_see_the_whole_body() -> None:
    body = b"x" * 9000 + b"needle"
    policy = Policy(retry=RETRY, checks=(*parse_checks("body", ("needle",)), *parse_checks("size", ("9006",))))
    outcome = await fetch(Server(body), policy)
    assert outcome.verdict is Verdict.OK


async def test_a_coded_body_goes_on_with_the_state_of_its_decoder() -> None:
    plain = random.Random(1).randbytes(50_000)
    coded = gzip.compress(plain)
    lines = ("Accept-Ranges: bytes", 'ETag: "z"', "Content-Encoding: gzip")
    outcome = await fetch(Server(coded, 7001, *lines))
    assert outcome.response is not None
    assert outcome.response.sha256 == sha256(plain).hexdigest()
    assert await asyncio.to_thread(saved) == plain
    await fetch(Server(coded, 7001, *lines), raw=True)
    assert await asyncio.to_thread(saved) == coded


@pytest.mark.parametrize(
    "lines",
    [
        ("Accept-Ranges: bytes", 'ETag: W/"1"'),
        ("Accept-Ranges: none", 'ETag: "1"'),
        ('ETag: "1"',),
        ("Accept-Ranges: bytes",),
    ],
)
async def test_without_ranges_and_a_strong_validator_nothing_goes_on(lines: tuple[str, ...]) -> None:
    server = Server(BODY, 3000, *lines)
    outcome = await fetch(server, Policy(retry=Retry(count=2, delay=0.001)))
    assert outcome.failure is not None
    assert outcome.failure.kind is ErrorKind.TRUNCATED
    assert set(server.asked) == {None}


@pytest.mark.parametrize(
    "request_",
    [
        RequestOptions("POST", content=b"x"),
        RequestOptions(headers=(("Range", "bytes=0-"),)),
        RequestOptions(headers=(("If-Match", "x"),)),
    ],
)
async def test_only_a_plain_get_goes_on(request_: RequestOptions) -> None:
    server = Server()
    policy = Policy(retry=Retry(count=2, delay=0.001, all_errors=True), request=request_)
    await fetch(server, policy)
    assert set(server.asked) == {None}


def changed(server: Server) -> bytes:
    """Another version of the body, as a server sends it whose validator did not match."""
    server.lines = ("Accept-Ranges: bytes", 'ETag: "2"')
    server.body = BODY[::-1]
    return ok(server.body[:3000], *server.lines, "Content-Length: 20000").replace(b"Content-Length: 3000\r\n", b"")


ODD: dict[str, Callable[[Server], bytes]] = {
    "another version": changed,
    "a part that was not asked for": lambda _: ok(b"x", "Content-Range: bytes 5-5/20000", status="206 Partial Content"),
    "no range at all": lambda _: ok(b"x", status="206 Partial Content"),
    "not satisfiable": lambda _: ok(b"no", "Content-Range: bytes */3", status="416 Range Not Satisfiable"),
    "not modified": lambda _: b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "a failed condition": lambda _: ok(b"no", status="412 Precondition Failed"),
    "busy": lambda _: ok(b"busy", status="503 Service Unavailable"),
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("when", [2, 4])
@pytest.mark.parametrize("odd", ODD)
async def test_what_is_not_the_rest_is_never_mixed_in(odd: str, when: int) -> None:
    server = Server()
    server.odd[when] = lambda: ODD[odd](server)
    outcome = await fetch(server)
    assert outcome.response is not None
    assert outcome.verdict is Verdict.OK
    assert await asyncio.to_thread(saved) == server.body
    assert outcome.response.sha256 == sha256(server.body).hexdigest()
    if odd in ("busy", "empty"):  # what had come is not asked for again
        assert server.sent == len(BODY)


async def test_the_rest_is_asked_for_where_the_body_came_from_and_nowhere_else() -> None:
    """A redirect leads to one resource first and then to another, with the same validator and length."""
    one, two = Server(b"a" * 9000), Server(b"b" * 9000)
    redirects = 0

    def answer(request: HopRequest) -> bytes:
        nonlocal redirects
        if request.url.target == "/":
            redirects += 1
            assert not request.more
            return ok(b"", f"Location: /{'a' if redirects == 1 else 'b'}", status="302 Found")
        return (one if request.url.target == "/a" else two)(request)

    outcome = await fetch(answer)
    assert outcome.verdict is Verdict.OK
    assert await asyncio.to_thread(saved) == two.body


async def test_a_rest_that_is_too_short_is_an_error() -> None:
    server = Server(BODY, 3000)
    chunked = b"HTTP/1.1 206 X\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 3000-19999/20000\r\n\r\n"
    server.odd[2] = lambda: chunked + b"1\r\nx\r\n0\r\n\r\n"
    outcome = await fetch(server, Policy(retry=Retry(count=1, delay=0.001)))
    assert outcome.failure is not None
    assert outcome.failure.kind is ErrorKind.TRUNCATED
    assert outcome.failure.detail == "the rest has 1 bytes, not 17000"


async def test_the_status_and_the_headers_are_those_of_the_whole() -> None:
    policy = Policy(retry=RETRY, checks=parse_checks("header", ("content-length: 20000",)))
    outcome = await fetch(Server(), policy)
    assert outcome.verdict is Verdict.OK


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=8), st.booleans())
@settings(max_examples=25)
def test_wherever_it_is_cut_the_body_is_whole(cuts: list[int], coded: bool) -> None:
    plain = random.Random(2).randbytes(20_000)
    body = gzip.compress(plain) if coded else plain
    server = Server(body, 0, "Accept-Ranges: bytes", 'ETag: "1"', *(("Content-Encoding: gzip",) if coded else ()))

    def answer(request: HopRequest) -> bytes:
        server.cut = cuts[len(server.asked)] if len(server.asked) < len(cuts) else 10**6
        return server(request)

    outcome = asyncio.run(fetch(answer, Policy(retry=Retry(count=9, delay=0.0))))
    assert isinstance(outcome.result, Response)
    assert saved() == plain
    assert server.sent == len(body)


def test_ranges_are_well_formed() -> None:
    server = Server()
    asyncio.run(fetch(server))
    assert all(part is None or re.fullmatch(r"bytes=\d+-", part[0]) for part in server.asked)
