"""Whole rows that workers make, as the run sees them."""

import asyncio
from collections.abc import Callable

from fetchcli.core.errors import ErrorKind, Resumption, TransportError
from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.target import Target
from fetchcli.run.workers.calls import Cancel, RowCall
from fetchcli.run.workers.process import WorkerProcess

LAST_WORD_SECONDS = 0.5  # for which a worker is asked what came of a call that is cancelled
Done = Callable[[AcceptedRow | Resumption], None]


class Answered(Resumption):
    """The call of a row that the run must look at has ended.

    Attributes:
        answer: the response, or what was raised.
    """

    def __init__(self, answer: Response | BaseException) -> None:
        self.answer = answer

    def response(self) -> Response:
        """The response; raises what the call has raised."""
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class RowCalls:
    """The rows that workers make now."""

    def __init__(self) -> None:
        self._calls: dict[int, tuple[WorkerProcess, Done]] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._calls

    def send(self, worker: WorkerProcess, number: int, row: Target, times: tuple[float, float], done: Done) -> None:
        """Let a worker make a row.

        Args:
            worker: the worker.
            number: tells calls apart.
            row: the row.
            times: when its attempt began, and the seconds before that.
            done: called with what came of it.
        """
        self._calls[number] = worker, done
        worker.in_flight.add(number)
        seq, source, line, tag = row.seq, row.source, row.line, row.tag
        began, queued = times
        worker.send(
            RowCall(number, row.url, began, queued, seq, source, line, tag, row.carried, row.round, row.variant)
        )

    def end(self, number: int, answer: AcceptedRow | Resumption) -> None:
        """A row has its answer."""
        if (call := self._calls.pop(number, None)) is not None:
            worker, done = call
            worker.in_flight.discard(number)
            done(answer)

    def fail(self, number: int, error: TransportError) -> None:
        """The call of a row has raised an error."""
        cancelled = error.failure.kind is ErrorKind.CANCELLED
        self.end(number, Answered(asyncio.CancelledError() if cancelled else error))

    def cancel(self) -> None:
        """Cancel all rows; those whose workers say nothing are given up after `LAST_WORD_SECONDS`."""
        for number, (worker, _) in self._calls.items():
            worker.send(Cancel(number))
        asyncio.get_running_loop().call_later(LAST_WORD_SECONDS, self._give_up, list(self._calls))

    def _give_up(self, numbers: list[int]) -> None:
        for number in numbers:
            self.end(number, Answered(asyncio.CancelledError()))
