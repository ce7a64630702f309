"""Take one part of a list, by host."""

from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b

from fetchcli.core.model.target import Rejected, Row
from fetchcli.core.rows.key import row_key
from fetchcli.core.shard.division import BalancedDivision, Division, HashDivision, part_without_host
from fetchcli.core.shard.host_counts import HostCounts, host_key
from fetchcli.core.shard.manifest import PartManifest, imbalance
from fetchcli.core.shard.part import Shard

Batches = Iterable[list[Row]]
FINGERPRINT_BYTES = 16


class Sharding:
    """Takes the rows of one part.

    Args:
        shard: the part.
        read: reads all rows once more, to count them by host; None if the list can be read only once.
        split: cut hosts that have more rows than the mean of the parts.

    Attributes:
        messages: what to say at the end.
    """

    def __init__(self, shard: Shard, read: Callable[[], Batches] | None, *, split: bool = False) -> None:
        self._shard, self._read, self._split = shard, read, split
        self._sizes: list[int] = []
        self._fingerprint = blake2b(digest_size=FINGERPRINT_BYTES)
        self._is_counted = False
        self.messages: list[str] = []

    @property
    def list_rows(self) -> int | None:
        """Number of rows of the whole list; None if it is not known yet."""
        return sum(self._sizes) if self._is_counted else None

    @property
    def part_rows(self) -> int | None:
        """Number of rows of the part; None if it is not known yet."""
        return self._sizes[self._shard.number - 1] if self._is_counted else None

    def manifest(self, *, complete: bool) -> PartManifest:
        """What is known about the part.

        Args:
            complete: every row of the part has its outcome.
        """
        return PartManifest(
            shard=self._shard.number,
            of=self._shard.count,
            dealing=self._dealing,
            fingerprint=self._fingerprint.hexdigest() if self._is_counted else None,
            list_rows=self.list_rows,
            rows=self.part_rows,
            complete=complete and self._is_counted,
        )

    @property
    def _dealing(self) -> str:
        return "hash" if self._read is None else "size, hosts split" if self._split else "size"

    def rows(self, batches: Batches) -> Iterator[list[Row]]:
        """Yield the rows of the part."""
        division = self._hashed() if self._read is None else self._counted(self._read())
        number, parts, without_host = self._shard.number, self._shard.count, 0
        for batch in batches:
            mine = []
            for row in batch:
                if isinstance(row, Rejected):
                    part = part_without_host(without_host, parts)
                    without_host += 1
                else:
                    part = division.part_of(host_key(row.url.host))
                if self._read is None:
                    self._sizes[part - 1] += 1
                    self._note(row)
                if part == number:
                    mine.append(row)
            yield mine
        self._is_counted = True
        self._conclude()

    def _hashed(self) -> Division:
        self._sizes = [0] * self._shard.count
        return HashDivision(self._shard.count)

    def _counted(self, batches: Batches) -> Division:
        """Read the whole list and divide it."""
        counts, without_host = HostCounts(), 0
        for batch in batches:
            for row in batch:
                self._note(row)
                if isinstance(row, Rejected):
                    without_host += 1
                else:
                    counts.add(host_key(row.url.host))
        division = BalancedDivision(counts, self._shard.count, without_host, split=self._split)
        self._sizes, self._is_counted = division.sizes, True
        return division

    def _note(self, row: Row) -> None:
        """Add a row to the fingerprint: its place, its key and its host."""
        host = "" if isinstance(row, Rejected) else row.url.host
        self._fingerprint.update(f"{row_key(row)} {host}\n".encode("utf-8", "surrogatepass"))

    def _conclude(self) -> None:
        rows = sum(self._sizes)
        if rows and not self.part_rows:
            self.messages.append(f"part {self._shard} has none of the {rows:,} rows of the list")
        if self._read is None and rows:
            self.messages.append(imbalance(self._sizes))
