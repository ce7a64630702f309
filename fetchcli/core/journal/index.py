"""What a results file holds for each place of the list, in little memory."""

from array import array

from fetchcli.core.errors import InputError
from fetchcli.core.journal.stored_row import StoredRow

MAX_SEQ, MAX_KEY = 1_000_000_000, 2**64 - 1
_NUMBER = "Q"  # 8 bytes


class JournalIndex:
    """The last row for each number of the list: 17 bytes a row.

    Attributes:
        rows: rows of the file.
        replaced: rows that a later one for the same place replaces, and rows that are not done.
        overtaken: done rows among them.
        displaced: done rows whose place another row has taken since: their place and number in the file, by key.
    """

    def __init__(self) -> None:
        self._keys, self._last, self._final = array(_NUMBER), array(_NUMBER), bytearray()
        self.rows = self.replaced = self.overtaken = 0
        self.displaced: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        """One more than the highest number of a row."""
        return len(self._keys)

    def note(self, row: StoredRow, *, final: bool) -> bool:
        """Note the next row of the file; whether a done row for the same place and key was noted before.

        Raises:
            InputError: it has no number, or no key.
        """
        seq, key = row.seq, key_number(row.key)
        if -MAX_SEQ <= seq < 0 and key:  # parked in a table
            self.rows += 1
            self.replaced += not final
            if final:
                self.displaced[key] = seq, self.rows
            return False
        if not 0 < seq <= MAX_SEQ or not key:
            raise InputError("it has rows without seq or key, so the list cannot be compared with it")
        self.rows += 1
        if seq >= len(self._keys):
            more = max(seq + 1 - len(self._keys), len(self._keys) // 8)
            self._keys.frombytes(bytes(8 * more))
            self._last.frombytes(bytes(8 * more))
            self._final.extend(bytes(more))
        before, was_final = self._keys[seq], bool(self._final[seq])
        if was_final and before != key:
            self.displaced[before] = seq, self._last[seq]
        elif was_final:
            self.replaced += 1
            self.overtaken += 1
        self.replaced += not final
        self._keys[seq], self._last[seq], self._final[seq] = key, self.rows, final
        return was_final and before == key

    def key(self, seq: int) -> int:
        """The key of the row at a place; 0 if there is none."""
        return self._keys[seq] if seq < len(self._keys) else 0

    def is_final(self, seq: int) -> bool:
        """Whether the row at a place is done."""
        return seq < len(self._final) and bool(self._final[seq])

    def last(self, seq: int) -> int:
        """The number in the file of the row at a place, from 1."""
        return self._last[seq] if seq < len(self._last) else 0

    def has_more_than(self, other: "JournalIndex") -> bool:
        """Whether it holds a done row that another index lacks."""
        return any(
            final and not (other.key(seq) == self._keys[seq] and other.is_final(seq))
            for seq, final in enumerate(self._final)
        )

    @property
    def final(self) -> int:
        """Places whose rows are done."""
        return self._final.count(1)

    def by_key(self) -> "array[int]":
        """The places, sorted by the keys of their rows."""
        held = (seq for seq, key in enumerate(self._keys) if key)
        return array(_NUMBER, sorted(held, key=self._keys.__getitem__))


def key_number(key: str) -> int:
    """The key of a row as a number; 0 if it is none."""
    try:
        return int(key, 16) & MAX_KEY
    except ValueError:
        return 0
