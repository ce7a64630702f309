"""Put outcomes back into input order, in bounded memory."""

from collections import deque

from fetchcli.core.model.outcome import Outcome


class Reorder:
    """Holds outcomes until those of all rows that were admitted before are out.

    Args:
        window: maximum number of rows that are admitted and not out.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self._order: deque[int] = deque()  # the numbers of the rows; a part of a list has gaps in them
        self._held: dict[int, Outcome] = {}

    def __len__(self) -> int:
        return len(self._held)

    def admit(self, seq: int) -> bool:
        """Take the next row, unless there are too many."""
        if len(self._order) >= self.window:
            return False
        self._order.append(seq)
        return True

    def push(self, outcome: Outcome) -> list[Outcome]:
        """Add an outcome; return those that are next in order."""
        self._held[outcome.row.seq] = outcome
        ready = []
        while self._order and (next_outcome := self._held.pop(self._order[0], None)) is not None:
            ready.append(next_outcome)
            self._order.popleft()
        return ready

    def flush(self) -> list[Outcome]:
        """The remaining outcomes of a stopped run, in order; gaps are rows that never started."""
        ready = [self._held[seq] for seq in sorted(self._held)]
        self._held.clear()
        self._order.clear()
        return ready
