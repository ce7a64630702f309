"""A pooled connection and the exchange that uses it; the bytes go to `core.http1`."""

import asyncio
import ssl
from collections.abc import Hashable
from contextlib import suppress
from functools import lru_cache
from typing import cast

from fetchcli.core.errors import TransportError
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import ConnectionEndedError, classify
from fetchcli.transport.aiohttp.pool import IdlePool


class PooledProtocol(asyncio.Protocol):
    """Reads the response to one request at a time.

    Bytes that belong to no response close the connection: they can never be taken for the response to
    the next request (request smuggling, response desync).

    Attributes:
        transport: the connection, or None once it has ended.
        peer: the address that was dialled.
        cert_expires: when the certificate expires (seconds since the epoch), or 0 if none was verified.
        exchange: the exchange that uses it, or None.
        used: it has served a request.
    """

    transport: asyncio.Transport | None = None
    peer = ""
    cert_expires = 0.0
    exchange: Exchange | None = None
    used = False
    _pool: "IdlePool[PooledProtocol] | None" = None
    _key: Hashable = None
    _early = b""
    _is_spent = False
    _ended_by: BaseException | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Record the dialled address, and when its certificate expires."""
        self.transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        if certificate := transport.get_extra_info("peercert"):  # empty if it was not verified
            self.cert_expires = _seconds(certificate["notAfter"])

    def is_connected(self) -> bool:
        """Whether it is open."""
        return self.transport is not None and not self.transport.is_closing()

    def join(self, pool: "IdlePool[PooledProtocol]", key: Hashable) -> None:
        """Belong to a pool, which gets the connection after each request."""
        self._pool, self._key = pool, key

    def begin(self, exchange: Exchange) -> None:
        """Send a request and expect its response.

        A server that speaks before it was asked is taken to answer, whether its bytes arrive before the request
        leaves or after: nobody can tell these apart.
        """
        exchange.reused = self.used
        exchange.peer = self.peer
        if exchange.route.scheme == "https":  # otherwise it is the proxy's
            exchange.cert_expires = self.cert_expires
        self.used = True
        self.exchange = exchange
        exchange.use(self)
        if (recorder := exchange.request.recorder) is not None:
            recorder.request(exchange.head + (exchange.request.content or b""), self.peer)
        if self.transport is None:
            if self._early:
                self._read_early()
            self._end(self._ended_by)
            return
        content = exchange.request.content
        if content is None:
            self.transport.write(exchange.head)
        else:
            self.transport.writelines((exchange.head, content))
        if self._early:
            self._read_early()

    def _read_early(self) -> None:
        """Take what arrived before the request as the start of its response."""
        early, self._early = self._early, b""
        self._is_spent = True
        self.data_received(early)

    def release(self) -> None:
        """Return the connection to the pool, or close it if it can serve no other request."""
        if self._pool is None or self._is_spent or self.exchange is not None:
            self.close()
        else:
            self._pool.put(self._key, self)

    def discard(self) -> None:
        """Close the connection, whatever would still arrive."""
        self._is_spent = True
        self.close()

    def close(self) -> None:
        """Close at once: nothing is left to send, and a TLS close_notify is not waited for."""
        if self.transport is not None:
            self.transport.abort()

    @property
    def unsent(self) -> int:
        """Bytes of the request that the socket has not taken yet."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def pause(self) -> None:
        """Stop reading from the socket."""
        with suppress(RuntimeError):  # the connection is just ending
            if self.transport is not None:
                self.transport.pause_reading()

    def resume(self) -> None:
        """Read from the socket again."""
        with suppress(RuntimeError):
            if self.transport is not None:
                self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Hand a segment to the current exchange; close the connection if there is none any more."""
        exchange = self.exchange
        if exchange is None:
            if self.used:
                self.close()
            else:
                self._early += data
            return
        try:
            leftover = exchange.feed(data)
        except Exception as error:  # noqa: BLE001 - a bug is one outcome, and the event loop never hears of it
            self._is_spent = True
            exchange.fail(TransportError.of(classify(error, exchange)))
            self.close()
            return
        if exchange.reader.complete:
            self.exchange = None
            # A request that was answered before it was sent completely would run into the next one.
            self._is_spent = (
                self._is_spent or leftover or self.unsent > 0 or exchange.request.last or not exchange.reader.reusable
            )
            exchange.done()

    def eof_received(self) -> None:
        """The transport closes itself, but waits until everything is sent, which the server may never read."""
        if self.unsent:
            self.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell a reset from an orderly end: only the latter ends a body without a length."""
        self.transport = None
        self._ended_by = exc
        if self._pool is not None:
            self._pool.discard(self)
            self._pool = None
        self._end(exc)

    def _end(self, exc: BaseException | None) -> None:
        """The connection has ended: so has the current exchange."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            if exc is None:
                exchange.reader.feed_end()
            exchange.fail(TransportError.of(classify(exc or ConnectionEndedError(), exchange)))


@lru_cache(maxsize=256)
def _seconds(text: str) -> float:
    """Seconds since the epoch of a time in a certificate; those of one certificate are met again and again."""
    return float(ssl.cert_time_to_seconds(text))
