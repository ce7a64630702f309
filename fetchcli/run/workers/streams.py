"""The bodies of calls, on their way from a worker to those who take them."""

import asyncio
from collections.abc import Callable

from fetchcli.core.errors import Resumption, TransportError
from fetchcli.run.workers.calls import Ask, Begun, Piece, Recorded
from fetchcli.run.workers.process import WorkerProcess
from fetchcli.transport.base import BodyPlan, Consumers, HopRecorder
from fetchcli.transport.body import NO_CONSUMERS

Forgetting = Callable[[WorkerProcess, int], None]


class Died(Resumption):
    """The worker that made a call has died; the next call is made anew, by a worker that makes no other."""


class _Kept:
    """What a worker keeps of a call until nobody can ask for it any more."""

    def __init__(self, worker: WorkerProcess, number: int, forget: Forgetting) -> None:
        self.worker, self.number, self._forget = worker, number, forget

    def __del__(self) -> None:
        self._forget(self.worker, self.number)


class WorkerChain(_Kept, Resumption):
    """Where a worker can go on with a call."""


class WorkerPart(_Kept):  # a `Partial`; to inherit from a protocol makes isinstance slow
    """The body of a call that was cut off; a worker has what is needed to go on.

    Attributes:
        worker: that worker.
        number: number of the call in which it began.
        stream: takes the rest.
        offset: bytes that have come.
    """

    def __init__(self, worker: WorkerProcess, number: int, stream: "Stream", forget: Forgetting) -> None:
        super().__init__(worker, number, forget)
        self.stream, self.offset = stream, 0


class Stream:
    """Hands the body of a call to those who take it.

    Args:
        plan: what becomes of it.
        taken: called with the number of bytes that were taken.
        fail: called with the error that ends the call.
    """

    def __init__(self, plan: BodyPlan, taken: Callable[[int], None], fail: Callable[[TransportError], None]) -> None:
        self._plan, self._taken, self._fail = plan, taken, fail
        self._consumers: Consumers = NO_CONSUMERS
        self._recorders: dict[int, HopRecorder] = {}
        self._untaken = 0
        self._draining: asyncio.Task[None] | None = None
        self._error: TransportError | None = None

    def goes_on(self, fail: Callable[[TransportError], None]) -> None:
        """Another call brings the rest."""
        self._fail = fail

    def take(self, message: Begun | Piece | Recorded) -> None:
        """Take what a worker says of the body."""
        if isinstance(message, Piece):
            self._feed(message)
        elif isinstance(message, Begun):
            self._begin(message)
        else:
            self._record(message)

    def _begin(self, begun: Begun) -> None:
        if self._plan.consume is not None:
            self._consumers = self._plan.consume(begun.url, begun.head)

    def _feed(self, piece: Piece) -> None:
        """Hand a piece on; the worker is told once there is room for more."""
        for consumer in self._consumers.raw if piece.raw else self._consumers.decoded:
            consumer(piece.data)
        if self._consumers.drain is None:
            self._taken(len(piece.data))
            return
        self._untaken += len(piece.data)
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._drain())

    def _record(self, recorded: Recorded) -> None:
        if recorded.what == "hop":
            if self._plan.record is not None:
                self._recorders[recorded.hop] = self._plan.record(*recorded.values)
        else:
            getattr(self._recorders[recorded.hop], recorded.what)(*recorded.values)

    async def _drain(self) -> None:
        drain = self._consumers.drain
        try:
            while self._untaken and drain is not None:
                size, self._untaken = self._untaken, 0
                await drain()
                self._taken(size)
        except TransportError as error:
            self._error = error
            self._fail(error)
        finally:
            self._draining = None

    async def end(self) -> None:
        """Wait until everything was taken.

        Raises:
            TransportError: it could not be taken.
        """
        if self._draining is not None:
            await self._draining
        if self._error is not None:
            raise self._error


def ask_of(plan: BodyPlan, part: WorkerPart | None) -> Ask:
    """What a worker must know of a plan."""
    takes = plan.consume is not None
    return Ask(
        takes and plan.decoded,
        takes and plan.raw,
        plan.record is not None,
        plan.conditions,
        0 if part is None else part.number,
    )
