"""What comes at once and what comes in pieces, cut anywhere, has the same outcome."""

import asyncio
import gzip
import random
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from fetchcli.core.errors import Failure, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Limits, Policy
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp.dial import Dialer
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.aiohttp.protocol import PooledProtocol
from fetchcli.transport.base import BodyPlan, Consumers
from fetchcli.transport.follow import FollowingTransport
from tests.benchmarks.wire import ScriptedWire
from tests.support.faults import CATALOGUE, RESET, STALL

EXCHANGES = 2_000
Answers = list[tuple[bytes, bool]]
Cut = Callable[[bytes], list[bytes]]
REQUESTS = (
    RequestOptions(),
    RequestOptions(),
    RequestOptions(method="HEAD"),
    RequestOptions(method="POST", content=b"content" * 9),
)
URL = parse_url("http://a.example/")
POLICIES = (Policy(), Policy(limits=Limits(size=300)), Policy(limits=Limits(hash=False)), Policy(limits=Limits(keep=9)))
FRAMINGS: dict[str, Callable[[random.Random, bytes], tuple[str, bytes]]] = {
    "length": lambda _, body: (f"Content-Length: {len(body)}", body),
    "too short": lambda _, body: (f"Content-Length: {len(body) + 1}", body),
    "too long": lambda _, body: (f"Content-Length: {max(0, len(body) - 1)}", body),
    "chunks": lambda chance, body: ("Transfer-Encoding: chunked", b"".join(chunks(chance, body)) + b"0\r\n\r\n"),
    "no last chunk": lambda chance, body: ("Transfer-Encoding: chunked", b"".join(chunks(chance, body))),
    "to the end": lambda _, body: ("Connection: close", body),
}
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "identity": lambda body: body,
    "x-unknown": lambda body: body,
    "gzip, not really": lambda body: body,
}


def chunks(chance: random.Random, body: bytes) -> Iterator[bytes]:
    while body:
        size = chance.randint(1, 900)
        yield f"{len(body[:size]):x}\r\n".encode() + body[:size] + b"\r\n"
        body = body[size:]


def response(chance: random.Random, limits: Limits) -> tuple[bytes, bool]:
    """The bytes of a response with at most one fault, and whether its connection is reset after them."""
    if chance.random() < 0.2:
        fault = CATALOGUE[chance.choice([name for name, fault in CATALOGUE.items() if fault.then != STALL])]
        return fault.reply, fault.then == RESET
    coding = chance.choice([coding for coding in CODINGS if limits.size is None or "not really" not in coding])
    body = CODINGS[coding](chance.randbytes(chance.choice([0, 1, 50])) * chance.randint(1, 30))
    framing, wire = chance.choice(list(FRAMINGS.values()))(chance, body)
    lines = [f"HTTP/1.1 {chance.choice([200, 200, 200, 204, 206, 304, 404, 503])} X", framing, "ETag: a"]
    lines += [f"Content-Encoding: {coding.split(',')[0]}"] if coding else []
    return "\r\n".join([*lines, "", ""]).encode() + wire, chance.random() < 0.1


def exchange(chance: random.Random, policy: Policy) -> Answers:
    """What a server answers, redirects first; a body after the head for HEAD is a matter of when it comes."""
    hops = [
        (f"HTTP/1.1 302 X\r\nLocation: /{hop}\r\nContent-Length: 5\r\n\r\nthere".encode(), False)
        for hop in range(chance.choice([0, 0, 0, 1, 2]))
    ]
    answers = [*hops, response(chance, policy.limits)]
    if policy.request.method != "HEAD":
        return answers
    return [(b"".join(answer.partition(b"\r\n\r\n")[:2]), is_reset) for answer, is_reset in answers]


class Wire(ScriptedWire):
    """Answers each request with the next response, cut into pieces, and ends after the last one."""

    def __init__(self, protocol: PooledProtocol, answers: Answers, cut: Cut) -> None:
        super().__init__(asyncio.get_running_loop(), protocol)
        self._answers, self._cut = answers, cut

    def write(self, data: Any) -> None:
        answer, is_reset = self._answers.pop(0)
        self._send(self._cut(answer), is_reset, is_reset or not self._answers)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def _send(self, pieces: list[bytes], is_reset: bool, ends: bool) -> None:
        if self._closed:
            return
        if pieces:
            self._protocol.data_received(pieces[0])
            self._loop.call_soon(self._loop.call_soon, self._send, pieces[1:], is_reset, ends)
        elif ends:
            self._closed = True
            self._protocol.connection_lost(ConnectionResetError("reset") if is_reset else None)


async def fetch(
    policy: Policy, answers: Answers, cut: Cut, plan: BodyPlan | None, patch: pytest.MonkeyPatch
) -> Response | Failure:
    async def dial(_: Dialer, exchange: Exchange) -> PooledProtocol:
        protocol = PooledProtocol()
        protocol.connection_made(Wire(protocol, left, cut))
        return protocol

    left = list(answers)
    patch.setattr(Dialer, "dial", dial)
    client = FollowingTransport(AiohttpHops(policy), "fetchcli-test")
    try:
        return await client.send(URL, policy, body=plan)
    except TransportError as error:
        return error.failure
    finally:
        await client.close()


class Received:
    """Takes bodies as `--save` does: what was decoded, and what came."""

    def __init__(self) -> None:
        self.decoded, self.raw, self.of = bytearray(), bytearray(), list[int]()

    def plan(self) -> BodyPlan:
        return BodyPlan(consume=self._choose)

    def _choose(self, _url: str, head: Head) -> Consumers:
        self.of.append(head.status)
        return Consumers((self.decoded.extend,), (self.raw.extend,))


def plan_of(received: Received | None) -> BodyPlan | None:
    return None if received is None else received.plan()


def without_times(result: Response | Failure) -> dict[str, object]:
    """What must be equal; a detail quotes what has arrived so far."""
    fields = {name: getattr(result, name) for name in result.__struct_fields__ if name != "timings"}
    return fields | {"detail": result.detail.partition("'")[0]} if isinstance(result, Failure) else fields


async def test_what_comes_at_once_and_what_comes_in_pieces_has_the_same_outcome(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = 0
    take_whole = Exchange.take_whole

    def counting(self: Exchange) -> bytes | None:
        nonlocal taken
        taken += (whole := take_whole(self)) is not None
        return whole

    for seed in range(EXCHANGES):
        chance = random.Random(seed)
        policy = msgspec.structs.replace(chance.choice(POLICIES), request=chance.choice(REQUESTS))
        first, second = (Received(), Received()) if chance.random() < 0.3 else (None, None)
        answers = exchange(chance, policy)
        monkeypatch.setattr(Exchange, "take_whole", counting)
        at_once = await fetch(policy, answers, lambda data: [data] if data else [], plan_of(first), monkeypatch)
        monkeypatch.setattr(Exchange, "take_whole", lambda _: None)
        many = chance.choice([0.002, 0.05, 0.5])

        def cut(data: bytes, chance: random.Random = chance, many: float = many) -> list[bytes]:
            at = (
                [0, *sorted(chance.sample(range(1, len(data)), min(int(len(data) * many), 300))), len(data)]
                if data
                else [0, 0]
            )
            return [data[start:end] for start, end in pairwise(at) if start < end]

        in_pieces = await fetch(policy, answers, cut, plan_of(second), monkeypatch)
        assert without_times(at_once) == without_times(in_pieces), (seed, answers)
        if first is not None and second is not None and isinstance(at_once, Response):
            assert (first.decoded, first.raw, first.of) == (second.decoded, second.raw, second.of), (seed, answers)
    assert taken > EXCHANGES / 10
