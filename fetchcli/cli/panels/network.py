"""Options for proxies, name lookup and addresses."""

import os
from typing import Any

from fetchcli.cli.option import Found, Option, Panel, Values
from fetchcli.core.model.policy import Network
from fetchcli.core.network.addresses import AddressRules, parse_networks
from fetchcli.core.network.overrides import parse_detour, parse_pin, parse_servers
from fetchcli.core.network.proxies import proxy_rules


def _build(values: Values) -> dict[str, Any]:
    """The network settings, with the proxy variables of the environment; the demo needs none."""
    if values["demo"]:
        return {"policy.network": Network()}
    servers, socket = values["dns_servers"], values["unix_socket"]
    return {
        "policy.network": Network(
            addresses=AddressRules(
                block_private=values["block_private"],
                allow=parse_networks("--allow-cidr", values["allow_cidr"] or []),
                deny=parse_networks("--deny-cidr", values["deny_cidr"] or []),
            ),
            proxies=proxy_rules(values["proxy"], values["noproxy"], {} if socket is not None else os.environ),
            pins=tuple(map(parse_pin, values["resolve"] or ())),
            detours=tuple(map(parse_detour, values["connect_to"] or ())),
            unix_socket=socket,
            dns_servers=parse_servers(servers) if servers is not None else (),
            family=4 if values["ipv4"] else 6 if values["ipv6"] else 0,
        )
    }


PANEL = Panel(
    title="Network",
    topic="network",
    build=_build,
    options=(
        Option(
            flags="-x --proxy",
            found=Found.NO,
            help="Use this proxy. Schemes: http, https, socks4, socks4a, socks5, socks5h. '' uses none.",
            metavar="URL",
            off="",
            common=True,
        ),
        Option(
            flags="--noproxy",
            found=Found.NO,
            help="Hosts to reach without a proxy: names, addresses, networks, *.",
            metavar="HOSTS",
        ),
        Option(
            flags="--resolve",
            found=Found.NO,
            help="Use this address for a host instead of looking it up. Repeatable.",
            metavar="HOST:PORT:ADDRESS",
            multiple=True,
        ),
        Option(
            flags="--connect-to",
            found=Found.NO,
            help="Connect to H2:P2 instead of H1:P1. Repeatable.",
            metavar="H1:P1:H2:P2",
            multiple=True,
        ),
        Option(
            flags="--unix-socket",
            found=Found.NO,
            help="Connect through this Unix socket.",
            metavar="PATH",
            alternatives=("proxy",),
        ),
        Option(
            flags="--dns-servers",
            found=Found.NO,
            help="DNS servers to ask: ADDRESS[:PORT], separated by commas.",
            metavar="ADDRESSES",
        ),
        Option(flags="-4 --ipv4", found=Found.YES, help="Use IPv4 only.", type=bool, alternatives=("ipv6",)),
        Option(flags="-6 --ipv6", found=Found.YES, help="Use IPv6 only.", type=bool),
        Option(
            flags="--block-private",
            found=Found.YES,
            protects=True,
            help="Refuse private, loopback, link-local and other special addresses.",
            type=bool,
            alternatives=("proxy",),
            sets_aside=("allow_cidr",),
        ),
        Option(
            flags="--allow-cidr",
            found=Found.NO,
            help="Allow this network despite --block-private or --deny-cidr; the longest prefix wins. Repeatable.",
            metavar="NETWORK",
            multiple=True,
            requires=("block_private", "deny_cidr"),
        ),
        Option(
            flags="--deny-cidr",
            found=Found.YES,
            protects=True,
            help="Refuse addresses in this network. Repeatable.",
            metavar="NETWORK",
            multiple=True,
            sets_aside=("allow_cidr",),
        ),
    ),
)
