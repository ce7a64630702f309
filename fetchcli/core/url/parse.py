"""Parse text to a validated URL. Nothing else builds URLs.

Validation follows the WHATWG URL standard for http and https: a *valid URL string* is accepted; what
a browser would only repair (missing slashes, tabs inside, ``127.1``) is refused. The request target
is what the user wrote: only bytes that cannot be in a request line (RFC 9112 section 3) are
percent-encoded; nothing is decoded, re-cased or collapsed.
"""

import base64
import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote_to_bytes

import msgspec

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.url.host import canonical_host

DEFAULT_PORT = {"http": 80, "https": 443}

_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff")
_NO_SCHEME = "no scheme; start the URL with http:// or https://"
_SCHEME = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_AUTHORITY_END = lazy_pattern(r"[/?]")
_AUTHORITY_END_OR_FRAGMENT = lazy_pattern(r"[/?#]")
_BEFORE_AUTHORITY = lazy_pattern(r"(?:[^/?#@]*:)?/+|mailto:", re.IGNORECASE)
_PORT_AT_END = lazy_pattern(r"\A[^:]*(?::\d*)?\Z")
_UNSAFE = lazy_pattern(r"[\x00-\x1f\x7f]")
_NEEDS_ENCODING = lazy_pattern(r"[^!-~]")


class HttpUrl(msgspec.Struct, frozen=True):
    """An absolute http(s) URL.

    Attributes:
        scheme: ``http`` or ``https``.
        host: A-label, canonical IPv4, or IPv6 without brackets; lower case.
        port: 0-65535; the default of the scheme if none was written.
        target: origin-form request target, ASCII, as sent on the wire.
        text: the URL, safe to show: ASCII, no fragment, passwords masked.
        authorization: Authorization field for the user part of the URL, or empty.
    """

    scheme: str
    host: str
    port: int
    target: str
    text: str
    authorization: str = ""

    @property
    def authority(self) -> str:
        """The Host field: host, and the port if it is not the default (RFC 9110 section 7.2)."""
        return _authority(self.scheme, self.host, self.port)

    @property
    def public(self) -> str:
        """The URL as it is requested, without credentials and fragment."""
        return f"{self.scheme}://{self.authority}{self.target}"


def mask_credentials(text: str) -> str:
    """Mask the part before the host in a text that may not be a valid URL.

    If in doubt it masks too much: up to the last ``@``.
    """
    match = _BEFORE_AUTHORITY.match(text)
    if match is None:
        return f"***@{text.rpartition('@')[2]}" if "@" in text else text
    start = match.end()
    authority = _AUTHORITY_END_OR_FRAGMENT.split(text[start:], maxsplit=1)[0]
    if "@" in authority:
        return f"{text[:start]}***@{text[start + authority.rindex('@') + 1 :]}"
    if "@" in text and not _PORT_AT_END.search(authority):
        return f"{text[:start]}***@{text[text.rindex('@') + 1 :]}"
    return text


def parse_url(text: str) -> HttpUrl:
    """Parse an absolute URL.

    Raises:
        InvalidUrl: the text is not a valid http(s) URL; the reason is one clause for people.
    """
    _refuse_controls(text)
    match = _SCHEME.match(text)
    if match is None:
        if text[:1].isspace() or text[:1] in _INVISIBLE:
            import unicodedata  # only an error needs it

            name = unicodedata.name(text[0], "a character").lower()
            raise InvalidUrl(f"{name} (U+{ord(text[0]):04X}) before the URL")
        raise InvalidUrl(_NO_SCHEME)
    scheme = match[1].lower()
    if scheme not in DEFAULT_PORT:
        if text[match.end() : match.end() + 1].isdigit():  # localhost:8080/x
            raise InvalidUrl(_NO_SCHEME)
        raise InvalidUrl(f"the scheme is {scheme!r}, not http or https")
    if not text.startswith("//", match.end()):
        raise InvalidUrl(f"no // after {match[0]}")
    rest = text[match.end() + 2 :].partition("#")[0]
    end = _AUTHORITY_END.search(rest)
    at = end.start() if end else len(rest)
    return _build(scheme, rest[:at], rest[at:])


def resolve(base: HttpUrl, reference: str) -> HttpUrl:
    """Resolve a reference against a base URL (RFC 3986 section 5.2).

    The credentials of the base are not inherited.

    Raises:
        InvalidUrl: the result is not a valid http(s) URL.
    """
    reference = reference.partition("#")[0].strip(" ")
    if _SCHEME.match(reference):
        return parse_url(reference)
    if reference.startswith("//"):
        return parse_url(f"{base.scheme}:{reference}")
    path = base.target.partition("?")[0]
    if not reference:
        target = base.target
    elif reference.startswith("?"):
        target = path + reference
    else:
        new_path, new_mark, new_query = reference.partition("?")
        if not new_path.startswith("/"):
            new_path = path[: path.rindex("/") + 1] + new_path
        target = _remove_dot_segments(new_path) + new_mark + new_query
    _refuse_controls(target)
    return _build(base.scheme, base.authority, target)


def _refuse_controls(text: str) -> None:
    if unsafe := _UNSAFE.search(text):
        raise InvalidUrl(f"a control character (U+{ord(unsafe[0]):04X}) inside the URL")


@lru_cache(maxsize=4096)
def _authority(scheme: str, host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == DEFAULT_PORT[scheme] else f"{name}:{port}"


def _mask(user: str) -> str:
    """The user part, safe to show: a token without a colon is as secret as a password."""
    name, colon, _ = user.partition(":")
    return f"{_encode(name)}:***" if colon else "***" if name else ""


def _build(scheme: str, authority: str, rest: str) -> HttpUrl:
    if "\\" in authority:
        raise InvalidUrl("a backslash in the host")
    user, at, hostport = authority.rpartition("@")
    if "@" in user:
        raise InvalidUrl("more than one @ before the host")
    host, port = _split_port(scheme, hostport)
    target = _encode(rest if rest.startswith("/") else "/" + rest)
    text = f"{scheme}://{_mask(user) + at}{_authority(scheme, host, port)}{target}"
    return HttpUrl(scheme, host, port, target, text, _basic(user) if at else "")


@lru_cache(maxsize=4096)
def _split_port(scheme: str, hostport: str) -> tuple[str, int]:
    """Split and validate ``host[:port]``."""
    if hostport.startswith("["):
        literal, bracket, after = hostport[1:].partition("]")
        if not bracket:
            raise InvalidUrl("an IPv6 address without its closing bracket")
        host, colon, port = _ipv6(literal), after[:1], after[1:]
        if after and colon != ":":
            raise InvalidUrl("text after the IPv6 address")
    else:
        host, colon, port = hostport.partition(":")
        host = canonical_host(host)
    if not port:
        return host, DEFAULT_PORT[scheme]
    digits = port.lstrip("0") or "0"
    if not (port.isascii() and port.isdigit()) or len(digits) > 5 or int(digits) > 65535:
        raise InvalidUrl("the port is not a number from 0 to 65535")  # not quoted: it may be a password
    return host, int(digits)


def _ipv6(literal: str) -> str:
    try:
        if "%" in literal:
            raise AddressValueError("zone")
        return IPv6Address(literal).compressed
    except AddressValueError:
        raise InvalidUrl(f"{literal!r} is not an IPv6 address") from None


def _encode(text: str) -> str:
    """Percent-encode what cannot be in a request line: spaces and characters outside ASCII."""
    if text.isascii() and " " not in text:
        return text
    try:
        return _NEEDS_ENCODING.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), text)
    except UnicodeEncodeError:
        raise InvalidUrl("text that is not Unicode (a lone surrogate)") from None


def _basic(user: str) -> str:
    """Basic credentials (RFC 7617) of the user part of a URL, percent-decoded."""
    name, _, password = user.partition(":")
    parts = (part.encode("utf-8", "surrogateescape") for part in (name, password))
    credentials = b":".join(map(unquote_to_bytes, parts))
    return "Basic " + base64.b64encode(credentials).decode("ascii")


def _remove_dot_segments(path: str) -> str:
    """Remove dot segments (RFC 3986 section 5.2.4)."""
    out: list[str] = []
    segments = path.split("/")[1:]
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment == "..":
            del out[-1:]
        elif segment != ".":
            out.append(segment)
            continue
        if last:
            out.append("")
    return "/" + "/".join(out)
