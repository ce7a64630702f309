"""The idle connections of a run, bounded; the one that was used last is used first."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from time import monotonic
from typing import Generic, Protocol, TypeVar

MAX_IDLE_SECONDS = 118.0  # as in curl (CURLOPT_MAXAGE_CONN): servers seldom keep a connection for longer
PER_SLOT = 4  # idle connections for each request in flight, as in curl
MOST = 1024  # idle connections, if not more are in flight: each takes 30 KB, with TLS more


class Connection(Protocol):
    """A connection that can be kept."""

    def is_connected(self) -> bool:
        """Whether it is still open."""

    def close(self) -> None:
        """Close it at once."""


C = TypeVar("C", bound=Connection)


class Open(Generic[C]):
    """The open connections to one destination.

    Attributes:
        count: how many there are, idle or in use.
        seconds: how long it took to make the last one.
        waiting: requests that wait for one of them.
    """

    __slots__ = ("count", "seconds", "waiting")

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0
        self.waiting: deque[asyncio.Future[C | None]] = deque()

    def hand_over(self, connection: C | None) -> bool:
        """Give a connection to the first request that waits; return whether there is one."""
        while self.waiting:
            waiter = self.waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False


class IdlePool(Generic[C]):
    """Keeps idle connections; if there are too many, those that were idle the longest are closed.

    Args:
        max_idle: how many are kept.
    """

    def __init__(self, max_idle: int) -> None:
        self._max_idle = max_idle
        self._by_key: dict[Hashable, list[C]] = {}
        self._kept: OrderedDict[C, tuple[Hashable, float]] = OrderedDict()  # key, since when; the oldest first
        self._open: dict[Hashable, Open[C]] = {}
        self._next_look = float("-inf")  # before that, none is too old

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, key: Hashable, max_age: float = MAX_IDLE_SECONDS) -> C | None:
        """The connection that was idle for the shortest time, if that was shorter than ``max_age`` seconds."""
        kept = self._by_key.get(key)
        while kept:
            connection = kept[-1]
            alive = connection.is_connected()
            if alive and monotonic() - self._kept[connection][1] >= max_age:
                return None
            self._forget(connection)
            if alive:
                return connection
            connection.close()
        return None

    def put(self, key: Hashable, connection: C) -> None:
        """Hand a connection to a request that waits for one, or keep it."""
        opened = self._open.get(key)
        if opened is not None and opened.waiting and self._max_idle and opened.hand_over(connection):
            return
        now = monotonic()
        self._by_key.setdefault(key, []).append(connection)
        self._kept[connection] = key, now
        if len(self._kept) > self._max_idle or now >= self._next_look:
            self._drop_oldest(now)

    def has_open(self, key: Hashable) -> bool:
        """Whether there are connections, idle or in use."""
        return key in self._open

    async def wait(self, key: Hashable) -> C | None:
        """Wait until a connection is free, for as long as it took to make the last one, or return None.

        Most requests end sooner than that; whoever waits in vain has lost no more than it takes to make one
        (the "ski rental" rule).
        """
        opened = self._open.get(key)
        if opened is None:
            return None
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[C | None] = loop.create_future()
        opened.waiting.append(waiter)
        timer = loop.call_later(opened.seconds, _give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and (connection := waiter.result()) is not None:
                self.put(key, connection)
            raise
        finally:
            timer.cancel()

    def opened(self, key: Hashable, seconds: float) -> None:
        """Count a connection that was made in so many seconds."""
        opened = self._open.setdefault(key, Open())
        opened.count += 1
        opened.seconds = seconds

    def ended(self, key: Hashable, connection: C) -> None:
        """Forget a connection that has ended."""
        if connection in self._kept:
            self._forget(connection)
        opened = self._open[key]
        opened.count -= 1
        if not opened.count:
            del self._open[key]
            while opened.hand_over(None):
                pass

    def drop(self, key: Hashable) -> None:
        """Close the connections of a key."""
        for connection in self._by_key.pop(key, ()):
            del self._kept[connection]
            connection.close()

    def close(self) -> None:
        """Close all connections, and keep none from now on."""
        self._max_idle = 0
        for key in list(self._by_key):
            self.drop(key)

    def _drop_oldest(self, now: float) -> None:
        """Close those that are too many, or too old."""
        while self._kept:
            oldest, (_, since) = next(iter(self._kept.items()))
            if len(self._kept) <= self._max_idle and now - since < MAX_IDLE_SECONDS:
                self._next_look = since + MAX_IDLE_SECONDS
                return
            self._forget(oldest)
            oldest.close()

    def _forget(self, connection: C) -> None:
        key, _ = self._kept.pop(connection)
        kept = self._by_key[key]
        if kept[-1] is connection:
            kept.pop()
        else:
            kept.remove(connection)
        if not kept:
            del self._by_key[key]


def _give_up(waiter: "asyncio.Future[C | None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def max_idle(concurrency: int) -> int:
    """How many connections may be idle, so that enough file descriptors are left for everything else."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return max(concurrency, min(PER_SLOT * concurrency, MOST))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    spare = MOST if limit == resource.RLIM_INFINITY else limit // 4
    return max(concurrency, min(PER_SLOT * concurrency, spare, MOST))
