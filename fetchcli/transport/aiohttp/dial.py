"""Make connections: resolve, check the address, TCP, proxy, TLS; and record when each phase was done."""

import asyncio
import socket
import ssl
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import aiohappyeyeballs

from fetchcli.core.errors import ErrorKind, Remedy, TransportError
from fetchcli.core.model.policy import Network, Tls
from fetchcli.core.network.addresses import refusal
from fetchcli.core.network.overrides import detoured, pinned
from fetchcli.core.network.proxies import SOCKS, Proxy
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import classify
from fetchcli.transport.aiohttp.protocol import PooledProtocol
from fetchcli.transport.aiohttp.route import Route
from fetchcli.transport.aiohttp.tunnel import TunnelProtocol, open_tunnel, through_socks
from fetchcli.transport.lookup import Addresses
from fetchcli.transport.resolver import Resolvers
from fetchcli.transport.tls import default_context, make_context
from fetchcli.transport.tls_sessions import TlsSessions
from fetchcli.transport.tls_stream import ResumptionError, TlsStream

HAPPY_EYEBALLS_SECONDS = 0.25  # RFC 8305 section 8


class Dialer:
    """Connects; every address is checked before it is dialled.

    Args:
        network: the network of the run, for what rows cannot override.
        resolvers: resolve names.
        tls: how servers are authenticated.
    """

    def __init__(self, network: Network, resolvers: Resolvers, tls: Tls) -> None:
        self._rules, self._unix_socket = network.addresses, network.unix_socket
        self._resolvers = resolvers
        resolvers.of_family(network.family)  # whether the DNS servers can be asked is known before the run
        self._tls = tls
        self._context = None if tls == Tls() else make_context(tls)  # files are read before the run
        self._context_of_proxies: ssl.SSLContext | None = None
        self._sessions = TlsSessions()
        self._loop = asyncio.get_running_loop()

    async def dial(self, exchange: Exchange) -> PooledProtocol:
        """Connect for an exchange.

        Raises:
            TransportError: `dns`, `blocked`, `connect`, `tls`, or `internal` if this machine is the cause.
            TimeoutError: the time limit of the caller.
        """
        try:
            try:
                return await self._dial(exchange.route, exchange)
            except ResumptionError:  # a server may refuse what it does not know, instead of a full handshake
                return await self._dial(exchange.route, exchange)
        except TimeoutError as error:
            if error.errno is None:
                raise
            raise TransportError.of(classify(error, exchange)) from error  # ETIMEDOUT: the kernel gave up
        except OSError as error:
            raise TransportError.of(classify(error, exchange)) from error
        except ResumptionError as error:  # meanwhile another connection had a session to offer
            raise TransportError.of(classify(error.reason, exchange)) from error

    async def _dial(self, route: Route, exchange: Exchange) -> PooledProtocol:
        if self._unix_socket is not None:
            return await self._over_unix_socket(self._unix_socket, route, exchange)
        if route.proxy is None:
            return await self._directly(route, exchange)
        return await self._through_proxy(route.proxy, route, exchange)

    async def _directly(self, route: Route, exchange: Exchange) -> PooledProtocol:
        host, port = detoured(exchange.request.network.detours, route.host, route.port)
        addresses = await self._resolved(host, port, exchange)
        if len(addresses) > 1:
            return await self._secure(await self._raced(host, port, addresses, exchange), route, exchange)
        # There is nothing to race, so the event loop connects: for a third of the price.
        made = self._layers(route)
        try:
            (address,) = self._permitted(addresses)
            await self._loop.create_connection(lambda: made[0], address, port)
        except (OSError, TransportError):
            if not (others := await self._others(host, port, addresses, exchange)):
                raise
            return await self._secure(await self._socket(others, port, exchange), route, exchange)
        exchange.connected, exchange.peer = time.monotonic(), address
        return await self._established(made, exchange)

    async def _through_proxy(self, proxy: Proxy, route: Route, exchange: Exchange) -> PooledProtocol:
        host, port = detoured(exchange.request.network.detours, route.host, route.port)
        network = exchange.request.network
        if pinned(network.pins, host, port):
            host = (await self._addresses(host, port, network))[0]
        if proxy.scheme in SOCKS:
            return await self._through_socks(proxy, route, exchange, host, port)
        tls = (self._proxy_context(), proxy.host.rstrip("."), proxy) if proxy.scheme == "https" else None
        with _blame_proxy(proxy, exchange):
            sock = await self._tcp(proxy.host, proxy.port, exchange, check_address=False)
            if route.forwarded:
                protocol = PooledProtocol()
                await self._connect(sock, protocol, tls)
                return protocol
            tunnel = TunnelProtocol()
            transport = await self._connect(sock, tunnel, tls)
            fields = {name.lower(): value for name, value in exchange.request.shared.fields}
            await open_tunnel(transport, tunnel, proxy, host, port, fields.get("user-agent", ""))
            if transport.is_closing():  # nobody would tell the next protocol
                raise ConnectionResetError("connection closed")
        made = self._layers(route)
        transport.set_protocol(made[0])
        made[0].connection_made(transport)
        return await self._established(made, exchange)

    async def _through_socks(
        self, proxy: Proxy, route: Route, exchange: Exchange, host: str, port: int
    ) -> PooledProtocol:
        if proxy.scheme in {"socks4", "socks5"}:  # the others resolve names themselves
            addresses = await self._addresses(host, port, exchange.request.network)
            if proxy.scheme == "socks4":
                addresses = tuple(address for address in addresses if ":" not in address)
            if not addresses:
                detail = "name lookup failed: no IPv4 address, and socks4 supports only IPv4"
                raise TransportError(ErrorKind.DNS, detail, Remedy.NONE)
            host = min(addresses, key=lambda address: ":" in address)  # only one can be tried; more proxies have IPv4
        with _blame_proxy(proxy, exchange):
            proxy_addresses = await self._addresses(proxy.host, proxy.port, exchange.request.network)
            exchange.resolved = exchange.connected = time.monotonic()
            sock = await through_socks(proxy, proxy_addresses, host, port)
        return await self._secure(sock, route, exchange)

    async def _over_unix_socket(self, path: str, route: Route, exchange: Exchange) -> PooledProtocol:
        exchange.resolved = time.monotonic()
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await self._loop.sock_connect(sock, path)
        except BaseException:
            sock.close()
            raise
        exchange.connected = time.monotonic()
        return await self._secure(sock, route, exchange)

    async def _tcp(self, host: str, port: int, exchange: Exchange, *, check_address: bool = True) -> socket.socket:
        """Resolve a name, and connect a socket."""
        addresses = await self._resolved(host, port, exchange)
        return await self._raced(host, port, addresses, exchange, check_address=check_address)

    async def _resolved(self, host: str, port: int, exchange: Exchange) -> Addresses:
        addresses = await self._addresses(host, port, exchange.request.network)
        exchange.resolved = time.monotonic()
        return addresses

    async def _raced(
        self, host: str, port: int, addresses: Addresses, exchange: Exchange, *, check_address: bool = True
    ) -> socket.socket:
        """Connect a socket with Happy Eyeballs, over the permitted addresses."""
        try:
            return await self._socket(addresses, port, exchange, check_address=check_address)
        except (OSError, TransportError):  # refused, or not permitted: the slower family may do better
            if not (others := await self._others(host, port, addresses, exchange)):
                raise
        return await self._socket(others, port, exchange, check_address=check_address)

    async def _others(self, host: str, port: int, tried: Addresses, exchange: Exchange) -> Addresses:
        """The addresses of the slower family."""
        network = exchange.request.network
        if pinned(network.pins, host, port):
            return ()
        return await self._resolvers.of_family(network.family).others(host, tried)

    async def _socket(
        self, addresses: Addresses, port: int, exchange: Exchange, *, check_address: bool = True
    ) -> socket.socket:
        sock = await self._start_connection(addresses, port, check_address=check_address)
        exchange.connected = time.monotonic()
        with suppress(OSError):  # it may be closed already; whoever uses it finds out
            exchange.peer = str(sock.getpeername()[0])
        return sock

    async def _start_connection(self, addresses: Addresses, port: int, *, check_address: bool) -> socket.socket:
        infos: list[Any] = [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in (self._permitted(addresses) if check_address else addresses)
        ]
        return await aiohappyeyeballs.start_connection(
            infos, happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS, interleave=1, loop=self._loop
        )

    async def _addresses(self, host: str, port: int, network: Network) -> Addresses:
        pins, version = pinned(network.pins, host, port), network.family
        if not pins:
            return await self._resolvers.of_family(version).resolve(host)
        matching = tuple(address for address in pins if version in (0, 6 if ":" in address else 4))
        if not matching:
            detail = f"{', '.join(pins)} (--resolve) is not an IPv{version} address"
            raise TransportError(ErrorKind.DNS, detail, Remedy.NONE)
        return matching

    def _permitted(self, addresses: Addresses) -> Addresses:
        rules = self._rules
        if not rules.any:
            return addresses
        reasons = {address: refusal(rules, address) for address in addresses}
        permitted = tuple(address for address, reason in reasons.items() if reason is None)
        if not permitted:
            raise TransportError(ErrorKind.BLOCKED, "; ".join(filter(None, reasons.values())))
        return permitted

    async def _secure(self, sock: socket.socket, route: Route, exchange: Exchange) -> PooledProtocol:
        """Hand the socket to a protocol, with TLS for https."""
        made = self._layers(route)
        await self._loop.create_connection(lambda: made[0], sock=sock)
        return await self._established(made, exchange)

    def _layers(self, route: Route) -> "tuple[asyncio.Protocol, PooledProtocol]":
        """The protocol of a new socket, and that of the requests: for https, there is TLS between them."""
        protocol = PooledProtocol()
        if route.scheme == "http":
            return protocol, protocol
        return self._stream(self._origin_context(), route.host.rstrip("."), route.key, protocol), protocol

    @staticmethod
    async def _established(layers: "tuple[asyncio.Protocol, PooledProtocol]", exchange: Exchange) -> PooledProtocol:
        """Wait for the end of the handshake, if there is one."""
        lowest, protocol = layers
        if isinstance(lowest, TlsStream):
            await lowest.handshake()
            exchange.secured = time.monotonic()
        return protocol

    async def _connect(
        self, sock: socket.socket, protocol: asyncio.Protocol, tls: tuple[ssl.SSLContext, str, Hashable] | None
    ) -> asyncio.Transport:
        """Hand the socket to a protocol; with TLS if there are a context, a name, and what sessions are shared by."""
        if tls is None:
            return (await self._loop.create_connection(lambda: protocol, sock=sock))[0]
        stream = self._stream(*tls, protocol)
        await self._loop.create_connection(lambda: stream, sock=sock)
        await stream.handshake()
        return stream

    def _stream(self, context: ssl.SSLContext, hostname: str, peer: Hashable, protocol: asyncio.Protocol) -> TlsStream:
        return TlsStream(context, hostname, protocol, peer, self._sessions)

    def _origin_context(self) -> ssl.SSLContext:
        """The TLS context for servers."""
        return self._context or default_context()

    def _proxy_context(self) -> ssl.SSLContext:
        """The TLS context for proxies: --insecure and --cert are about servers."""
        if self._context_of_proxies is None:
            tls = Tls(cacert=self._tls.cacert)
            self._context_of_proxies = default_context() if tls == Tls() else make_context(tls)
        return self._context_of_proxies


@contextmanager
def _blame_proxy(proxy: Proxy, exchange: Exchange) -> Iterator[None]:
    """Turn failures inside into `connect`, caused by the proxy, unless this machine or a timeout is the cause."""
    try:
        yield
    except (TransportError, OSError) as error:
        if isinstance(error, TimeoutError) and error.errno is None:
            raise
        failure = classify(error, exchange)
        if failure.kind is ErrorKind.INTERNAL:
            raise
        raise TransportError(ErrorKind.CONNECT, f"proxy {proxy.text}: {failure.detail}") from error
