"""Where connections go: pins, detours, Unix sockets, one version of IP, and BEHAVIOUR section C on loopback."""

import socket
from pathlib import Path

import pytest

from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Network, Policy
from fetchcli.core.network.addresses import AddressRules
from fetchcli.core.network.overrides import parse_detour, parse_pin
from tests.support.dns import A, dns_server
from tests.support.recorder import recorder, see
from tests.transport.conftest import Sender

PRIVATE = AddressRules(block_private=True)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


async def test_resolve_pins_a_name(sender: Sender) -> None:
    with recorder() as server:
        pin = parse_pin(f"name.test:{server.port}:127.0.0.1")
        response = await sender(Policy(network=Network(pins=(pin,))))(server.url(host="name.test"))
        assert isinstance(response, Response)
        assert response.remote_ip == "127.0.0.1"
        assert server.header("host") == f"name.test:{server.port}"


async def test_happy_eyeballs_over_a_dead_address(sender: Sender) -> None:
    with recorder() as server:
        pin = parse_pin(f"name.test:{server.port}:[::1],127.0.0.1")
        response = await sender(Policy(network=Network(pins=(pin,))))(server.url(host="name.test"))
        assert isinstance(response, Response)
        assert response.remote_ip == "127.0.0.1"


async def test_connect_to_goes_elsewhere_and_says_the_same(sender: Sender) -> None:
    with recorder() as server:
        detour = parse_detour(f"name.test:80:127.0.0.1:{server.port}")
        response = await sender(Policy(network=Network(detours=(detour,))))("http://name.test/x")
        assert isinstance(response, Response)
        assert (server.header("host"), response.url) == ("name.test", "http://name.test/x")


async def test_a_unix_socket(sender: Sender, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with recorder(unix=path) as server:
        response = await sender(Policy(network=Network(unix_socket=path)))("http://name.test/x")
        assert isinstance(response, Response)
        assert (server.targets, server.header("host"), response.remote_ip) == (["/x"], "name.test", "")
    missing = await sender(Policy(network=Network(unix_socket="/missing")))("http://name.test/x")
    assert isinstance(missing, Failure)
    assert (missing.kind, missing.detail) == (ErrorKind.CONNECT, "no such file or directory")


async def test_ipv6_only(sender: Sender) -> None:
    assert has_ipv6(), "this machine has no IPv6 on loopback"
    with recorder(address="::1") as server, dns_server({"two.test": ("127.0.0.1", "::1")}) as dns:
        network = Network(family=6, dns_servers=(dns.place,))
        response = await sender(Policy(network=network))(server.url(host="two.test"))
        assert isinstance(response, Response)
        assert response.remote_ip == "::1"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "name.test"])
async def test_25_27_30_what_is_private_is_blocked_and_never_connected_to(sender: Sender, host: str) -> None:
    with recorder() as server, dns_server({"name.test": ("127.0.0.1", "::1")}) as dns:
        network = Network(addresses=PRIVATE, dns_servers=(dns.place,))
        failure = await sender(Policy(network=network))(server.url(host=host))
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.BLOCKED
        assert "--block-private" in failure.detail
        assert server.connections == 0


async def test_31_of_mixed_answers_the_refused_is_never_dialled(sender: Sender) -> None:
    with recorder(address="127.0.0.2") as server, recorder(address="127.0.0.3", port=server.port) as other:
        with dns_server({"name.test": ("127.0.0.3", "127.0.0.2")}) as dns:
            rules = AddressRules(deny=("127.0.0.3/32",))
            network = Network(addresses=rules, dns_servers=(dns.place,))
            response = await sender(Policy(network=network))(server.url(host="name.test"))
        assert isinstance(response, Response)
        assert (response.remote_ip, other.connections) == ("127.0.0.2", 0)


async def test_32_a_name_that_moves_between_hops_is_judged_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fetchcli.transport.resolver.ANSWER_SECONDS", 0.0)
    answers = iter(["127.0.0.1"] + ["127.0.0.9"] * 20)
    with dns_server(lambda _: (next(answers),)) as dns, recorder(address="127.0.0.9") as second:
        with recorder(see(f"http://name.test:{second.port}/")) as first:
            network = Network(AddressRules(deny=("127.0.0.9/32",)), dns_servers=(dns.place,), family=4)
            failure = await sender(Policy(network=network))(first.url(host="name.test"))
        assert isinstance(failure, Failure)
        assert (failure.kind, second.connections) == (ErrorKind.BLOCKED, 0)


async def test_33_a_redirect_to_a_blocked_address_with_its_chain(sender: Sender) -> None:
    with recorder(see("http://169.254.169.254/latest/meta-data/")) as server:
        rules = AddressRules(block_private=True, allow=("127.0.0.1/32",))
        failure = await sender(Policy(network=Network(addresses=rules)))(server.url("/page"))
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.BLOCKED
    assert failure.redirects == (Redirect(server.url("/page"), 302),)
    assert failure.url == "http://169.254.169.254/latest/meta-data/"


@pytest.mark.parametrize(("family", "address"), [(6, "127.0.0.1"), (4, "::1")])
async def test_pins_are_held_to_the_version_of_ip(sender: Sender, family: int, address: str) -> None:
    pin = parse_pin(f"a.test:80:{address}")
    failure = await sender(Policy(network=Network(family=family, pins=(pin,))))("http://a.test/")
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.detail) == (ErrorKind.DNS, f"{address} (--resolve) is not an IPv{family} address")


async def test_an_address_that_comes_late_is_tried_if_the_others_fail(sender: Sender) -> None:
    """The server listens on IPv4 alone, and the lookup of IPv6 is quicker."""
    with recorder() as server, dns_server({"two.test": ("127.0.0.1", "::1")}) as names:
        names.delays[A] = 0.3
        response = await sender(Policy(network=Network(dns_servers=(names.place,))))(server.url("/", "two.test"))
        assert isinstance(response, Response), response
        assert response.remote_ip == "127.0.0.1"


async def test_a_permitted_address_that_comes_late_is_tried_if_the_others_are_blocked(sender: Sender) -> None:
    rules = AddressRules(deny=("::1/128",))
    with recorder() as server, dns_server({"two.test": ("127.0.0.1", "::1")}) as names:
        names.delays[A] = 0.3
        network = Network(addresses=rules, dns_servers=(names.place,))
        assert isinstance(await sender(Policy(network=network))(server.url("/", "two.test")), Response)


async def test_a_pin_that_fails_is_no_reason_to_look_elsewhere(sender: Sender) -> None:
    with recorder() as server, dns_server({"name.test": ("127.0.0.1",)}) as names:
        pin = parse_pin("name.test:1:127.0.0.1")
        send = sender(Policy(network=Network(pins=(pin,), dns_servers=(names.place,))))
        assert isinstance(await send(server.url("/", "name.test")), Response)
        failure = await send("http://name.test:1/")
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.CONNECT
