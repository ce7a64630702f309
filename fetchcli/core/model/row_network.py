"""How the host of one row is reached, where the row says so."""

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.policy import Network
from fetchcli.core.network.overrides import parse_pin
from fetchcli.core.network.proxies import ProxyRules, parse_proxy
from fetchcli.core.request.row_request import RowProblem, RowRequest
from fetchcli.core.request.secrets import MASK


def row_network(row_request: RowRequest, network: Network) -> Network | None:
    """The network of a row: its proxy, addresses and IP version override those of the run; None if it has none.

    As in curl, a proxy of the row is not used for the hosts of ``--noproxy``.

    Raises:
        RowProblem: a value is invalid, or cannot be combined with the network of the run.
    """
    if row_request.proxy is None and not row_request.resolve and not row_request.family:
        return None
    try:
        proxies = network.proxies
        if row_request.proxy is not None:
            if f"{MASK}@" in row_request.proxy:
                raise RowProblem("proxy", "the password is masked; expected the real one")
            proxy = parse_proxy(row_request.proxy) if row_request.proxy else None
            proxies = ProxyRules(http=proxy, https=proxy, bypass=proxies.bypass)
        return msgspec.structs.replace(
            network,
            proxies=proxies,
            pins=(*network.pins, *map(parse_pin, row_request.resolve)),
            family=row_request.family or network.family,
        )
    except RowProblem:
        raise
    except UsageError as error:
        raise RowProblem("", str(error)) from None
