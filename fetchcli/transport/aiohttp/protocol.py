"""A pooled connection and the exchange that uses it.

It replaces aiohttp's protocol and parser: the session and the pool drive it, and the bytes go to
`core.http1`. It relies on parts of aiohttp that are not public API:
``tests/transport/aiohttp/test_contract.py`` names each of them and fails when an upgrade changes one.
"""

import asyncio
import ssl
from typing import Any

from aiohttp import ServerDisconnectedError
from aiohttp.base_protocol import BaseProtocol
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from fetchcli.core.errors import TransportError
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import classify


class PooledProtocol(ResponseHandler):
    """Reads the response to one request at a time.

    Bytes that belong to no response close the connection: they can never be taken for the response to
    the next request (request smuggling, response desync).
    """

    peer = ""
    cert_expires = 0.0
    exchange: Exchange | None = None
    used = False
    _early = b""
    _ended_by: BaseException | None = None
    _pool_connection: Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Record the dialled address, and when its certificate expires."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if isinstance(peer, tuple) else ""
        if certificate := transport.get_extra_info("peercert"):  # empty if it was not verified
            self.cert_expires = float(ssl.cert_time_to_seconds(certificate["notAfter"]))

    def set_response_params(self, **_parameters: Any) -> None:
        """Make no parser: aiohttp would build one for every request."""

    def begin(self, exchange: Exchange, connection: Connection) -> None:
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
        self._pool_connection = connection
        exchange.use(self)
        if (recorder := exchange.request.recorder) is not None:
            recorder.request(exchange.head + (exchange.request.content or b""), self.peer)
        if self.transport is None:
            self._read_early()
            self._end(self._ended_by)
            return
        content = exchange.request.content
        if content is None:
            self.transport.write(exchange.head)
        else:
            self.transport.writelines((exchange.head, content))
        self._read_early()

    def _read_early(self) -> None:
        """Take what arrived before the request as the start of its response."""
        if self._early:
            early, self._early = self._early, b""
            self._should_close = True
            self.data_received(early)

    @property
    def should_close(self) -> bool:
        """Whether the connection can serve no other request."""
        return self._should_close or self.exchange is not None

    def release(self) -> None:
        """Return the connection to the pool, or close it if it can serve no other request."""
        held, self._pool_connection = self._pool_connection, None
        if held is not None:
            held.release()

    def discard(self) -> None:
        """Close the connection, whatever would still arrive."""
        held, self._pool_connection = self._pool_connection, None
        if held is not None:
            held.close()

    def close(self) -> None:
        """Close at once: nothing is left to send, and a TLS close_notify is not waited for."""
        self.abort()

    @property
    def unsent(self) -> int:
        """Bytes of the request that the socket has not taken yet."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def pause(self) -> None:
        """Stop reading from the socket."""
        self._pause_transport_reading()

    def resume(self) -> None:
        """Read from the socket again."""
        self._resume_transport_reading()

    def data_received(self, data: bytes) -> None:
        """Hand a segment to the current exchange; close the connection if there is none any more."""
        exchange = self.exchange
        if exchange is None:
            if self.used:
                self.abort()
            else:
                self._early += data
            return
        try:
            leftover = exchange.feed(data)
        except Exception as error:  # noqa: BLE001 - a bug is one outcome, and the event loop never hears of it
            self._should_close = True
            exchange.fail(TransportError.of(classify(error, exchange)))
            self.abort()
            return
        if exchange.reader.complete:
            self.exchange = None
            # A request that was answered before it was sent completely would run into the next one.
            self._should_close = (
                self._should_close
                or leftover
                or self.unsent > 0
                or exchange.request.last
                or not exchange.reader.reusable
            )
            exchange.done()

    def eof_received(self) -> None:
        """The transport closes itself, but waits until everything is sent, which the server may never read."""
        if self.unsent:
            self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell a reset from an orderly end: only the latter ends a body without a length."""
        self._connection_lost_called = True
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
        BaseProtocol.connection_lost(self, exc)
        self._ended_by = exc
        self._end(exc)

    def _end(self, exc: BaseException | None) -> None:
        """The connection has ended: so has the current exchange."""
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            if exc is None:
                exchange.reader.feed_end()
            exchange.fail(TransportError.of(classify(exc or ServerDisconnectedError(), exchange)))
