"""Which idle connection a request gets, and which are closed when there are too many."""

from typing import cast

import pytest

from fetchcli.core.model.policy import Policy, Timeouts
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp import pool as pool_module
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.aiohttp.pool import IdlePool, max_idle
from fetchcli.transport.aiohttp.protocol import PooledProtocol
from fetchcli.transport.base import HopRequest, SharedFields

URL = parse_url("http://a.example/")


class Idle:
    """An idle connection."""

    def __init__(self) -> None:
        self.connected = True

    def is_connected(self) -> bool:
        return self.connected

    def close(self) -> None:
        self.connected = False


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pool_module, "monotonic", made)
    return made


def test_the_connection_that_was_used_last_is_used_first(clock: Clock) -> None:
    pool: IdlePool[Idle] = IdlePool(10)
    first, second = Idle(), Idle()
    pool.put("a", first)
    clock.now += 1
    pool.put("a", second)
    assert pool.take("b") is None
    assert [pool.take("a"), pool.take("a"), pool.take("a")] == [second, first, None]
    assert len(pool) == 0


def test_the_longest_idle_one_of_any_host_is_closed(clock: Clock) -> None:
    pool: IdlePool[Idle] = IdlePool(2)
    busy, rare = Idle(), Idle()
    pool.put("busy", busy)
    clock.now += 1
    pool.put("rare", rare)
    for _ in range(5):  # its host was the first of all, but it is always in use
        assert pool.take("busy") is busy
        clock.now += 1
        pool.put("busy", busy)
    pool.put("new", Idle())
    assert (busy.connected, rare.connected, len(pool)) == (True, False, 2)


def test_old_and_dead_ones_are_not_used(clock: Clock) -> None:
    pool: IdlePool[Idle] = IdlePool(10)
    old, dead = Idle(), Idle()
    pool.put("a", old)
    pool.put("a", dead)
    dead.connected = False
    clock.now += pool_module.MAX_IDLE_SECONDS
    assert pool.take("a") is None
    pool.put("b", Idle())
    assert (old.connected, len(pool)) == (False, 1)


def test_a_connection_that_has_ended_takes_no_place() -> None:
    pool: IdlePool[Idle] = IdlePool(2)
    first, second = Idle(), Idle()
    pool.put("a", first)
    pool.put("a", second)
    pool.discard(first)
    pool.discard(first)
    assert (len(pool), pool.take("a"), pool.take("a")) == (1, second, None)


def test_a_pool_that_is_closed_keeps_none() -> None:
    pool: IdlePool[Idle] = IdlePool(10)
    before, after = Idle(), Idle()
    pool.put("a", before)
    pool.close()
    pool.put("a", after)
    assert (before.connected, after.connected, len(pool)) == (False, False, 0)


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
    idle: list[tuple[float, bool]], taken: int | None, clock: Clock
) -> None:
    hops = AiohttpHops(Policy())
    request = HopRequest(url=URL, method="POST", host="a.example", shared=SharedFields(()), once=True)
    exchange = hops.hop(request, Timeouts())
    protocols = [Idle() for _ in idle]
    for protocol, (seconds, connected) in zip(protocols, idle, strict=True):
        clock.now = 1000.0 - seconds
        hops.connector.pool.put(exchange.route.key, cast("PooledProtocol", protocol))
        protocol.connected = connected
    clock.now = 1000.0
    found: object = hops.connector._idle(exchange)
    assert found is (None if taken is None else protocols[taken])
    await hops.close()


async def test_a_fresh_request_closes_the_idle_connections_of_its_host() -> None:
    hops = AiohttpHops(Policy())
    exchange = hops.hop(
        HopRequest(url=URL, method="GET", host="a.example", shared=SharedFields(()), fresh=True), Timeouts()
    )
    kept = Idle()
    hops.connector.pool.put(exchange.route.key, cast("PooledProtocol", kept))
    assert hops.connector._idle(exchange) is None
    assert not kept.connected
    await hops.close()


def test_idle_connections_leave_descriptors_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, expected in ((1024, 200), (400, 100), (100, 50), (-1, 200)):
        monkeypatch.setattr("resource.getrlimit", lambda _, limit=limit: (limit, limit))
        assert max_idle(50) == expected
        assert max_idle(2000) == 2000
    assert max_idle(300) == 1024
