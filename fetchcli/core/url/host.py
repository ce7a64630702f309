"""Host names as the WHATWG URL standard accepts them (domain to ASCII), and no others.

UTS 46 is applied without its rules for hyphens and for STD 3, so ``a_b`` and emoji are names. What DNS cannot
carry is refused, and so are IPv4 forms that hide an address (``127.1``, ``0x7f.0.0.1``).
"""

from ipaddress import AddressValueError, IPv4Address

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.pattern import lazy_pattern

MAX_LABEL = 63  # octets (RFC 1035 section 2.3.4)
MAX_NAME = 253

# The forbidden domain code points of the standard, and the semicolon.
_FORBIDDEN = lazy_pattern(r"[\x00-\x20#%/:;<>?@\[\\\]^|\x7f]")
_NUMBER_LAST = lazy_pattern(r"(?:\A|\.)(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?\Z")


def canonical_host(text: str) -> str:
    """A host name as A-labels in lower case, or a canonical IPv4 address.

    Raises:
        InvalidUrl: it is neither; the reason is one clause for people.
    """
    if not text:
        raise InvalidUrl("no host")
    _refuse_forbidden(text)
    host = text.lower()
    if not host.isascii() or "xn--" in host:
        host = _to_ascii(host)
        _refuse_forbidden(host)
    if _NUMBER_LAST.search(host):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise InvalidUrl(f"{host!r} is not a canonical IPv4 address") from None
    name = host.removesuffix(".")
    longest = max(map(len, name.split(".")))
    if not all(name.split(".")):
        raise InvalidUrl("an empty label in the host")
    if longest > MAX_LABEL:
        raise InvalidUrl(f"a label of {longest} bytes in the host; DNS allows {MAX_LABEL}")
    if len(name) > MAX_NAME:
        raise InvalidUrl(f"a host of {len(name)} bytes; DNS allows {MAX_NAME}")
    return host


def _refuse_forbidden(host: str) -> None:
    if forbidden := _FORBIDDEN.search(host):
        raise InvalidUrl(f"{forbidden[0]!r} in the host")


def _to_ascii(host: str) -> str:
    from ada_url import check_url, idna_to_ascii  # most lists do not need it

    try:
        name = idna_to_ascii(host).decode("ascii")
    except UnicodeEncodeError:  # a lone surrogate
        name = ""
    if not name or not check_url(f"http://{name}/"):
        raise InvalidUrl("the host is not a valid internationalised name")
    return name
