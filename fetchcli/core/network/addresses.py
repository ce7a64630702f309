"""Decide which IP addresses may be dialled.

The dialler asks with the address that it is about to connect to.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from fetchcli.core.errors import UsageError

Network = IPv4Network | IPv6Network

# IANA's special-purpose registries (RFC 6890), and addresses that clouds use. `ipaddress.is_global`
# treats several of these as global.
_NOT_PUBLIC: tuple[tuple[str, str], ...] = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "cloud services"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/96", "loopback, unspecified or IPv4-compatible"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "discarded"),
    ("2001::/23", "reserved (Teredo and others)"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("3fff::/20", "documentation"),
    ("5f00::/16", "segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # everything else is reserved
_MAPPED = IPv6Network("::ffff:0:0/96")


class AddressRules(msgspec.Struct, frozen=True, kw_only=True):
    """``--block-private``, ``--allow-cidr`` and ``--deny-cidr``.

    Of the allowed and denied networks that contain an address, the longest prefix decides; if both are
    equally long, the denied one. If there is none, ``block_private`` decides.
    """

    block_private: bool = False
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is any rule."""
        return self.block_private or bool(self.deny)


def parse_networks(option: str, texts: list[str]) -> tuple[str, ...]:
    """The networks of an option in canonical form: ``10.0.0.0/8``, ``::1``; several separated by commas.

    Raises:
        UsageError: a text is not a network.
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    try:
        return tuple(str(_unmapped(ip_network(part))) for part in parts)
    except ValueError as error:
        raise UsageError(f"{option}: {error}; expected 10.0.0.0/8 or an address") from None


def _unmapped(network: Network) -> Network:
    """Replace an IPv4-mapped network by the IPv4 network that it reaches."""
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))
    return network


@lru_cache(maxsize=65536)
def refusal(rules: AddressRules, address: str) -> str | None:
    """Why an address must not be dialled, or None if it may be.

    Args:
        rules: the rules.
        address: an IP address. A zone (``fe80::1%eth0``) is ignored, and an IPv4-mapped address
            (``::ffff:127.0.0.1``) is judged as the IPv4 address that it reaches.
    """
    parsed: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if parsed.is_unspecified:  # systems treat it as loopback
        loopback = "127.0.0.1" if parsed.version == 4 else "::1"
        if (reason := refusal(rules, loopback)) is not None:
            return f"{address} reaches loopback: {reason}"
    allowed = max((network.prefixlen for network in _networks(rules.allow) if parsed in network), default=-1)
    denied = max((network.prefixlen for network in _networks(rules.deny) if parsed in network), default=-1)
    if denied >= 0 and denied >= allowed:
        return f"{address} is refused (--deny-cidr)"
    if allowed >= 0 or not rules.block_private:
        return None
    for network, what in _table():
        if parsed in network:
            return f"{address} is not public: {what} (--block-private)"
    if isinstance(parsed, IPv6Address) and parsed not in _GLOBAL_UNICAST:
        return f"{address} is not public: outside of 2000::/3 (--block-private)"
    return None


@lru_cache(maxsize=16)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(map(ip_network, texts))


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[Network, str], ...]:
    return tuple((ip_network(text), what) for text, what in _NOT_PUBLIC)
