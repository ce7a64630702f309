"""aiohttp's connection pool, bounded, over fetchcli's own connections.

It relies on parts of aiohttp that are not public API: ``tests/transport/aiohttp/test_contract.py``
names each of them and fails when an upgrade changes one.
"""

from collections import deque
from time import monotonic
from typing import Any, cast

from aiohttp import BaseConnector, ClientConnectionError, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.aiohttp.dial import Dialer
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.protocol import PooledProtocol
from fetchcli.transport.aiohttp.wire import WireRequest
from fetchcli.transport.base import HopRequest
from fetchcli.transport.deadline import Deadline

MAX_IDLE_ONCE = 1.0  # seconds; a server that closes connections sooner than that keeps none


class PooledConnector(BaseConnector):
    """A connector that keeps about ``max_idle`` idle connections."""

    def __init__(self, dialer: Dialer, *, max_idle: int) -> None:
        # limit=0: the fetcher's semaphore is the limit, and nobody waits for a pool slot here.
        super().__init__(limit=0, timeout_ceil_threshold=float("inf"))
        self._dialer = dialer
        self._max_idle = max_idle

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout) -> Connection:
        """Take a connection from the pool, or make one.

        Raises:
            TransportError: see `Dialer.dial`; `timeout_connect`.
        """
        exchange, key = cast("WireRequest", req).exchange, req.connection_key
        if key in self._conns and self._may_reuse(exchange.request, key):
            connection = await self._get(key, traces)
            if connection is not None:
                return connection
        self._make_room()
        protocol = await self._dial(exchange)
        if self._closed:
            protocol.close()
            raise ClientConnectionError("the session is closed")
        self._acquired.add(protocol)
        return Connection(self, key, protocol, self._loop)

    def _may_reuse(self, request: HopRequest, key: ConnectionKey) -> bool:
        """Whether a request may use one of the idle connections; the best one is then the next to be taken."""
        idle = self._conns[key]
        if request.fresh:  # the server closes kept connections, so the others are closed as well
            for protocol, _ in self._conns.pop(key):
                protocol.close()
            return False
        return not request.once or self._offer_newest(idle, key)

    def _offer_newest(self, idle: deque[tuple[ResponseHandler, float]], key: ConnectionKey) -> bool:
        """Make the connection that was idle for the shortest time the next one; False if that was too long."""
        while idle and not idle[-1][0].is_connected():
            idle.pop()[0].close()
        if not idle:
            del self._conns[key]
        if not idle or monotonic() - idle[-1][1] >= MAX_IDLE_ONCE:
            return False
        idle.appendleft(idle.pop())
        return True

    async def _dial(self, exchange: Exchange) -> PooledProtocol:
        try:
            with Deadline(exchange.connect_timeout, exchange):
                return await self._dialer.dial(exchange)
        except TimeoutError:
            detail = f"no connection within --connect-timeout ({exchange.phase})"
            raise TransportError(ErrorKind.TIMEOUT_CONNECT, detail) from None

    def _make_room(self) -> None:
        """Close the connections that were idle the longest: only new connections let the pool grow."""
        while sum(map(len, self._conns.values())) > self._max_idle:
            key, idle = next(iter(self._conns.items()))
            idle.popleft()[0].close()
            if not idle:
                del self._conns[key]
