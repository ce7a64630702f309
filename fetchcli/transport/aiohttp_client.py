"""The transport over aiohttp: one session, redirects hop by hop, bodies read to their end.

No exception of aiohttp leaves this package: what fails is a `TransportError` with its kind.
"""

import asyncio
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import cast

import aiohttp
import msgspec

from fetchcli.core.errors import ErrorKind, Failure, Remedy, TransportError
from fetchcli.core.model import Response, Timings
from fetchcli.core.policy import Policy
from fetchcli.core.proxies import SOCKS
from fetchcli.core.redirects import next_hop
from fetchcli.core.request import Request, closes, default_headers, header_lines, user_host
from fetchcli.core.urls import HttpUrl
from fetchcli.transport.body import Body
from fetchcli.transport.connector import PooledConnector
from fetchcli.transport.dial import Dialer
from fetchcli.transport.digest import DigestAuth
from fetchcli.transport.exchange import Exchange
from fetchcli.transport.faults import classify
from fetchcli.transport.hops import Hops
from fetchcli.transport.rate import RateWatch
from fetchcli.transport.resolver import Resolver
from fetchcli.transport.route import Routes
from fetchcli.transport.tunnel import require_socks
from fetchcli.transport.wire import WireRequest, WireResponse

REDIRECT_BODY_LIMIT = 64 * 1024
REDIRECT_BODY_SECONDS = 0.5


class AiohttpTransport:
    """Fetches over one ``aiohttp.ClientSession``; make it inside a running event loop."""

    def __init__(self, policy: Policy, user_agent: str) -> None:
        if SOCKS & policy.network.proxies.schemes:
            require_socks()
        self._defaults = default_headers(user_agent)
        login = policy.credentials.digest
        self._digest = DigestAuth(login) if login is not None else None
        self._settled = lru_cache(maxsize=16)(self._settle)
        self._routes = Routes(policy.network)
        self._resolver = Resolver(policy.network.dns_servers, policy.network.family)
        dialer = Dialer(policy.network, self._resolver, policy.tls)
        self._session = aiohttp.ClientSession(
            connector=PooledConnector(dialer, max_idle=policy.concurrency),
            request_class=WireRequest,
            response_class=WireResponse,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        # A request is sent once: the session would send it again behind the caller's back.
        self._session._retry_connection = False

    async def close(self) -> None:
        """Close every connection, and the resolver."""
        await self._session.close()
        await self._resolver.close()

    async def send(
        self, url: HttpUrl, policy: Policy, *, request: Request | None = None, fresh: bool = False
    ) -> Response:
        """See `transport.base.Transport`."""
        request = request or policy.request
        if request.content_file is not None:
            request = await asyncio.to_thread(_with_content, request, request.content_file)
        hops = Hops(url, request)
        hops.exchange = self._exchange(hops, policy, fresh=fresh)
        try:
            async with asyncio.timeout(policy.timeouts.total) as limit:
                return await self._follow(hops, policy, fresh=fresh)
        except Exception as error:
            exchange = hops.exchange
            if limit.expired():
                detail = f"no complete response in {policy.timeouts.total:g} s ({exchange.phase})"
                known = Failure(ErrorKind.TIMEOUT_TOTAL, detail, remedy=Remedy.LATER)
            else:
                known = classify(error, exchange)
            where = f" (redirected to {hops.url.text})" if hops.taken else ""
            stale = request.idempotent and exchange.met_a_stale_connection(known.kind)
            remedy = Remedy.FRESH if stale else known.remedy
            detail = known.detail + where
            failure = Failure(known.kind, detail, hops.url.text, tuple(hops.taken), exchange.peer, remedy)
            raise TransportError.of(failure) from error

    async def _follow(self, hops: Hops, policy: Policy, *, fresh: bool) -> Response:
        """Send hop after hop until one is the last."""
        floor = policy.timeouts.min_rate
        watch = RateWatch(floor, policy.timeouts.rate_window) if floor is not None else None
        try:
            while True:
                if watch is not None:
                    watch.watch(hops.exchange)
                if self._digest is None or hops.left_origin or self._settled(hops.request)[3]:
                    answer = await self._request(hops.exchange, policy)
                else:
                    answer = await self._answer_digest(self._digest, hops, policy, watch, fresh=fresh)
                exchange = hops.exchange
                try:
                    locations = answer.head.fields.get(b"location", [])
                    following = next_hop(hops.url, answer.status, locations, len(hops.taken), policy.redirects)
                    if following is None:
                        body = Body(answer.head, exchange, policy.limits)
                        await body.read()
                        return _response(answer, body, hops)
                    await _discard(exchange)
                finally:
                    answer.close()  # nothing is left to close once a body was read to its end
                hops.go_on(following, answer.status)
                hops.exchange = self._exchange(hops, policy, fresh=fresh)
        finally:
            if watch is not None:
                watch.stop()

    async def _answer_digest(
        self, digest: DigestAuth, hops: Hops, policy: Policy, watch: RateWatch | None, *, fresh: bool
    ) -> WireResponse:
        """Send the request of this hop, and once more where a digest is asked for."""

        async def send(authorization: str) -> WireResponse:
            if authorization:
                hops.exchange = self._exchange(hops, policy, fresh=fresh, authorization=authorization)
                if watch is not None:
                    watch.watch(hops.exchange)
            return await self._request(hops.exchange, policy)

        return await digest.ask(hops.url, hops.request, send, lambda: _discard(hops.exchange))

    def _exchange(self, hops: Hops, policy: Policy, *, fresh: bool, authorization: str = "") -> Exchange:
        """The bytes of a request, and where its answer goes."""
        request, url = hops.request, hops.url
        route = self._routes.to(url)
        lines, host, last, authorized = self._settled(request)
        proxy = ""
        if route.proxy is not None and route.forwarded and route.proxy.authorization:
            # Through a tunnel they would reach the origin: there the proxy is told when it is opened.
            proxy = f"Proxy-Authorization: {route.proxy.authorization}\r\n"
        if not authorized:
            known = url.authorization or policy.credentials.authorization(url.host, redirected=hops.left_origin)
            # Who answers challenges gives no secret away in clear.
            if value := authorization if self._digest is not None else known:
                lines += f"Authorization: {value}\r\n"
        target = f"http://{url.authority}{url.target}" if route.forwarded else url.target
        head = f"{request.method} {target} HTTP/1.1\r\nHost: {host or url.authority}\r\n{lines}{proxy}\r\n"
        return Exchange(
            route,
            head.encode("utf-8", "surrogateescape"),
            request.content,
            # What must not be done twice takes no connection that the server may have closed, at no hop.
            fresh=fresh or not hops.first.idempotent,
            last=last,
            silence=policy.timeouts.read,
            to_head_request=request.method == "HEAD",
        )

    def _settle(self, request: Request) -> tuple[str, str | None, bool, bool]:
        """What all URLs share: header lines, Host, whether connections end, whether the user says who asks."""
        authorized = any(name.lower() == "authorization" for name, _ in request.headers)
        return header_lines(request, self._defaults), user_host(request), closes(request), authorized

    async def _request(self, exchange: Exchange, policy: Policy) -> WireResponse:
        """Send one request and wait for the header section of its response."""
        # `request` would only wrap this for `async with`.
        response = await self._session._request(
            "GET",  # the exchange holds the true one; aiohttp asks for nothing but connections
            exchange.route.url,
            data=exchange,
            allow_redirects=False,
            timeout=_client_timeout(policy.timeouts.connect),
        )
        return cast("WireResponse", response)


def _with_content(request: Request, path: str) -> Request:
    """Read the file that a request sends."""
    try:
        return msgspec.structs.replace(request, content=Path(path).read_bytes(), content_file=None)
    except OSError as error:
        raise TransportError(ErrorKind.READ, f"body_file {path}: {error.strerror}") from None


@lru_cache(maxsize=16)
def _client_timeout(connect: float | None) -> aiohttp.ClientTimeout:
    # The total is fetchcli's own; an infinite threshold stops aiohttp from rounding to whole seconds.
    return aiohttp.ClientTimeout(total=None, connect=connect, ceil_threshold=float("inf"))


async def _discard(exchange: Exchange) -> None:
    """Read the small body of a redirect, so that its connection can be used again; nothing hangs on it."""
    size = 0
    with suppress(TransportError, aiohttp.ClientError, OSError):  # a TimeoutError is an OSError
        async with asyncio.timeout(REDIRECT_BODY_SECONDS):
            while (chunk := await exchange.read()) and size < REDIRECT_BODY_LIMIT:
                size += len(chunk)


def _response(answer: WireResponse, body: Body, hops: Hops) -> Response:
    exchange, began = hops.exchange, hops.began
    content_type = answer.head.fields.get(b"content-type", (b"",))[0]
    return Response(
        answer.status,
        hops.url.text,
        Timings(
            exchange.resolved and exchange.resolved - began,
            exchange.connected and exchange.connected - began,
            exchange.secured and exchange.secured - began,
            exchange.first_byte - began,
            time.monotonic() - began,
        ),
        tuple(hops.taken),
        content_type.decode("utf-8", "surrogateescape"),
        exchange.peer,
        body.wire,
        body.decoded,
        body.sha256,
        exchange.reader.length_verified,
        body.unknown_coding,
        answer.head.fields,
        None if body.kept is None else bytes(body.kept),
        exchange.cert_expires,
    )
