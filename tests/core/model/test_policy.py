"""Policies that cannot be kept are refused."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.model.policy import Limits, Network, Pace, Tls
from fetchcli.core.network.addresses import AddressRules
from fetchcli.core.network.proxies import Proxy, ProxyRules

PROXY = Proxy(scheme="http", host="127.0.0.1", port=8080)


@pytest.mark.parametrize("rules", [AddressRules(block_private=True), AddressRules(deny=("10.0.0.0/8",))])
@pytest.mark.parametrize("proxies", [ProxyRules(http=PROXY), ProxyRules(https=PROXY)])
def test_35_a_proxy_hides_the_address_that_is_to_be_judged(rules: AddressRules, proxies: ProxyRules) -> None:
    with pytest.raises(UsageError, match="proxy"):
        Network(addresses=rules, proxies=proxies)
    Network(proxies=proxies)  # 34: a proxy alone is fine
    Network(addresses=rules, proxies=ProxyRules(bypass=("*",)))


def test_a_unix_socket_and_a_proxy_cannot_be_combined() -> None:
    with pytest.raises(UsageError, match="cannot be combined"):
        Network(unix_socket="/run/x", proxies=ProxyRules(http=PROXY))


@pytest.mark.parametrize("pace", [{"per_host": 0}, {"max_host_errors": 0}])
def test_a_pace_that_fetches_nothing_is_refused(pace: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Pace(**pace)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["", "x" * 108])
def test_a_path_that_no_socket_can_have(path: str) -> None:
    with pytest.raises(UsageError, match="1 to 107 bytes"):
        Network(unix_socket=path)


def test_a_unix_socket_has_no_address() -> None:
    with pytest.raises(UsageError, match="unix-socket"):
        Network(addresses=AddressRules(block_private=True), unix_socket="/run/x")


def test_a_key_without_a_certificate_is_refused() -> None:
    with pytest.raises(UsageError, match="requires a certificate"):
        Tls(key="key.pem")


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_of_bytes_is_more_than_nothing(rate: float) -> None:
    with pytest.raises(UsageError, match="Limits: rate must be more than 0"):
        Limits(rate=rate)
    assert Limits(rate=1.0).rate == 1.0
