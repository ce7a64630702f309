"""The connector of the session: fetchcli's own connections, in a pool of its own."""

from collections.abc import Awaitable

from aiohttp import BaseConnector

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.aiohttp.dial import Dialer
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.pool import MAX_IDLE_SECONDS, IdlePool
from fetchcli.transport.aiohttp.protocol import PooledProtocol
from fetchcli.transport.deadline import Timers

MAX_IDLE_ONCE = 1.0  # seconds; a server that closes connections sooner than that keeps none


class PooledConnector(BaseConnector):
    """Takes connections from the pool, or makes them.

    Args:
        dialer: makes connections.
        max_idle: how many idle ones are kept.

    Attributes:
        pool: the idle connections.
    """

    def __init__(self, dialer: Dialer, *, max_idle: int) -> None:
        super().__init__()
        self._dialer = dialer
        self._timers = Timers()
        self.pool: IdlePool[PooledProtocol] = IdlePool(max_idle)

    def begin_over_idle(self, exchange: Exchange) -> bool:
        """Send the request of an exchange over an idle connection; return whether there is one."""
        if (protocol := self._idle(exchange)) is None:
            return False
        protocol.begin(exchange)
        return True

    async def begin(self, exchange: Exchange) -> None:
        """Send the request of an exchange over a new connection.

        Raises:
            TransportError: see `Dialer.dial`; `timeout_connect`.
        """
        protocol = await self._dial(exchange)
        if self.closed:
            protocol.close()
            raise TransportError(ErrorKind.CANCELLED, "the run has ended")
        protocol.begin(exchange)

    def close(self, *, abort_ssl: bool = False) -> Awaitable[None]:
        """Close all idle connections, and keep none from now on."""
        self.pool.close()
        return super().close(abort_ssl=abort_ssl)

    def _idle(self, exchange: Exchange) -> PooledProtocol | None:
        """An idle connection that the request may use."""
        request, key = exchange.request, exchange.route.key
        if request.fresh:  # the server closes kept connections, so the others are closed as well
            self.pool.drop(key)
            return None
        return self.pool.take(key, MAX_IDLE_ONCE if request.once else MAX_IDLE_SECONDS)

    async def _dial(self, exchange: Exchange) -> PooledProtocol:
        try:
            with self._timers.deadline(exchange.connect_timeout, exchange):
                protocol = await self._dialer.dial(exchange)
        except TimeoutError:
            detail = f"no connection within --connect-timeout ({exchange.phase})"
            raise TransportError(ErrorKind.TIMEOUT_CONNECT, detail) from None
        protocol.join(self.pool, exchange.route.key)
        return protocol
