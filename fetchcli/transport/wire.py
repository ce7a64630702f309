"""The request and response classes that fetchcli hands to ``aiohttp.ClientSession``.

The session, its connector, its protocol and its parser do the work; these two replace the parts
that would rebuild what fetchcli has settled already (headers, cookies, the request target) and save a
third of the cost of a small request. They lean on parts of aiohttp that are not public API:
``tests/transport/test_aiohttp_contract.py`` names each and fails when an upgrade moves one.
"""

import time
from functools import lru_cache
from ssl import SSLContext
from typing import Any, cast

from aiohttp import ClientRequest, ClientResponse, ClientSession, Fingerprint, ServerDisconnectedError
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.helpers import TimerNoop
from yarl import URL

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.exchange import Exchange
from fetchcli.transport.protocol import PooledProtocol

MOST_INTERIM = 100
NO_BODY = frozenset({204, 304})
_NO_TIMER = TimerNoop()


@lru_cache(maxsize=4096)
def _connection_key(url: URL, ssl: "SSLContext | bool | Fingerprint") -> ConnectionKey:
    return ConnectionKey(url.raw_host or "", url.port, url.scheme == "https", ssl, None, None, None, None)


class WireResponse(ClientResponse):
    """A response whose body is read by fetchcli: no cookies, no charset, no history."""

    def __init__(self, request: "WireRequest", session: ClientSession) -> None:
        self.method = request.method
        self._url = self._real_url = request.url
        self._cache: dict[str, Any] = {}
        self._traces = []
        self._timer = _NO_TIMER
        self._loop = request.loop
        self._session = session
        self._exchange = request.exchange

    async def start(self, connection: Connection) -> "WireResponse":
        """Wait for the header section of the final response (1xx are skipped)."""
        self._closed = False
        self._connection = connection
        protocol = cast("PooledProtocol", connection.protocol)
        self._protocol = protocol
        message, payload = await protocol.read()
        interim = 0
        while message.code < 200:
            interim += 1
            if message.code == 101:
                raise TransportError(ErrorKind.PROTOCOL, "status 101 to a request that asked for no upgrade")
            if interim > MOST_INTERIM:
                raise TransportError(ErrorKind.TOO_LARGE, f"more than {MOST_INTERIM} interim responses (1xx)")
            message, payload = await protocol.read()
        self._exchange.body_began = time.monotonic()
        if message.code in NO_BODY and ("Content-Length" in message.headers or "Transfer-Encoding" in message.headers):
            protocol.force_close()  # a body that must not be there may still come
        payload.on_eof(self._response_eof)
        self.version, self.status, self.reason = message.version, message.code, message.reason
        self._headers, self._raw_headers = message.headers, message.raw_headers
        self.content = payload
        return self


class WireRequest(ClientRequest):
    """A request whose bytes are settled: ``data`` of ``session.request`` is its `Exchange`."""

    def __init__(self, method: str, url: URL, *, data: Exchange, **session_options: Any) -> None:
        self.method = method
        self.url = self.original_url = url
        self.exchange = data
        self.loop = session_options["loop"]
        self._session = session_options["session"]
        self._ssl = session_options["ssl"]
        self._timer = _NO_TIMER
        self.proxy = self.proxy_auth = self.proxy_headers = self.server_hostname = None

    @property
    def connection_key(self) -> ConnectionKey:
        """What connections are pooled by."""
        return _connection_key(self.url, self._ssl)

    async def send(self, conn: Connection) -> WireResponse:
        """Write the request; the head of a GET fits any socket buffer, so there is no waiting."""
        protocol = cast("PooledProtocol", conn.protocol)
        protocol.begin(self.exchange)
        transport = protocol.transport
        if transport is None:  # the server closed between the pool and here
            raise ServerDisconnectedError
        self.exchange.sent = time.monotonic()
        transport.write(self.exchange.head)
        protocol.start_timeout()
        return WireResponse(self, self._session)
