"""aiohttp's connection pool, bounded, over fetchcli's own connections.

It relies on parts of aiohttp that are not public API: ``tests/transport/aiohttp/test_contract.py``
names each of them and fails when an upgrade changes one.
"""

from typing import Any, cast

from aiohttp import BaseConnector, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection

from fetchcli.transport.aiohttp.dial import Dialer
from fetchcli.transport.aiohttp.wire import WireRequest


class PooledConnector(BaseConnector):
    """A connector that keeps about ``max_idle`` idle connections."""

    def __init__(self, dialer: Dialer, *, max_idle: int) -> None:
        # limit=0: the fetcher's semaphore is the limit, and nobody waits for a pool slot here.
        super().__init__(limit=0, timeout_ceil_threshold=float("inf"))
        self._dialer = dialer
        self._max_idle = max_idle

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout) -> Connection:
        """Take a connection from the pool or make one; a fresh one closes the idle ones of the host."""
        if cast("WireRequest", req).exchange.request.fresh:
            for protocol, _ in self._conns.pop(req.connection_key, ()):
                protocol.close()
        return await super().connect(req, traces, timeout)

    async def _create_connection(
        self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout
    ) -> ResponseHandler:
        """Make room in the pool, then connect: only new connections let the pool grow."""
        while sum(map(len, self._conns.values())) > self._max_idle:
            key, idle = next(iter(self._conns.items()))
            idle.popleft()[0].close()
            if not idle:
                del self._conns[key]
        return await self._dialer.dial(cast("WireRequest", req).exchange)
