"""Of several rows for one place, the last one counts."""

from array import array

from fetchcli.core.journal.index import MAX_KEY, key_number
from fetchcli.core.journal.stored_row import StoredRow

MAX_SEQ, MAX_ROUND = 100_000_000, 1_000  # rows with larger numbers are kept one by one


class LatestRows:
    """Remembers the last row for each place: 16 bytes a row.

    A place is the number of a row in its list, the round, and the key. Rows without a number have no place.

    Attributes:
        replaced: rows that a later one replaces.
    """

    def __init__(self) -> None:
        self._keys: list[array[int]] = []  # by round; 0 for none
        self._last: list[array[int]] = []
        self._others: dict[tuple[int, int, int], int] = {}
        self.replaced = 0

    def note(self, row: StoredRow, number: int) -> None:
        """Note a row.

        Args:
            row: the row.
            number: counts the rows, from 1.
        """
        if not row.seq:
            return
        key = _any_key(row.key)
        place = (row.round, row.seq, key)
        if 0 < row.seq <= MAX_SEQ and 0 < row.round <= MAX_ROUND:
            keys, last = self._arrays(row.round, row.seq)
            if keys[row.seq] in (0, key):
                self.replaced += keys[row.seq] != 0
                keys[row.seq], last[row.seq] = key, number
                return
        self.replaced += place in self._others
        self._others[place] = number

    def is_last(self, row: StoredRow, number: int) -> bool:
        """Whether no later row has the same place."""
        if not row.seq or not self.replaced:
            return True
        key = _any_key(row.key)
        if 0 < row.round <= len(self._keys):
            keys = self._keys[row.round - 1]
            if 0 < row.seq < len(keys) and keys[row.seq] == key:
                return self._last[row.round - 1][row.seq] == number
        return self._others[row.round, row.seq, key] == number

    def _arrays(self, number: int, seq: int) -> "tuple[array[int], array[int]]":
        while number > len(self._keys):
            self._keys.append(array("Q"))
            self._last.append(array("Q"))
        keys, last = self._keys[number - 1], self._last[number - 1]
        if seq >= len(keys):
            more = bytes(8 * max(seq + 1 - len(keys), len(keys) // 8))
            keys.frombytes(more)
            last.frombytes(more)
        return keys, last


def _any_key(key: str) -> int:
    """The key of a row as a number from 1: the file of somebody else may have any text there."""
    return key_number(key) or hash(key) & MAX_KEY or 1
