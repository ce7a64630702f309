"""Groups of flags -> parts of the policy. Bad values are usage errors that name their option."""

import os
import re
import sys
from collections.abc import Callable
from typing import TypeVar

from fetchcli.core.addresses import AddressRules, parse_networks
from fetchcli.core.errors import UsageError
from fetchcli.core.overrides import parse_detour, parse_pin, parse_servers
from fetchcli.core.policy import Network
from fetchcli.core.proxies import proxy_rules
from fetchcli.core.settings import Selection
from fetchcli.core.units import parse_duration

T = TypeVar("T")
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


def selection(chosen: Selection, *, ordered: bool) -> Selection:
    """The options of the selection panel."""
    if chosen.shuffle and ordered:
        raise UsageError("--shuffle and --ordered are two orders; give one of them")
    if chosen.seed is not None and not (chosen.shuffle or chosen.sample is not None):
        raise UsageError("--seed is for --sample and --shuffle")
    return chosen


def patterns(option: str, texts: list[str]) -> tuple[re.Pattern[str], ...]:
    """Regular expressions."""
    try:
        return tuple(re.compile(text) for text in texts)
    except re.error as error:
        shown = error.pattern if isinstance(error.pattern, str) else ""
        raise UsageError(f"{option}: {shown!r} is not a regular expression: {error}") from None


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


def inputs(given: list[str], *, demo: bool, dry_run: bool, print_curl: bool) -> tuple[str, ...]:
    """Where the rows come from."""
    if dry_run and print_curl:
        raise UsageError("--dry-run and --print-curl print two things; give one of them")
    if demo and (dry_run or print_curl):
        raise UsageError("--demo has no rows to plan or print; leave out --demo, or --dry-run and --print-curl")
    if demo and given:
        raise UsageError("--demo brings its own URLs; leave the inputs out")
    if given.count("-") > 1:
        raise UsageError("stdin ('-') can be read only once")
    if "" in given:
        raise UsageError("an empty argument is neither a file nor a URL")
    if given or demo:
        return tuple(given)
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("nothing to fetch: give a file, '-' for stdin, a URL, or --demo; --help says more")
    return ("-",)
