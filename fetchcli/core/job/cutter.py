"""Cut a list into shards by host, while it is read."""

from collections.abc import Iterator
from typing import NamedTuple

FIRST_ROWS = 1_000  # of the first shard of a chain: nobody waits long for something to do
MAX_ROWS = 32_000


class ChainPiece(NamedTuple):
    """Consecutive rows of a chain.

    Attributes:
        chain: its chain, from 0.
        number: number of the piece in the chain, from 0.
        rows: number of rows.
    """

    chain: int
    number: int
    rows: int


class Cut(NamedTuple):
    """A shard.

    Attributes:
        number: number of the shard, from 1.
        pieces: its rows: one piece, or the last pieces of several chains.
        after: the shards that must be done before: those of the same chains.
    """

    number: int
    pieces: tuple[ChainPiece, ...]
    after: tuple[int, ...]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(piece.rows for piece in self.pieces)


class Cutter:
    """Deals rows to chains, and cuts the chains into shards that grow to `MAX_ROWS` rows.

    All rows of a host are in one chain, and the shards of a chain are fetched one after the other, so that the
    limits of a host hold without anybody counting for all workers. The same list is always cut in the same way.

    Args:
        chains: number of chains: no more shards than that can be fetched at once.
        split: deal the rows in turn, whatever their host, and let the shards of a chain be fetched at once.
        first: rows of the first shard of a chain; the next one is twice as long, and so on.
        most: maximum rows of a shard.

    Attributes:
        rows: rows that were dealt.
    """

    def __init__(self, chains: int, *, split: bool = False, first: int = FIRST_ROWS, most: int = MAX_ROWS) -> None:
        self._split, self._first, self._most = split, first, most
        self._open = [0] * chains  # rows since the last cut
        self._pieces = [0] * chains
        self._last = [0] * chains  # the last shard, or 0
        self._shards = self._without_host = 0
        self.rows = 0

    def chain(self, key: int | None) -> int:
        """The chain of the next row, given the hash of its host; None for a row without one."""
        self.rows += 1
        if self._split:
            return self.rows % len(self._open)
        if key is None:
            self._without_host += 1
            return self._without_host % len(self._open)
        return key % len(self._open)

    def piece(self, chain: int) -> int:
        """The number of the piece that the next row of a chain goes to."""
        return self._pieces[chain]

    def add(self, chain: int) -> Cut | None:
        """Note that a row was put there; the shard that this completes, or None."""
        self._open[chain] += 1
        if self._open[chain] < min(self._most, self._first << self._pieces[chain]):
            return None
        return self._cut([chain])

    def rest(self, parallel: int) -> Iterator[Cut]:
        """Yield the shards of what is left when the list has ended.

        Args:
            parallel: number of shards that are fetched at once.
        """
        left = sorted((chain for chain, rows in enumerate(self._open) if rows), key=self._last.__getitem__)
        size = min(self._most, -(-sum(self._open) // parallel))
        together: list[int] = []
        for chain in left:
            if together and sum(self._open[other] for other in together) + self._open[chain] > size:
                yield self._cut(together)
                together = []
            together.append(chain)
        if together:
            yield self._cut(together)

    def _cut(self, chains: list[int]) -> Cut:
        self._shards += 1
        pieces = tuple(ChainPiece(chain, self._pieces[chain], self._open[chain]) for chain in chains)
        after = () if self._split else tuple(sorted({self._last[chain] for chain in chains} - {0}))
        for chain in chains:
            self._pieces[chain] += 1
            self._open[chain], self._last[chain] = 0, self._shards
        return Cut(self._shards, pieces, after)
