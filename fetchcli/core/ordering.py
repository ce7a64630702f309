"""Putting outcomes back into input order, in bounded memory."""

from fetchcli.core.model import Outcome


class Reorder:
    """Holds outcomes until all before them are out.

    Memory is bounded by the caller, who launches nothing further than ``window`` rows ahead of
    `next_seq`.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self.next_seq = 1
        self._held: dict[int, Outcome] = {}

    def __len__(self) -> int:
        return len(self._held)

    def may_start(self, seq: int) -> bool:
        """Whether the row is near enough to the next one to be given out."""
        return seq < self.next_seq + self.window

    def push(self, outcome: Outcome) -> list[Outcome]:
        """Take one outcome; return those whose turn it is now, in order."""
        self._held[outcome.row.seq] = outcome
        ready = []
        while (following := self._held.pop(self.next_seq, None)) is not None:
            ready.append(following)
            self.next_seq += 1
        return ready

    def flush(self) -> list[Outcome]:
        """What is left when the run was stopped, in order; the gaps are rows that never started."""
        ready = [self._held[seq] for seq in sorted(self._held)]
        self._held.clear()
        return ready
