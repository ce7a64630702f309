"""The transport over aiohttp: one session, redirects hop by hop, bodies read to their end.

No exception of aiohttp leaves this package: what fails is a `TransportError` with its kind.
"""

import asyncio
import hashlib
import time
from contextlib import suppress
from functools import lru_cache
from typing import cast

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.core.model import Redirect, Response, Timings
from fetchcli.core.policy import Policy, Redirects, Timeouts
from fetchcli.core.redirects import REDIRECT_STATUSES, next_hop
from fetchcli.core.urls import HttpUrl
from fetchcli.transport.connector import PooledConnector
from fetchcli.transport.decode import Decoder, decoder_for
from fetchcli.transport.exchange import Exchange
from fetchcli.transport.faults import classify
from fetchcli.transport.protocol import HEAD_LIMIT
from fetchcli.transport.wire import NO_BODY, WireRequest, WireResponse

REDIRECT_BODY_LIMIT = 64 * 1024
REDIRECT_BODY_SECONDS = 0.5
PIECES_BETWEEN_YIELDS = 8


class AiohttpTransport:
    """Fetches over one ``aiohttp.ClientSession``; make it inside a running event loop."""

    def __init__(self, policy: Policy, user_agent: str, resolver: aiohttp.abc.AbstractResolver | None = None) -> None:
        self._user_agent = user_agent
        self._resolver = resolver or aiohttp.AsyncResolver()
        self._session = aiohttp.ClientSession(
            connector=PooledConnector(resolver=self._resolver, max_idle=policy.concurrency),
            request_class=WireRequest,
            response_class=WireResponse,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_line_size=HEAD_LIMIT,
            max_field_size=HEAD_LIMIT,
            max_headers=HEAD_LIMIT,
        )
        # A request is sent once: the session would send it again behind the caller's back.
        self._session._retry_connection = False

    async def close(self) -> None:
        """Close every connection, and the resolver."""
        await self._session.close()
        await self._resolver.close()

    async def send(self, url: HttpUrl, policy: Policy, *, fresh: bool = False) -> Response:
        """See `transport.base.Transport`."""
        started = time.monotonic()
        exchange = Exchange(url, self._user_agent, fresh=fresh)
        redirects: list[Redirect] = []
        try:
            async with asyncio.timeout(policy.timeouts.total) as limit:
                while True:
                    answer = await self._request(url, exchange, policy.timeouts)
                    try:
                        following = _following(answer, url, len(redirects), policy.redirects)
                        if following is None:
                            return await _read(answer, exchange, url, tuple(redirects), started)
                        await _discard(answer)
                    finally:
                        answer.close()  # nothing is left to close once a body was read to its end
                    redirects.append(Redirect(url.text, answer.status))
                    url = _hand_over(url, following)
                    exchange = Exchange(url, self._user_agent, fresh=fresh)
        except Exception as error:
            if limit.expired():
                detail = f"no complete response in {policy.timeouts.total:g} s ({exchange.phase})"
                known = Failure(ErrorKind.TIMEOUT_TOTAL, detail)
            else:
                known = classify(error, exchange)
            where = f" (redirected to {url.text})" if redirects else ""
            # Nothing came on a connection that had answered before: the server had closed it meanwhile.
            stale = exchange.reused and not exchange.first_byte and known.kind is ErrorKind.EMPTY
            failure = Failure(known.kind, known.detail + where, url.text, len(redirects), exchange.peer)
            raise TransportError.of(failure, stale=stale) from error

    async def _request(self, url: HttpUrl, exchange: Exchange, timeouts: Timeouts) -> WireResponse:
        """Send one request and wait for the header section of its response."""
        # `request` would only wrap this for `async with`.
        response = await self._session._request(
            "GET",
            _origin(url.scheme, url.host, url.port),
            data=exchange,
            allow_redirects=False,
            timeout=_client_timeout(timeouts.connect, timeouts.read),
        )
        return cast("WireResponse", response)


@lru_cache(maxsize=4096)
def _origin(scheme: str, host: str, port: int) -> URL:
    """The URL that aiohttp connects by; what goes on the wire is in the `Exchange`."""
    return URL.build(scheme=scheme, host=host, port=port, path="/")


@lru_cache(maxsize=16)
def _client_timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    # The total is fetchcli's own; an infinite threshold stops aiohttp from rounding to whole seconds.
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read, ceil_threshold=float("inf"))


def _following(answer: WireResponse, url: HttpUrl, taken: int, policy: Redirects) -> HttpUrl | None:
    if answer.status not in REDIRECT_STATUSES:
        return None
    locations = [value for name, value in answer.raw_headers if name.lower() == b"location"]
    return next_hop(url, answer.status, locations, taken, policy)


def _hand_over(url: HttpUrl, following: HttpUrl) -> HttpUrl:
    """The next URL of a chain: credentials stay with the origin, and none come from a Location."""
    same_origin = (url.scheme, url.host, url.port) == (following.scheme, following.host, following.port)
    authorization = url.authorization if same_origin else ""
    return HttpUrl(following.scheme, following.host, following.port, following.target, following.text, authorization)


async def _discard(answer: WireResponse) -> None:
    """Read the small body of a redirect, so that its connection can be used again; nothing hangs on it."""
    size = 0
    with suppress(aiohttp.ClientError, TimeoutError, HttpProcessingError):
        async with asyncio.timeout(REDIRECT_BODY_SECONDS):
            while not answer.content.at_eof() and size < REDIRECT_BODY_LIMIT:
                size += len(await answer.content.readany())


async def _read(
    answer: WireResponse, exchange: Exchange, url: HttpUrl, redirects: tuple[Redirect, ...], started: float
) -> Response:
    """Read the body to its end: count it, decode it, hash it, keep none of it."""
    headers = answer.headers
    coding = headers.getall("Content-Encoding", None)
    decoder = decoder_for(", ".join(coding)) if coding and answer.status not in NO_BODY else None
    digest = hashlib.sha256()
    wire = decoded = 0
    content = answer.content
    while not content.at_eof():
        chunk = await content.readany()
        wire += len(chunk)
        if decoder is None:
            digest.update(chunk)
        else:
            decoded += await _decode(decoder, chunk, digest)
    if decoder is not None:
        decoder.finish()
    return Response(
        answer.status,
        url.text,
        _timings(exchange, started),
        redirects,
        headers.get("Content-Type", ""),
        exchange.peer,
        wire,
        decoded if decoder else wire,
        digest.hexdigest(),
        answer.status in NO_BODY or "Content-Length" in headers or "Transfer-Encoding" in headers,
    )


async def _decode(decoder: Decoder, chunk: bytes, digest: "hashlib._Hash") -> int:
    """Hash what a chunk decodes to; a chunk that decodes to much lets others run in between."""
    size = 0
    for number, piece in enumerate(decoder.feed(chunk), 1):
        digest.update(piece)
        size += len(piece)
        if number % PIECES_BETWEEN_YIELDS == 0:
            await asyncio.sleep(0)
    return size


def _timings(exchange: Exchange, started: float) -> Timings:
    return Timings(
        exchange.resolved and exchange.resolved - started,
        exchange.connected and exchange.connected - started,
        exchange.secured and exchange.secured - started,
        exchange.first_byte - started,
        time.monotonic() - started,
    )
