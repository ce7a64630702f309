"""The hop transport over one ``aiohttp.ClientSession``.

The session and its pool manage connections; the bytes of requests and responses are fetchcli's own.
No exception of aiohttp leaves this package: what fails is a `TransportError` with its kind.
"""

from functools import lru_cache, partial
from typing import cast

import aiohttp

from fetchcli.core.errors import TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.policy import Policy, Timeouts
from fetchcli.core.network.proxies import SOCKS
from fetchcli.transport.aiohttp.connector import PooledConnector
from fetchcli.transport.aiohttp.dial import Dialer
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import classify
from fetchcli.transport.aiohttp.route import Routes
from fetchcli.transport.aiohttp.tunnel import require_socks
from fetchcli.transport.aiohttp.wire import WireRequest, WireResponse
from fetchcli.transport.base import HopRequest, SharedFields
from fetchcli.transport.resolver import Resolvers

ROW_NETWORKS = 256  # networks of rows whose routes are remembered
NO_TIMEOUT = aiohttp.ClientTimeout(total=None)  # the limits are fetchcli's own: they read the sockets before they judge


class AiohttpHop(Exchange):
    """One hop over aiohttp; see `transport.base.Hop`.

    Attributes:
        session: sends the request.
    """

    __slots__ = ("session",)

    session: aiohttp.ClientSession

    async def open(self) -> Head:
        """See `transport.base.Hop`."""
        try:
            # `request` would only wrap this for `async with`.
            response = await self.session._request(
                "GET",  # only the connection depends on it; the exchange holds the real method
                self.route.url,
                data=self,
                allow_redirects=False,
                timeout=NO_TIMEOUT,
            )
        except Exception as error:
            raise TransportError.of(classify(error, self)) from error
        return cast("WireResponse", response).head


class AiohttpHops:
    """Makes hops over one session; create it inside a running event loop."""

    def __init__(self, policy: Policy) -> None:
        if SOCKS & policy.network.proxies.schemes:
            require_socks()
        self._field_lines = lru_cache(maxsize=16)(_field_lines)
        self._network = policy.network
        self._routes = Routes(policy.network)
        self._row_routes = lru_cache(maxsize=ROW_NETWORKS)(partial(Routes, shared=False))
        self._resolvers = Resolvers(policy.network.dns_servers)
        dialer = Dialer(policy.network, self._resolvers, policy.tls)
        self.session = aiohttp.ClientSession(
            connector=PooledConnector(dialer, max_idle=policy.concurrency),
            request_class=WireRequest,
            response_class=WireResponse,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        # A request is sent once: the session would retry it silently.
        self.session._retry_connection = False

    def hop(self, request: HopRequest, timeouts: Timeouts) -> AiohttpHop:
        """See `transport.base.HopTransport`."""
        url = request.url
        routes = self._routes if request.network is self._network else self._row_routes(request.network)
        route = routes.to(url)
        lines = self._field_lines(request.shared)
        if request.authorization:
            lines += f"Authorization: {request.authorization}\r\n"
        if request.cookie:
            lines += f"Cookie: {request.cookie}\r\n"
        for name, value in request.more:
            lines += f"{name}: {value}\r\n"
        target = url.target
        if route.forwarded:
            target = f"http://{url.authority}{target}"
            # In a tunnel it would reach the origin; there it is sent to the proxy when the tunnel is opened.
            if route.proxy is not None and route.proxy.authorization:
                lines += f"Proxy-Authorization: {route.proxy.authorization}\r\n"
        head = f"{request.method} {target} HTTP/1.1\r\nHost: {request.host}\r\n{lines}\r\n"
        hop = AiohttpHop(route, head.encode("utf-8", "surrogateescape"), request, timeouts)
        hop.session = self.session
        return hop

    async def close(self) -> None:
        """Close every connection, and the resolver."""
        await self.session.close()
        await self._resolvers.close()


def _field_lines(shared: SharedFields) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in shared.fields)
