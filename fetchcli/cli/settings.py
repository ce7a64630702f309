"""Groups of flags -> parts of the policy. Bad values are usage errors that name their option."""

import os
import re
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from fetchcli.core.addresses import AddressRules, parse_networks
from fetchcli.core.errors import UsageError
from fetchcli.core.overrides import parse_detour, parse_pin, parse_servers
from fetchcli.core.policy import Network
from fetchcli.core.proxies import proxy_rules
from fetchcli.core.request import Request, parse_header
from fetchcli.core.units import parse_duration

T = TypeVar("T")
JSON = "application/json"
_COUNT = re.compile(r"[0-9]{1,9}")


def read(option: str, parse: Callable[[str], T], text: str) -> T:
    """The value of an option, by the parser that its error does not know the option of."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None


def longest(option: str, text: str) -> float:
    """Seconds; no limit is for ever."""
    return read(option, parse_duration, text) or float("inf")


def count(option: str, text: str) -> int | None:
    """A number from 1, or None for no limit."""
    if text.strip().lower() == "none":
        return None
    if not _COUNT.fullmatch(text) or int(text) < 1:
        raise UsageError(f"{option}: {text!r} is not a number from 1, or none")
    return int(text)


def request(method: str | None, headers: list[str], content: bytes | None, *, head: bool, json: bool) -> Request:
    """``-X -I -H``, and the content of ``-d`` or ``--json``."""
    if head and (method is not None or content is not None):
        raise UsageError("-I asks with HEAD; leave out -I, or -X and the content")
    fields = tuple(read("-H", parse_header, header) for header in headers)
    if json:
        given = {name.lower() for name, _ in fields}
        fields += tuple((name, JSON) for name in ("Content-Type", "Accept") if name.lower() not in given)
    implied = "HEAD" if head else "GET" if content is None else "POST"
    return Request(implied if method is None else method, fields, content)


def named_headers(  # noqa: PLR0917 - one for each option
    headers: list[str],
    user: str | None,
    bearer: str | None,
    cookie: str | None,
    user_agent: str | None,
    referer: str | None,
    byte_range: str | None,
) -> list[str]:
    """The options that stand for a header; ``-H`` comes before them, as with curl."""
    if user is not None and bearer is not None:
        raise UsageError("-u and --bearer are two ways to say who asks; give one of them")
    if user is not None and ":" not in user:
        raise UsageError("-u: write NAME:PASSWORD; nobody is there to be asked for a password")
    if cookie is not None and "=" not in cookie:
        raise UsageError("-b: write NAME=VALUE; cookie files are not read")
    basic = None if user is None else "Basic " + b64encode(os.fsencode(user)).decode("ascii")
    said = {
        "Authorization": basic if bearer is None else f"Bearer {bearer}",
        "Cookie": cookie,
        "User-Agent": user_agent,
        "Referer": referer,
        "Range": None if byte_range is None else f"bytes={byte_range}",
    }
    given = {header.partition(":")[0].strip().rstrip(";").lower() for header in headers}
    return [f"{name}: {value}" for name, value in said.items() if value is not None and name.lower() not in given]


def content(data: list[str], json: list[str]) -> bytes | None:
    """What ``-d`` or ``--json`` send, or None."""
    if data and json:
        raise UsageError("-d and --json are two contents; give one of them")
    if json:
        return b"".join(_piece("--json", text) for text in json)
    # A file loses its line ends, as with curl.
    pieces = [
        _piece("-d", text).translate(None, b"\r\n\0") if text.startswith("@") else os.fsencode(text) for text in data
    ]
    return b"&".join(pieces) if data else None


def _piece(option: str, text: str) -> bytes:
    if not text.startswith("@"):
        return os.fsencode(text)
    if text == "@-":
        raise UsageError(f"{option} @-: stdin is for URLs; give a file")
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"{option} {text}: {error.strerror}") from None


def network(  # noqa: PLR0917 - one for each option of the panel
    proxy: str | None,
    noproxy: str | None,
    resolve: list[str],
    connect_to: list[str],
    unix_socket: str | None,
    dns_servers: str | None,
    ipv4: bool,
    ipv6: bool,
    rules: AddressRules,
) -> Network:
    """The options of the network panel, and the proxy variables of the environment."""
    if ipv4 and ipv6:
        raise UsageError("-4 and -6 leave nothing; give one of them")
    return Network(
        addresses=rules,
        proxies=proxy_rules(proxy, noproxy, {} if unix_socket is not None else os.environ),
        pins=tuple(map(parse_pin, resolve)),
        detours=tuple(map(parse_detour, connect_to)),
        unix_socket=unix_socket,
        dns_servers=parse_servers(dns_servers) if dns_servers is not None else (),
        family=4 if ipv4 else 6 if ipv6 else 0,
    )


def address_rules(block: bool, allow: list[str], deny: list[str]) -> AddressRules:
    """``--block-private --allow-cidr --deny-cidr``."""
    if allow and not (block or deny):
        raise UsageError(
            "--allow-cidr makes exceptions to --block-private or --deny-cidr; "
            "to dial nothing else, add --deny-cidr 0.0.0.0/0,::/0"
        )
    return AddressRules(block, parse_networks("--allow-cidr", allow), parse_networks("--deny-cidr", deny))
