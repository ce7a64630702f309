"""Cookies: what requests send, and what responses set (RFC 6265, with the mends of RFC 6265bis)."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address

import msgspec

from fetchcli.core.request.set_cookie import EXPIRED, Cookie, parse_set_cookie

MAX_PER_DOMAIN = 50  # as in curl
MAX_DOMAINS = 10_000

Key = tuple[str, str, bool]


class CookieJar:
    """Cookies of any number of hosts, in bounded memory.

    Args:
        cookies: what is in it at first.
        is_public_suffix: whether anybody may register names under a domain (``co.uk``); no cookie is for one.
    """

    def __init__(self, cookies: Iterable[Cookie] = (), *, is_public_suffix: Callable[[str], bool]):
        self._is_public_suffix = is_public_suffix
        self._domains: dict[str, dict[Key, Cookie]] = {}
        self._with_secure: set[str] = set()  # domains that have had a secure cookie
        for cookie in cookies:
            self._put(cookie)

    def cookies(self, now: float) -> list[Cookie]:
        """Every cookie that has not expired, by domain, in the order they were set."""
        return [
            cookie
            for _, kept in sorted(self._domains.items())
            for cookie in kept.values()
            if cookie.expires is None or cookie.expires > now
        ]

    def header(self, host: str, target: str, *, secure: bool, now: float) -> str:
        """Value of the Cookie field for a request, or empty (RFC 6265 section 5.4).

        Args:
            host: host of the request, as in URLs.
            target: its request target.
            secure: it goes over https.
            now: seconds since the epoch.
        """
        if not self._domains:
            return ""
        host, path = host.removesuffix("."), target.partition("?")[0]
        matching = [
            cookie
            for domain in _and_parents(host)
            for cookie in self._domains.get(domain, {}).values()
            if (cookie.domain == host if cookie.host_only else True)
            and _path_matches(path, cookie.path)
            and (secure or not cookie.secure)
            and (cookie.expires is None or cookie.expires > now)
        ]
        matching.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in matching)

    def store(self, host: str, target: str, lines: Iterable[bytes], *, secure: bool, now: float) -> None:
        """Take the Set-Cookie fields of a response; see `header` for the arguments. What is not allowed is ignored."""
        host = host.removesuffix(".")
        for line in lines:
            cookie = parse_set_cookie(line.decode("utf-8", "surrogateescape"), host, target, now=now)
            if cookie is not None and self._allows(cookie, host, secure=secure):
                self._put(self._without_suffix(cookie, host))

    def _allows(self, cookie: Cookie, host: str, *, secure: bool) -> bool:
        if not domain_matches(host, cookie.domain):
            return False
        if not cookie.host_only and cookie.domain != host and self._is_public_suffix(cookie.domain):
            return False
        if not secure and (cookie.secure or self._hides_secure(cookie)):
            return False
        name = (cookie.name or cookie.value).lower()  # a cookie without a name is sent like one
        if not cookie.name and name.startswith(("__secure-", "__host-")):
            return False
        if name.startswith("__secure-"):
            return cookie.secure
        if name.startswith("__host-"):
            return cookie.secure and cookie.host_only and cookie.path == "/"
        return True

    def _hides_secure(self, cookie: Cookie) -> bool:
        """Whether a cookie from plain http would take the place of a secure one (RFC 6265bis section 5.7)."""
        return any(
            kept.secure and kept.name == cookie.name and _path_matches(cookie.path, kept.path)
            for domain in self._with_secure
            if domain_matches(domain, cookie.domain) or domain_matches(cookie.domain, domain)
            for kept in self._domains.get(domain, {}).values()
        )

    def _without_suffix(self, cookie: Cookie, host: str) -> Cookie:
        """A public suffix or an address may set cookies for itself, not for names that end like it."""
        if cookie.host_only or cookie.domain != host or not (_is_address(host) or self._is_public_suffix(host)):
            return cookie
        return msgspec.structs.replace(cookie, host_only=True)

    def _put(self, cookie: Cookie) -> None:
        """Keep a cookie in the place of an older one, or forget that if the new one has expired."""
        kept = self._domains.setdefault(cookie.domain, {})
        key = (cookie.name, cookie.path, cookie.host_only)
        if cookie.expires == EXPIRED:
            kept.pop(key, None)
        else:
            kept[key] = cookie
            if cookie.secure:
                self._with_secure.add(cookie.domain)
        while len(kept) > MAX_PER_DOMAIN:
            del kept[next(iter(kept))]
        if not kept:
            del self._domains[cookie.domain]
        while len(self._domains) > MAX_DOMAINS:
            oldest = next(iter(self._domains))
            del self._domains[oldest]
            self._with_secure.discard(oldest)


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host is a domain or below it (RFC 6265 section 5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not _is_address(host))


def _and_parents(host: str) -> list[str]:
    if _is_address(host):
        return [host]
    labels = host.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def _path_matches(path: str, allowed: str) -> bool:
    """RFC 6265 section 5.1.4."""
    return path == allowed or (path.startswith(allowed) and (allowed.endswith("/") or path[len(allowed)] == "/"))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
