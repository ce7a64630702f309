"""The hop transport over one ``aiohttp.ClientSession``.

The session owns the connector, and the connector the connections. Hops ask the connector for them: what
``session.request`` would do besides (URLs, headers, cookies, redirects, timers) is settled before.
No exception of the operating system or of TLS leaves this package: what fails is a `TransportError`.
"""

import asyncio
from functools import lru_cache, partial

import aiohttp

from fetchcli.core.errors import TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.policy import Policy, Timeouts
from fetchcli.core.network.proxies import SOCKS
from fetchcli.transport.aiohttp.connector import PooledConnector
from fetchcli.transport.aiohttp.dial import Dialer
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import classify
from fetchcli.transport.aiohttp.pool import max_idle
from fetchcli.transport.aiohttp.route import Routes
from fetchcli.transport.aiohttp.tunnel import require_socks
from fetchcli.transport.base import HopRequest, SharedFields
from fetchcli.transport.resolver import Resolvers

ROW_NETWORKS = 256  # networks of rows whose routes are remembered


class AiohttpHop(Exchange):
    """One hop over aiohttp; see `transport.base.Hop`.

    Attributes:
        connector: of the session; has the connections.
    """

    __slots__ = ("connector",)

    connector: PooledConnector

    async def open(self) -> Head:
        """See `transport.base.Hop`."""
        try:
            if not self.connector.begin_over_idle(self):
                await self.connector.begin(self)
            return await self.read_head()
        except BaseException as error:
            self.close()
            if isinstance(error, Exception):
                raise TransportError.of(classify(error, self)) from error
            raise


class AiohttpHops:
    """Makes hops over one session; create it inside a running event loop."""

    def __init__(self, policy: Policy) -> None:
        if SOCKS & policy.network.proxies.schemes:
            require_socks()
        self._loop = asyncio.get_running_loop()
        self._field_lines = lru_cache(maxsize=16)(_field_lines)
        self._network = policy.network
        self._routes = Routes(policy.network)
        self._row_routes = lru_cache(maxsize=ROW_NETWORKS)(partial(Routes, shared=False))
        self._resolvers = Resolvers(policy.network.dns_servers)
        dialer = Dialer(policy.network, self._resolvers, policy.tls)
        self.connector = PooledConnector(dialer, max_idle=max_idle(policy.concurrency))
        self.session = aiohttp.ClientSession(connector=self.connector, cookie_jar=aiohttp.DummyCookieJar())

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
        hop = AiohttpHop(route, head.encode("utf-8", "surrogateescape"), request, timeouts, self._loop)
        hop.connector = self.connector
        return hop

    async def close(self) -> None:
        """Close every connection, and the resolver."""
        await self.session.close()
        await self._resolvers.close()


def _field_lines(shared: SharedFields) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in shared.fields)
