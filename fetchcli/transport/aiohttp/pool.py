"""The idle connections of a run, bounded; the one that was used last is used first."""

from collections import OrderedDict
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


class IdlePool(Generic[C]):
    """Keeps idle connections; if there are too many, those that were idle the longest are closed.

    Args:
        max_idle: how many are kept.
    """

    def __init__(self, max_idle: int) -> None:
        self._max_idle = max_idle
        self._by_key: dict[Hashable, list[C]] = {}
        self._kept: OrderedDict[C, tuple[Hashable, float]] = OrderedDict()  # key, since when; the oldest first
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
        """Keep a connection."""
        now = monotonic()
        self._by_key.setdefault(key, []).append(connection)
        self._kept[connection] = key, now
        if len(self._kept) > self._max_idle or now >= self._next_look:
            self._drop_oldest(now)

    def discard(self, connection: C) -> None:
        """Forget a connection that has ended, if it is kept."""
        if connection in self._kept:
            self._forget(connection)

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


def max_idle(concurrency: int) -> int:
    """How many connections may be idle, so that enough file descriptors are left for everything else."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return max(concurrency, min(PER_SLOT * concurrency, MOST))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    spare = MOST if limit == resource.RLIM_INFINITY else limit // 4
    return max(concurrency, min(PER_SLOT * concurrency, spare, MOST))
