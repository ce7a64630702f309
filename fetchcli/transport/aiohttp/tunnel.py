"""Connect through a proxy: CONNECT (RFC 9110 section 9.3.6) and SOCKS."""

import asyncio
import os
import socket

from fetchcli.core.errors import ErrorKind, Remedy, TransportError, UsageError
from fetchcli.core.http1.response import ResponseReader
from fetchcli.core.network.proxies import Proxy
from fetchcli.transport.lookup import Addresses


class TunnelProtocol(asyncio.Protocol):
    """Reads the response to CONNECT."""

    def __init__(self) -> None:
        self._reader = ResponseReader(to_head_request=True)  # what follows the head belongs to the tunnel
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.opened.add_done_callback(
            lambda opened: opened.cancelled() or opened.exception()
        )  # it may never be awaited

    def data_received(self, data: bytes) -> None:
        """Check the response once its head is complete."""
        if self.opened.done():
            return
        try:
            leftover = self._reader.feed(data)
            head = self._reader.head
            if head is None:
                return
            if not 200 <= head.status < 300:
                raise TransportError(ErrorKind.CONNECT, f"status {head.status} to CONNECT")
            if leftover:
                raise TransportError(ErrorKind.PROTOCOL, "bytes in the tunnel before it was used")
        except Exception as error:  # noqa: BLE001 - whoever waits is told, not the event loop
            self.opened.set_exception(error)
        else:
            self.opened.set_result(None)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The proxy closed the connection."""
        if not self.opened.done():
            self.opened.set_exception(exc or TransportError(ErrorKind.CONNECT, "connection closed at CONNECT"))


async def open_tunnel(  # noqa: PLR0913, PLR0917 - all that is sent
    transport: asyncio.Transport, protocol: TunnelProtocol, proxy: Proxy, host: str, port: int, user_agent: str
) -> None:
    """Ask a proxy for a tunnel.

    Args:
        transport: the connection to the proxy.
        protocol: its protocol.
        proxy: its credentials are sent to it alone.
        host: host of the origin.
        port: port of the origin.
        user_agent: the User-Agent field, or empty to send none.

    Raises:
        TransportError: the proxy refused, or its response is not HTTP.
        OSError: the connection broke.
    """
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    fields = {"Host": authority, "User-Agent": user_agent, "Proxy-Authorization": proxy.authorization}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    try:
        transport.write(f"CONNECT {authority} HTTP/1.1\r\n{lines}\r\n".encode("utf-8", "surrogateescape"))
        await protocol.opened
    except BaseException:
        transport.abort()
        raise


def require_socks() -> None:
    """Check that SOCKS is available.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        import python_socks  # noqa: F401
    except ImportError:
        raise UsageError("SOCKS proxies require an extra package: pip install 'fetchcli[socks]'") from None


async def through_socks(proxy: Proxy, proxy_addresses: Addresses, host: str, port: int) -> socket.socket:
    """Connect a socket to the origin through a SOCKS proxy.

    Args:
        proxy: the proxy.
        proxy_addresses: its addresses, tried in order.
        host: host of the origin: a name for the proxy to resolve, or an address.
        port: port of the origin.

    Raises:
        TransportError: `connect`: the proxy cannot be reached or refused.
        OSError: this machine lacks a resource.
    """
    try:
        require_socks()
    except UsageError as error:  # of one row: the proxy of the run was checked before
        raise TransportError(ErrorKind.INTERNAL, str(error), Remedy.NONE) from None
    from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
    from python_socks.async_.asyncio import Proxy as SocksProxy

    kind = ProxyType.SOCKS5 if proxy.scheme.startswith("socks5") else ProxyType.SOCKS4
    user, password = proxy.user or None, proxy.password or None
    last_error: Exception = TransportError(ErrorKind.CONNECT, "no address")
    for authority in proxy_addresses:
        client = SocksProxy(kind, authority, proxy.port, user, password, rdns=True)
        try:
            return await client.connect(host, port, timeout=NO_TIMEOUT)
        except ProxyConnectionError as error:
            last_error = OSError(error.errno, os.strerror(error.errno or 0))
        except (ProxyError, ProxyTimeoutError) as error:
            raise TransportError(ErrorKind.CONNECT, str(error)) from error
    raise last_error


NO_TIMEOUT = 86_400.0  # seconds: the connect timeout applies
