"""A connection that knows whose answer it reads.

It leans on parts of aiohttp that are not public API: ``tests/transport/test_aiohttp_contract.py``
names each and fails when an upgrade moves one.
"""

import asyncio
import time

from aiohttp.client_proto import ResponseHandler
from aiohttp.helpers import _EXC_SENTINEL

from fetchcli.transport.exchange import Exchange


class PooledProtocol(ResponseHandler):
    """Reads the answer to one request at a time.

    Bytes that come while no request is open answer nothing: the connection is dropped, so that
    they can never be taken for the answer to the next URL (request smuggling, response desync).
    """

    peer = ""
    exchange: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the address that was really dialled."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""

    def begin(self, exchange: Exchange) -> None:
        """Expect the answer to this request from here on."""
        self.exchange = exchange

    def end(self) -> None:
        """Expect nothing more."""
        self.exchange = None

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _EXC_SENTINEL) -> None:
        """Tell whoever reads the body too: aiohttp leaves them waiting when a later segment is malformed."""
        super().set_exception(exc, exc_cause)
        payload = self._payload
        if payload is not None and payload.exception() is None and not payload.is_eof():
            payload.set_exception(exc, exc_cause)

    def data_received(self, data: bytes) -> None:
        """Note the first byte, and refuse what nobody asked for."""
        exchange = self.exchange
        if data:  # aiohttp calls with none to resume its parser
            if exchange is None:
                self.abort()
                return
            if not exchange.first_byte:
                exchange.first_byte = time.monotonic()
        super().data_received(data)
        if self.exchange is None and self._buffer:
            self.abort()  # a second response in the bytes that ended the first
