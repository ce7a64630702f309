"""``--resolve``, ``--connect-to`` and ``--dns-servers``: where connections go instead (curl's man page)."""

from ipaddress import ip_address

import msgspec

from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.url.parse import parse_url

_PORT = lazy_pattern(r"[0-9]{1,5}")
_SERVER = lazy_pattern(r"(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?")


class Pin(msgspec.Struct, frozen=True):
    """``--resolve HOST:PORT:ADDRESS[,ADDRESS]...``; ``*`` is any host."""

    host: str
    port: int
    addresses: tuple[str, ...]


class Detour(msgspec.Struct, frozen=True, kw_only=True):
    """``--connect-to HOST1:PORT1:HOST2:PORT2``; an empty first half matches any, an empty second changes nothing."""

    host: str
    port: int | None
    to_host: str
    to_port: int | None


def parse_pin(text: str) -> Pin:
    """Parse the value of ``--resolve``.

    Raises:
        UsageError: the text has another form.
    """
    host, port, rest = _fields(text.lstrip("+"), 3, "--resolve", "HOST:PORT:ADDRESS[,ADDRESS]...")
    addresses = tuple(part.strip().strip("[]") for part in rest.split(","))
    try:
        canonical = tuple(str(ip_address(address)) for address in addresses)
    except ValueError as error:
        raise UsageError(f"--resolve {text!r}: {error}") from None
    number = _port(port, f"--resolve {text!r}")
    if number is None or not host:
        raise UsageError(f"--resolve {text!r}: expected HOST:PORT:ADDRESS[,ADDRESS]...")
    return Pin(host if host == "*" else _host(host, f"--resolve {text!r}"), number, canonical)


def parse_detour(text: str) -> Detour:
    """Parse the value of ``--connect-to``.

    Raises:
        UsageError: the text has another form.
    """
    host, port, to_host, to_port = _fields(text, 4, "--connect-to", "HOST1:PORT1:HOST2:PORT2")
    label = f"--connect-to {text!r}"
    return Detour(
        host=_host(host, label), port=_port(port, label), to_host=_host(to_host, label), to_port=_port(to_port, label)
    )


def parse_servers(text: str) -> tuple[str, ...]:
    """Parse the value of ``--dns-servers``: ``ADDRESS[:PORT]``, separated by commas.

    Raises:
        UsageError: the text has another form.
    """
    servers = []
    for part in text.split(","):
        match = _SERVER.fullmatch(part.strip())
        label = f"--dns-servers: {part.strip()!r}"
        try:
            address = ip_address((match and (match[1] or match[2])) or part.strip())
        except ValueError:
            raise UsageError(f"{label} is not ADDRESS or ADDRESS:PORT") from None
        port = _port(match[3] or "", label) if match else None
        host_text = f"[{address}]" if address.version == 6 else str(address)
        servers.append(f"{host_text}:{port or 53}")
    return tuple(servers)


def pinned(pins: tuple[Pin, ...], host: str, port: int) -> tuple[str, ...]:
    """The addresses that a host is pinned to; the last pin wins, and the host wins over ``*``."""
    for name in (host, "*"):
        for pin in reversed(pins):
            if (pin.host, pin.port) == (name, port):
                return pin.addresses
    return ()


def detoured(detours: tuple[Detour, ...], host: str, port: int) -> tuple[str, int]:
    """Where to connect for a host and port; the first match wins."""
    for detour in detours:
        if detour.host in ("", host) and detour.port in (None, port):
            return detour.to_host or host, port if detour.to_port is None else detour.to_port
    return host, port


def _fields(text: str, count: int, option: str, form: str) -> list[str]:
    """Split at colons outside brackets; the last of three fields takes the rest."""
    fields, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == ":" and depth == 0 and not (count == 3 and len(fields) == 3):
            fields.append("")
        else:
            fields[-1] += character
    if len(fields) != count:
        raise UsageError(f"{option} {text!r}: expected {form}")
    fields[0] = fields[0].strip("[]")
    if count == 4:
        fields[2] = fields[2].strip("[]")
    return fields


def _host(text: str, label: str) -> str:
    """A host in canonical form, as in URLs; empty stays empty."""
    if not text:
        return ""
    if any(mark in text for mark in "/?#@"):
        raise UsageError(f"{label}: {text!r} is not a host")
    try:
        return parse_url(f"http://[{text}]/" if ":" in text else f"http://{text}/").host
    except InvalidUrl as error:
        raise UsageError(f"{label}: {error}") from None


def _port(text: str, label: str) -> int | None:
    if not text:
        return None
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise UsageError(f"{label}: {text!r} is not a port")
    return int(text)
