"""The request and response classes for ``aiohttp.ClientSession``.

They replace the parts of the session that would rebuild what is settled already (headers, cookies,
the request target). They rely on parts of aiohttp that are not public API:
``tests/transport/aiohttp/test_contract.py`` names each of them and fails when an upgrade changes one.
"""

from typing import Any, cast

from aiohttp import ClientRequest, ClientResponse
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from yarl import URL

from fetchcli.core.http1.head import Head
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.protocol import PooledProtocol


class WireResponse(ClientResponse):
    """A response whose head and body fetchcli reads itself."""

    head: Head

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def start(self, connection: Connection) -> "WireResponse":  # noqa: ARG002 - the exchange knows it
        """Wait for the head of the final response (1xx are skipped)."""
        self.head = await self.exchange.read_head()
        self.status = self.head.status
        return self

    def close(self) -> None:
        """Close the connection if the response is not complete."""
        self.exchange.close()


class WireRequest(ClientRequest):
    """A request that is settled to the byte: ``data`` of ``session.request`` is its `Exchange`."""

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
