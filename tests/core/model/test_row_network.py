"""How the host of one row is reached."""

import pytest

from fetchcli.core.model.policy import Network
from fetchcli.core.model.row_network import row_network
from fetchcli.core.network.addresses import AddressRules
from fetchcli.core.network.overrides import Pin
from fetchcli.core.network.proxies import ProxyRules, parse_proxy
from fetchcli.core.request.row_request import RowProblem, RowRequest

PROXY = parse_proxy("p:1")
RUN = Network(proxies=ProxyRules(http=PROXY, bypass=("h",)), pins=(Pin("a", 80, ("127.0.0.1",)),), family=4)


def test_a_row_that_says_nothing_has_none() -> None:
    assert row_network(RowRequest(method="GET"), RUN) is None


def test_a_row_overrides_what_it_names() -> None:
    other = row_network(RowRequest(proxy="q:2"), RUN)
    assert other is not None
    assert (other.proxies.http, other.proxies.https) == (parse_proxy("q:2"), parse_proxy("q:2"))
    assert (other.proxies.bypass, other.pins, other.family) == (("h",), RUN.pins, 4)
    none = row_network(RowRequest(proxy=""), RUN)
    assert none is not None
    assert (none.proxies.http, none.proxies.https) == (None, None)
    pinned = row_network(RowRequest(resolve=("b:1:::1",), family=6), RUN)
    assert pinned is not None
    assert (pinned.pins, pinned.family) == ((*RUN.pins, Pin("b", 1, ("::1",))), 6)
    assert pinned.proxies == RUN.proxies


@pytest.mark.parametrize(
    ("row_request", "network", "said"),
    [
        (RowRequest(proxy="http://***@p:1"), RUN, "proxy: the password is masked"),
        (RowRequest(proxy="gopher://p"), RUN, "the scheme is not"),
        (RowRequest(resolve=("x",)), RUN, "expected HOST:PORT:ADDRESS"),
        (RowRequest(proxy="p:1"), Network(AddressRules(block_private=True)), "cannot be combined with a proxy"),
    ],
)
def test_an_invalid_value_is_a_problem_of_the_row(row_request: RowRequest, network: Network, said: str) -> None:
    with pytest.raises(RowProblem, match=said):
        row_network(row_request, network)
