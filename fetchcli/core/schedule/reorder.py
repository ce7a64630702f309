"""Put outcomes back into input order, in bounded memory."""

from fetchcli.core.model.outcome import Outcome


class Reorder:
    """Holds outcomes until all earlier ones are out.

    The caller bounds the memory: it launches no row more than ``window`` rows after `next_seq`.
    """

    def __init__(self, window: int) -> None:
        self.window = window
        self.next_seq = 1
        self._held: dict[int, Outcome] = {}

    def __len__(self) -> int:
        return len(self._held)

    def may_start(self, seq: int) -> bool:
        """Whether a row is close enough to the next one in order."""
        return seq < self.next_seq + self.window

    def push(self, outcome: Outcome) -> list[Outcome]:
        """Add an outcome; return those that are next in order."""
        self._held[outcome.row.seq] = outcome
        ready = []
        while (next_outcome := self._held.pop(self.next_seq, None)) is not None:
            ready.append(next_outcome)
            self.next_seq += 1
        return ready

    def flush(self) -> list[Outcome]:
        """The remaining outcomes of a stopped run, in order; gaps are rows that never started."""
        ready = [self._held[seq] for seq in sorted(self._held)]
        self._held.clear()
        return ready
