"""The request and response classes that fetchcli hands to ``aiohttp.ClientSession``.

The session and its connector do the work; these two replace the parts that would rebuild what
fetchcli has settled already (headers, cookies, the request target). They lean on parts of aiohttp
that are not public API: ``tests/transport/test_aiohttp_contract.py`` names each and fails when an
upgrade moves one.
"""

from typing import Any, cast

from aiohttp import ClientRequest, ClientResponse
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from yarl import URL

from fetchcli.core.http1 import Head
from fetchcli.transport.exchange import Exchange
from fetchcli.transport.protocol import PooledProtocol


class WireResponse(ClientResponse):
    """A response whose head and body are read by fetchcli."""

    head: Head

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def start(self, connection: Connection) -> "WireResponse":  # noqa: ARG002 - the exchange knows it
        """Wait for the header section of the final response (1xx are skipped)."""
        self.head = await self.exchange.read_head()
        self.status = self.head.status
        return self

    def close(self) -> None:
        """Close the connection, where the answer did not come whole."""
        self.exchange.close()


class WireRequest(ClientRequest):
    """A request whose bytes are settled: ``data`` of ``session.request`` is its `Exchange`."""

    def __init__(self, method: str, url: URL, *, data: Exchange, **_session_options: Any) -> None:
        self.method = method
        self.url = url
        self.exchange = data
        self.proxy = None  # the exchange knows the route

    @property
    def connection_key(self) -> ConnectionKey:
        """What connections are pooled by."""
        return self.exchange.route.key

    async def send(self, conn: Connection) -> WireResponse:
        """Write the request; there is no waiting for a socket buffer."""
        cast("PooledProtocol", conn.protocol).begin(self.exchange, conn)
        return WireResponse(self.exchange)
