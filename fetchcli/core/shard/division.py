"""Divide a list into parts by host, the same way on every machine."""

from collections.abc import Iterable
from heapq import heapify, heapreplace
from typing import NamedTuple, Protocol

from fetchcli.core.shard.host_counts import HostCounts


class Division(Protocol):
    """Says which part each row of a list belongs to; is asked for all rows, in the order of the list."""

    def part_of(self, key: int) -> int:
        """The part, from 1, of the next row of a host, whose hash is given."""


def part_without_host(before: int, parts: int) -> int:
    """The part, from 1, of a row that has no host: these rows are dealt in turn.

    Args:
        before: number of such rows before it.
        parts: number of parts.
    """
    return before % parts + 1


class HashDivision:
    """For a list that can be read only once: the hash of the host says the part."""

    def __init__(self, parts: int) -> None:
        self._parts = parts

    def part_of(self, key: int) -> int:
        """See `Division.part_of`."""
        return key % self._parts + 1


class _Piece(NamedTuple):
    """Rows that stay together: negative size, host, and number of the piece; the order in which they are placed."""

    size: int
    unit: int
    number: int


class BalancedDivision:
    """For a list that was counted: hosts go to the parts by size, so that parts are about equal.

    No part has more rows than the mean and the largest host together.

    Args:
        counts: rows by host.
        parts: number of parts.
        without_host: number of rows without a host.
        split: cut hosts that have more rows than the mean into consecutive pieces.

    Attributes:
        sizes: number of rows of each part.
    """

    def __init__(self, counts: HostCounts, parts: int, without_host: int = 0, *, split: bool = False) -> None:
        self._counts = counts
        self._part: dict[int, int] = {}
        self._cut: dict[int, _CutHost] = {}
        self._fallback = HashDivision(parts)
        mean = (counts.rows + without_host) / parts
        pieces = (piece for unit, size in counts.items() for piece in self._pieces(unit, size, mean if split else None))
        # The size of each part, and its index; rows without a host are there already.
        loads = [((without_host - index - 1) // parts + 1, index) for index in range(parts)]
        heapify(loads)
        for size, unit, number in sorted(pieces):
            load, index = loads[0]
            heapreplace(loads, (load - size, index))
            if unit in self._cut:
                self._cut[unit].parts[number] = index + 1
            else:
                self._part[unit] = index + 1
        self.sizes = [load for load, _ in sorted(loads, key=lambda pair: pair[1])]

    def _pieces(self, unit: int, size: int, mean: float | None) -> Iterable[_Piece]:
        if mean is None or size <= mean:
            yield _Piece(-size, unit, 0)
            return
        count = -int(-size // max(mean, 1))
        length = -(-size // count)
        starts = range(0, size, length)
        self._cut[unit] = _CutHost(length, [0] * len(starts))
        for number, start in enumerate(starts):
            yield _Piece(-min(length, size - start), unit, number)

    def part_of(self, key: int) -> int:
        """See `Division.part_of`; hosts that were not counted, because the list has changed, go by their hash."""
        unit = self._counts.unit(key)
        cut = self._cut.get(unit)
        if cut is not None:
            return cut.next_part()
        return self._part.get(unit) or self._fallback.part_of(key)


class _CutHost:
    """A host whose rows go to several parts, one piece after the other.

    Args:
        length: rows of a piece; the last one may be shorter.
        parts: the part of each piece.
    """

    def __init__(self, length: int, parts: list[int]) -> None:
        self._length, self._seen = length, 0
        self.parts = parts

    def next_part(self) -> int:
        """The part of the next row."""
        number = min(self._seen // self._length, len(self.parts) - 1)
        self._seen += 1
        return self.parts[number]
