"""Which idle connection a request gets that must not be repeated."""

from collections import deque
from time import monotonic
from typing import Any

import pytest

from fetchcli.core.model.policy import Policy
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp.connector import PooledConnector
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.base import HopRequest, SharedFields

URL = parse_url("http://a.example/")


class Idle:
    """An idle connection."""

    def __init__(self, *, connected: bool) -> None:
        self.connected = connected

    def is_connected(self) -> bool:
        return self.connected

    def close(self) -> None:
        self.connected = False


@pytest.mark.parametrize(
    ("idle", "taken"),
    [
        ([(14.0, True), (0.1, True)], 1),
        ([(14.0, True), (0.1, False)], None),
        ([(0.2, True), (0.1, False)], 0),
        ([(0.1, False)], None),
        ([(14.0, True)], None),
    ],
)
async def test_a_request_that_is_not_repeated_takes_the_newest_live_connection_or_none(
    idle: list[tuple[float, bool]], taken: int | None
) -> None:
    hops = AiohttpHops(Policy())
    connector = hops.session.connector
    assert isinstance(connector, PooledConnector)
    protocols: list[Any] = [Idle(connected=connected) for _, connected in idle]
    key = hops._routes.to(URL).key
    kept = [(protocol, monotonic() - seconds) for protocol, (seconds, _) in zip(protocols, idle, strict=True)]
    connector._conns[key] = deque(kept)
    request = HopRequest(url=URL, method="POST", host="a.example", shared=SharedFields(()), once=True)
    assert connector._may_reuse(request, key) is (taken is not None)
    if taken is not None:
        assert connector._conns[key][0][0] is protocols[taken]
    connector._conns.clear()
    await hops.close()
