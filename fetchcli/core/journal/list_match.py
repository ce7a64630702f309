"""Find the rows of a list in a results file: by key and place, and by key alone where the list has changed."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from fetchcli.core.journal.index import JournalIndex


class Place(NamedTuple):
    """Where a row stands in the list now."""

    seq: int
    source: str
    line: int


class ListMatch:
    """Compares a list with what a results file holds.

    Args:
        index: what the file holds.

    Attributes:
        moved: new places of rows, by their old place and key.
        new: rows of the list at places where the file has another row, and that it has nowhere.
        changed: the list is another one than that of the file.
        taken: rows of the list that are done.
    """

    def __init__(self, index: JournalIndex) -> None:
        self._index = index
        self._seen = bytearray(len(index))
        self._by_key: array[int] | None = None
        self.moved: dict[tuple[int, int], Place] = {}
        self.new = self.taken = 0
        self.changed = False

    def take(self, place: Place, key: int) -> bool:
        """Whether the file holds the result of a row of the list; each row of the file is taken once.

        Args:
            place: where the row stands.
            key: its key as a number.
        """
        index, seq = self._index, place.seq
        held = index.key(seq)
        if held == key and not self._seen[seq]:
            self._seen[seq] = 1
            done = index.is_final(seq)
        else:
            self.changed = self.changed or bool(held)
            done = self._take_elsewhere(place, key)
            self.new += bool(held) and not done
        self.taken += done
        return done

    def take_in_place(self, seq: int, key: int) -> bool:
        """Take a row that is done and stands where it stood; nothing happens if it is not, or does not."""
        index = self._index
        if index.key(seq) != key or self._seen[seq] or not index.is_final(seq):
            return False
        self._seen[seq] = 1
        self.taken += 1
        return True

    def was_seen(self, seq: int) -> bool:
        """Whether the list has the row that the file holds at a place."""
        return bool(self._seen[seq])

    @property
    def gone(self) -> int:
        """Rows of the file that the list does not have; to be asked once the whole list was read."""
        return sum(1 for _ in self.gone_places())

    def gone_places(self) -> Iterator[tuple[int, int]]:
        """Yield place and key of the rows that the list does not have."""
        for seq, seen in enumerate(self._seen):
            if not seen and (key := self._index.key(seq)):
                yield seq, key
        for key, (seq, _) in self._index.displaced.items():
            if (seq, key) not in self.moved:
                yield seq, key

    def _take_elsewhere(self, place: Place, key: int) -> bool:
        """Take a done row with this key from another place.

        One of a later place is taken only if the list has changed: with duplicates in it, that row is found at its
        own place later.
        """
        index = self._index
        if self._by_key is None:
            self._by_key = index.by_key()
        at = bisect_left(self._by_key, key, key=index.key)
        while at < len(self._by_key) and index.key(seq := self._by_key[at]) == key:
            if not self._seen[seq] and index.is_final(seq) and (seq < place.seq or self.changed):
                self._seen[seq] = 1
                return self._move(seq, key, place)
            at += 1
        displaced = index.displaced.get(key)
        if displaced is not None and (displaced[0], key) not in self.moved:
            return self._move(displaced[0], key, place)
        return False

    def _move(self, seq: int, key: int, place: Place) -> bool:
        self.moved[seq, key] = place
        self.changed = True
        return True
