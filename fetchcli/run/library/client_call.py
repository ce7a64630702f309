"""One call of a client: the outcomes that it waits for."""

import asyncio
from collections import deque

from fetchcli.core.model.outcome import Outcome


class ClientCall:
    """Takes outcomes as they come, and hands them on, in the order of their rows if that is wanted.

    Args:
        ahead: rows that are on their way, or whose outcomes were not taken.
        ordered: hand on in the order of the rows.

    Attributes:
        room: acquired for each row.
        pending: the rows that have no outcome, in order.
    """

    def __init__(self, ahead: int, *, ordered: bool) -> None:
        self.room = asyncio.Semaphore(ahead)
        self.pending: dict[int, None] = {}
        self._ordered = ordered
        self._order: deque[int] = deque()
        self._arrived: dict[int, Outcome] = {}  # in the order in which they came
        self._ended = False
        self._error: BaseException | None = None
        self._wake = asyncio.Event()

    def expect(self, seq: int) -> None:
        """The outcome of this row will come."""
        self.pending[seq] = None
        if self._ordered:
            self._order.append(seq)

    def put(self, outcome: Outcome) -> None:
        """An outcome has come."""
        del self.pending[outcome.row.seq]
        self._arrived[outcome.row.seq] = outcome
        self._wake.set()

    def end(self, error: BaseException | None = None) -> None:
        """No more rows will follow; or, with an error, no more outcomes."""
        self._ended, self._error = True, self._error or error
        self._wake.set()

    async def next(self) -> Outcome | None:
        """The next outcome, or None at the end.

        Raises:
            BaseException: that with which it has ended.
        """
        while (outcome := self._take()) is None:
            if self._error is not None:
                raise self._error
            if self._ended and not self.pending and not self._arrived:
                return None
            self._wake.clear()
            await self._wake.wait()
        self.room.release()
        return outcome

    def _take(self) -> Outcome | None:
        if not self._arrived:
            return None
        seq = self._order[0] if self._ordered else next(iter(self._arrived))
        outcome = self._arrived.pop(seq, None)
        if outcome is not None and self._ordered:
            self._order.popleft()
        return outcome
