"""Choose the proxy of a request."""

import re
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import unquote

import msgspec

from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.url.host import canonical_host
from fetchcli.core.url.parse import HttpUrl, mask_credentials, parse_url

# curl's default for a proxy without a port.
DEFAULT_PORT = 1080
SOCKS = frozenset({"socks4", "socks4a", "socks5", "socks5h"})
_SCHEME = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.\-]*)://")
_HAS_PORT = lazy_pattern(r":\d+/?\Z")


class Proxy(msgspec.Struct, frozen=True, kw_only=True):
    """A proxy server.

    Attributes:
        scheme: ``http``, ``https``, or one of `SOCKS`; with ``socks5h`` and ``socks4a`` the proxy looks names up.
        host: as in `core.url.parse.HttpUrl`.
        port: 1-65535.
        user: user name, or empty.
        password: password, or empty.
    """

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def text(self) -> str:
        """The proxy without its credentials."""
        return (
            f"{self.scheme}://[{self.host}]:{self.port}"
            if ":" in self.host
            else f"{self.scheme}://{self.host}:{self.port}"
        )

    @property
    def authorization(self) -> str:
        """Value of the Proxy-Authorization field, or empty."""
        if not (self.user or self.password):
            return ""
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


class ProxyRules(msgspec.Struct, frozen=True, kw_only=True):
    """Which proxy to use for which URL.

    Attributes:
        http: proxy for http URLs, or None.
        https: proxy for https URLs, or None.
        bypass: hosts to reach directly: names (with subdomains), addresses, networks, ``*``.
    """

    http: Proxy | None = None
    https: Proxy | None = None
    bypass: tuple[str, ...] = ()

    @property
    def schemes(self) -> set[str]:
        """The schemes of the proxies."""
        return {proxy.scheme for proxy in (self.http, self.https) if proxy is not None}

    def proxy_for(self, url: HttpUrl) -> Proxy | None:
        """The proxy for a URL; asked anew for every hop."""
        proxy = self.https if url.scheme == "https" else self.http
        return None if proxy is None or _bypassed(url.host, self.bypass) else proxy


def parse_proxy(text: str) -> Proxy:
    """Parse a proxy like curl's ``-x``: ``[scheme://][user:password@]host[:port]``.

    Raises:
        UsageError: the text is not a proxy; the message contains no credentials.
    """
    match = _SCHEME.match(text)
    shown = (match[0] if match else "") + mask_credentials(text[match.end() :] if match else text)
    scheme = match[1].lower() if match else "http"
    if scheme == "socks":
        scheme = "socks4"
    rest = text[match.end() :] if match else text
    if scheme not in SOCKS | {"http", "https"}:
        raise UsageError(f"proxy {shown!r}: the scheme is not http, https, socks4, socks4a, socks5 or socks5h")
    user, at, hostport = rest.rpartition("@")
    hostport = hostport.rstrip("/")
    try:
        url = parse_url(f"http://{hostport}/")
    except InvalidUrl as error:
        raise UsageError(f"proxy {shown!r}: {error}") from None
    if url.target != "/" or "#" in hostport:
        raise UsageError(f"proxy {shown!r}: a proxy has no path")
    default = 443 if scheme == "https" else DEFAULT_PORT
    name, _, password = user.partition(":") if at else ("", "", "")
    port = url.port if _HAS_PORT.search(hostport) else default
    return Proxy(scheme=scheme, host=url.host, port=port, user=unquote(name), password=unquote(password))


def proxy_rules(proxy: str | None, noproxy: str | None, environment: Mapping[str, str]) -> ProxyRules:
    """The rules from the options and the environment; options win (curl's man page, ENVIRONMENT).

    Args:
        proxy: ``--proxy``; an empty string is no proxy, whatever the environment says.
        noproxy: ``--noproxy``.
        environment: read for http_proxy, https_proxy, all_proxy and no_proxy, in either case. Upper-case
            HTTP_PROXY is ignored if REQUEST_METHOD is set: a CGI client could have set it.

    Raises:
        UsageError: one of them is not a proxy.
    """

    def variable(name: str) -> str:
        upper = "" if name == "http_proxy" and "REQUEST_METHOD" in environment else environment.get(name.upper(), "")
        return environment.get(name) or upper

    bypass = noproxy if noproxy is not None else variable("no_proxy")
    hosts = tuple(_bypass_entry(part.lower()) for part in re.split(r"[,\s]+", bypass) if part)
    if proxy is not None:
        single_proxy = parse_proxy(proxy) if proxy else None
        return ProxyRules(http=single_proxy, https=single_proxy, bypass=hosts)
    by_scheme: dict[str, Proxy | None] = {}
    for scheme in ("http", "https"):
        text = variable(f"{scheme}_proxy") or variable("all_proxy")
        by_scheme[scheme] = parse_proxy(text) if text else None
    return ProxyRules(http=by_scheme["http"], https=by_scheme["https"], bypass=hosts)


def _bypass_entry(text: str) -> str:
    """An entry of ``--noproxy``, a name as in URLs."""
    if text.isascii():
        return text
    name = text.removeprefix("*").removeprefix(".")
    try:
        return text[: len(text) - len(name)] + canonical_host(name)
    except InvalidUrl:  # as any other text that names no host, it matches none
        return text


def _bypassed(host: str, bypass: tuple[str, ...]) -> bool:
    return any(_covers(entry, host.rstrip(".")) for entry in bypass)


def _covers(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    try:
        address = ip_address(host)
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        name = entry.removeprefix("*").strip(".")
        return host == name or host.endswith("." + name)
