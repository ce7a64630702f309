"""Rows by host, counted in bounded memory."""

from array import array
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

MAX_HOSTS = 250_000  # hosts that are counted one by one: about 25 MB
BUCKET_BITS = 20  # of the number of a bucket: the buckets take 8 MB
_KEY_BITS = 64
MAX_CACHED = 10_000  # keys; most lists have many rows of few hosts


@lru_cache(maxsize=MAX_CACHED)
def host_key(host: str) -> int:
    """A hash of a host name, 8 bytes."""
    return int.from_bytes(blake2b(host.encode("utf-8", "surrogatepass"), digest_size=_KEY_BITS // 8).digest())


class HostCounts:
    """Counts rows by host; with very many hosts, by groups of hosts whose hashes begin alike.

    Args:
        max_hosts: number of hosts that are counted one by one.
        bits: of the number of a group.

    Attributes:
        rows: rows that were counted.
    """

    def __init__(self, max_hosts: int = MAX_HOSTS, bits: int = BUCKET_BITS) -> None:
        self._max_hosts, self._bits = max_hosts, bits
        self._hosts: dict[int, int] = {}
        self._buckets: array[int] | None = None
        self.rows = 0

    def add(self, key: int) -> None:
        """Count a row of a host."""
        self.rows += 1
        if self._buckets is not None:
            self._buckets[self.unit(key)] += 1
            return
        self._hosts[key] = self._hosts.get(key, 0) + 1
        if len(self._hosts) > self._max_hosts:
            self._buckets = array("Q", bytes(8 << self._bits))
            for host, count in self._hosts.items():
                self._buckets[self.unit(host)] += count
            self._hosts = {}

    def unit(self, key: int) -> int:
        """What a host is counted as: itself, or its group."""
        return key if self._buckets is None else key >> (_KEY_BITS - self._bits)

    def items(self) -> Iterable[tuple[int, int]]:
        """Units with rows, and the numbers of their rows."""
        if self._buckets is None:
            return self._hosts.items()
        return ((unit, count) for unit, count in enumerate(self._buckets) if count)
