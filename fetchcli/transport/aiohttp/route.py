"""The route to an origin: directly or through a proxy, and the key that connections are pooled by."""

from functools import lru_cache, partial

from fetchcli.core.model.policy import Network
from fetchcli.core.network.overrides import detoured, pinned
from fetchcli.core.network.proxies import SOCKS, Proxy
from fetchcli.core.url.parse import HttpUrl


class Route:
    """One origin and the route to it.

    Attributes:
        scheme: scheme of the origin.
        host: host of the origin.
        port: port of the origin.
        proxy: the proxy, or None.
        forwarded: the proxy gets the whole URL and makes the request itself (RFC 9112 section 3.2.2).
        key: what connections are pooled by; forwarded requests of all origins share one.
    """

    __slots__ = ("forwarded", "host", "key", "port", "proxy", "scheme")

    def __init__(  # noqa: PLR0913 - what connections are pooled by
        self,
        scheme: str,
        host: str,
        port: int,
        proxy: Proxy | None = None,
        *,
        detour: bool = False,
        network: Network | None = None,
    ) -> None:
        self.scheme, self.host, self.port, self.proxy = scheme, host, port, proxy
        # A detour needs a tunnel: the proxy of a forwarded request connects where the URL says.
        self.forwarded = proxy is not None and proxy.scheme not in SOCKS and scheme == "http" and not detour
        by_proxy = None if proxy is None else (proxy.scheme, proxy.host, proxy.port)
        where = ("", 0) if self.forwarded else (host, port)
        self.key = (scheme, *where, by_proxy, network)  # rows with another network share no connection


class Routes:
    """The routes of a network, each made once per origin.

    Args:
        network: how hosts are reached.
        shared: False if its connections are for this network alone.
    """

    def __init__(self, network: Network, *, shared: bool = True) -> None:
        self._has_proxies = network.proxies.http is not None or network.proxies.https is not None
        self._proxies, self._detours, self._pins = network.proxies, network.detours, network.pins
        self._make = lru_cache(maxsize=4096)(partial(Route, network=None if shared else network))

    def to(self, url: HttpUrl) -> Route:
        """The route to the origin of a URL; the proxy rules are asked for every hop."""
        proxy = self._proxies.proxy_for(url) if self._has_proxies else None
        # Only a proxy must know: a direct connection takes the detour when it is dialled.
        if proxy is None:
            return self._make(url.scheme, url.host, url.port)
        return self._make(url.scheme, url.host, url.port, proxy, detour=self._is_overridden(url))

    def _is_overridden(self, url: HttpUrl) -> bool:
        origin = (url.host, url.port)
        return detoured(self._detours, *origin) != origin or bool(pinned(self._pins, *origin))
