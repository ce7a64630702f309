"""The way to an origin: directly or through a proxy, and what connections on it are pooled by."""

from functools import lru_cache

from aiohttp.client_reqrep import ConnectionKey
from yarl import URL

from fetchcli.core.overrides import detoured, pinned
from fetchcli.core.policy import Network
from fetchcli.core.proxies import SOCKS, Proxy
from fetchcli.core.urls import HttpUrl


class Route:
    """One origin and the way to it.

    Attributes:
        scheme: of the origin.
        host: of the origin.
        port: of the origin.
        proxy: the proxy, or None.
        forwarded: the proxy is given the whole URL and makes the request itself (RFC 9112 section 3.2.2).
        url: what the session is asked for; only the origin, the request target is in the `Exchange`.
        key: what connections are pooled by; forwarded requests of all origins share theirs.
    """

    __slots__ = ("forwarded", "host", "key", "port", "proxy", "scheme", "url")

    def __init__(self, scheme: str, host: str, port: int, proxy: Proxy | None = None, *, detour: bool = False) -> None:
        self.scheme, self.host, self.port, self.proxy = scheme, host, port, proxy
        # A detour needs a tunnel: the proxy of a forwarded request goes where the URL says.
        self.forwarded = proxy is not None and proxy.scheme not in SOCKS and scheme == "http" and not detour
        self.url = URL.build(scheme=scheme, host=host, port=port, path="/")
        by_proxy = URL.build(scheme=proxy.scheme, host=proxy.host, port=proxy.port) if proxy else None
        where = ("", 0) if self.forwarded else (host, port)
        self.key = ConnectionKey(*where, scheme == "https", True, by_proxy, None, None, None)


class Routes:
    """The routes of a run, each made once for an origin."""

    def __init__(self, network: Network) -> None:
        self._proxies, self._detours, self._pins = network.proxies, network.detours, network.pins
        self._make = lru_cache(maxsize=4096)(Route)

    def to(self, url: HttpUrl) -> Route:
        """The route to a URL's origin; the proxy rules are asked anew for every hop."""
        proxy = self._proxies.proxy_for(url)
        # Only a proxy needs to know: a direct connection takes the detour when it is dialled.
        return self._make(url.scheme, url.host, url.port, proxy, detour=proxy is not None and self._leads_away(url))

    def _leads_away(self, url: HttpUrl) -> bool:
        origin = (url.host, url.port)
        return detoured(self._detours, *origin) != origin or bool(pinned(self._pins, *origin))
