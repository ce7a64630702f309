"""A connection that knows whose answer it reads.

It leans on parts of aiohttp that are not public API: ``tests/transport/test_aiohttp_contract.py``
names each and fails when an upgrade moves one.
"""

import asyncio
import time

from aiohttp import ClientOSError
from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import _EXC_SENTINEL

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.exchange import Exchange

HEAD_LIMIT = 300 * 1024


class PooledProtocol(ResponseHandler):
    """Reads the answer to one request at a time.

    Bytes that answer nothing, because no request is open or because the answer was complete before
    them, end the connection: they can never be taken for the answer to the next URL (request
    smuggling, response desync).
    """

    peer = ""
    exchange: Exchange | None = None
    used = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the address that was really dialled."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""

    def begin(self, exchange: Exchange) -> None:
        """Expect the answer to this request from here on.

        Raises:
            TransportError: `protocol`, the server answered before it was asked.
        """
        exchange.reused = self.used
        exchange.peer = self.peer
        self.used = True
        self.exchange = exchange
        if self._buffer:
            raise TransportError(ErrorKind.PROTOCOL, "the server answered before it was asked")

    def end(self) -> None:
        """Expect nothing more."""
        self.exchange = None

    def close(self) -> None:
        """Close at once: nothing is left to send, and a TLS peer that never says goodbye is not waited for."""
        self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell a reset from an end: aiohttp takes both for the end of a body without a length."""
        if isinstance(exc, OSError):
            self._fail_body(ClientOSError(*exc.args), exc)
        super().connection_lost(exc)

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _EXC_SENTINEL) -> None:
        """Tell whoever reads the body too: aiohttp leaves them waiting when a later segment is malformed."""
        super().set_exception(exc, exc_cause)
        self._fail_body(exc, exc_cause)

    def _fail_body(self, exc: BaseException, exc_cause: BaseException) -> None:
        """Fail the body that is being read, if there is one that has neither ended nor failed."""
        payload = self._payload
        if payload is not None and payload.exception() is None and not payload.is_eof():
            payload.set_exception(exc, exc_cause)

    def data_received(self, data: bytes) -> None:
        """Note the first byte, and refuse what nobody asked for."""
        exchange = self.exchange
        if data:  # aiohttp calls with none to resume its parser
            if exchange is None:
                if self.used:
                    self.abort()
                    return
            elif not exchange.first_byte:
                exchange.first_byte = time.monotonic()
        super().data_received(data)
        if exchange is None:
            return
        if self.exchange is None:  # the answer ended here
            if self._has_leftover():
                self.abort()
        elif not exchange.body_began:
            self._bound_head(exchange, len(data))

    def _bound_head(self, exchange: Exchange, size: int) -> None:
        """Refuse a header section, interim responses included, that does not end (curl: 300 KB)."""
        exchange.head_received += size
        if exchange.head_received > HEAD_LIMIT and not self._buffer and self._exception is None:
            self.set_exception(TransportError(ErrorKind.TOO_LARGE, f"more than {HEAD_LIMIT} bytes of headers"))
            self.abort()

    def _has_leftover(self) -> bool:
        """Whether bytes followed the answer in the segment that ended it: a whole message, or part of one."""
        return bool(self._buffer or self._tail) or (self._parser is not None and self._parser.feed_eof() is not None)
