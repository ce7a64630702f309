"""aiohttp's connector with a bounded pool, clean connections, and times for every phase.

It leans on parts of aiohttp that are not public API: ``tests/transport/test_aiohttp_contract.py``
names each and fails when an upgrade moves one.
"""

import asyncio
import functools
import time
from typing import Any, cast

import aiohappyeyeballs
from aiohttp import ClientConnectorError, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import Connection

from fetchcli.transport.protocol import PooledProtocol
from fetchcli.transport.wire import WireRequest

HANDSHAKE_SECONDS = 86_400.0  # the connect timeout rules, not asyncio's 60 seconds


class PooledConnector(TCPConnector):
    """A connector that keeps few connections for later, about ``max_idle`` and those in use at most."""

    def __init__(self, *, resolver: AbstractResolver, max_idle: int) -> None:
        # limit=0: the semaphore of the fetcher is the cap, and nobody waits for a pool slot here.
        super().__init__(resolver=resolver, limit=0, timeout_ceil_threshold=float("inf"))
        self._factory = cast("functools.partial[ResponseHandler]", functools.partial(PooledProtocol, loop=self._loop))
        self._max_idle = max_idle

    async def connect(self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout) -> Connection:
        """Take a connection from the pool or make one; for a fresh one the host's idle ones are given up."""
        if cast("WireRequest", req).exchange.fresh:
            for protocol, _ in self._conns.pop(req.connection_key, ()):
                protocol.close()
        return await super().connect(req, traces, timeout)

    async def _create_connection(
        self, req: ClientRequest, traces: list[Any], timeout: ClientTimeout
    ) -> ResponseHandler:
        """Make room in the pool, then connect: the pool grows by new connections only."""
        while sum(map(len, self._conns.values())) > self._max_idle:
            key, idle = next(iter(self._conns.items()))
            idle.popleft()[0].close()
            if not idle:
                del self._conns[key]
        return await super()._create_connection(req, traces, timeout)

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        cast("PooledProtocol", protocol).end()
        super()._release(key, protocol, should_close=should_close)

    async def _wrap_create_connection(
        self,
        *args: Any,
        addr_infos: list[Any],
        req: ClientRequest,
        timeout: ClientTimeout,
        client_error: type[Exception] = ClientConnectorError,
        **kwargs: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        """Connect as aiohttp does (RFC 8305 happy eyeballs), and note when each phase was over."""
        exchange = cast("WireRequest", req).exchange
        exchange.resolved = exchange.resolved or time.monotonic()
        exchange.connected = 0.0  # this is about the next address
        if kwargs.get("ssl"):
            kwargs["ssl_handshake_timeout"] = HANDSHAKE_SECONDS
        try:
            sock = await aiohappyeyeballs.start_connection(
                addr_infos=addr_infos, happy_eyeballs_delay=self._happy_eyeballs_delay, loop=self._loop
            )
            exchange.connected = time.monotonic()
            transport, protocol = await self._loop.create_connection(*args, **kwargs, sock=sock)
        except OSError as error:
            if isinstance(error, TimeoutError) and error.errno is None:
                raise
            raise client_error(req.connection_key, error) from error
        if kwargs.get("ssl"):
            exchange.secured = time.monotonic()
        return transport, protocol
