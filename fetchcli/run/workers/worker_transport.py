"""The transport of a run with ``--processes``: it hands every call to a worker process.

Who may be asked, when, how often and how many at once is decided by the run alone, so that all limits hold however
many processes there are. A worker makes what costs: connections, TLS, HTTP, decoding and hashing.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from weakref import WeakValueDictionary

import msgspec

from fetchcli.core.errors import ErrorKind, Failure, FetchcliError, Remedy, Resumption, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.url.parse import HttpUrl
from fetchcli.run.workers.calls import (
    Accepted,
    Begun,
    Call,
    Cancel,
    Forget,
    Lines,
    Message,
    Piece,
    PlainCall,
    Raised,
    Recorded,
    Returned,
    Start,
    Taken,
)
from fetchcli.run.workers.process import WorkerProcess
from fetchcli.run.workers.row_calls import LAST_WORD_SECONDS, Answered, Done, RowCalls
from fetchcli.run.workers.streams import Died, Stream, WorkerChain, WorkerPart, ask_of
from fetchcli.transport.base import BodyPlan, Transport

_NO_STREAMS: dict[int, Stream] = {}
MAX_FAILED_STARTS = 3  # in a row


class WorkerTransport:
    """See `transport.base.Transport`; create it inside a running event loop.

    Args:
        processes: maximum number of workers.
        start: what they need.
        local: makes the transport for calls that no worker can make: those that go on with a stored body.
    """

    def __init__(self, processes: int, start: Start, local: Callable[[], Transport]) -> None:
        self._policy, self._local = start.policy, local
        share = -(-start.policy.concurrency // processes)  # each keeps its part of the idle connections
        self._start = start._replace(policy=msgspec.structs.replace(_sendable(start.policy), concurrency=share))
        self._own: Transport | None = None
        self._loop, self._number = asyncio.get_running_loop(), 0
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._late: dict[int, Response] = {}
        self._rows = RowCalls()
        self._lines: Lines | None = None
        self._streams: dict[int, Stream] = {}
        self._parts: WeakValueDictionary[int, WorkerPart] = WeakValueDictionary()
        self._failed_starts = 0
        self._closed = False
        self._processes, self._workers = processes, [self._spawn()]
        self._alone: WorkerProcess | None = None  # makes one call at a time: of rows whose worker has died
        self._lock = asyncio.Lock()
        # Hosts keep to a worker, and so to its connections, unless it has this many calls more than another.
        self._slack = max(1, start.policy.concurrency // (8 * processes))

    def _spawn(self) -> WorkerProcess:
        worker = WorkerProcess(self._start, self._receive, self._ended)
        if self._lines is not None:
            worker.send(self._lines)
        return worker

    async def start(self) -> None:
        """Wait until the first worker is ready.

        Raises:
            FetchcliError: the policy makes no sense here, or no process can be started.
        """
        await self._workers[0].ready

    async def send(
        self,
        url: HttpUrl,
        policy: Policy,
        *,
        request: RequestOptions | None = None,
        fresh: bool | Resumption = False,
        body: BodyPlan | None = None,
    ) -> Response:
        """See `transport.base.Transport`."""
        if body is not None and (body.stored is not None or not isinstance(body.partial, WorkerPart | None)):
            if self._own is None:
                self._own = self._local()
            return await self._own.send(url, policy, request=request, fresh=fresh, body=body)
        if isinstance(fresh, Answered):
            return fresh.response()
        self._number += 1
        own = request if request is not self._policy.request else None
        call = Call(self._number, url, None if policy is self._policy else _sendable(policy), own, fresh is not False)
        if isinstance(fresh, Died):
            async with self._lock:
                if self._alone is None or not self._alone.alive:
                    self._alone = self._spawn()
                return await self._make(self._alone, call._replace(fresh=False), body, twice=True)
        if isinstance(fresh, WorkerChain) and fresh.worker.alive:
            return await self._make(fresh.worker, call._replace(resumes=fresh.number), body)
        return await self._make(self._worker(url, body), call, body)

    def encode_rows(self, lines: Lines) -> None:
        """Make rows, too, and encode them like this; called before the first row."""
        self._lines = lines
        for worker in self._workers:
            worker.send(lines)

    def send_row(self, row: Target, began: float, queued: float, done: Done) -> None:
        """See `engine.delegation.RowTransport`."""
        self._number += 1
        self._rows.send(self._worker(row.url, None), self._number, row, (began, queued), done)

    def cancel_rows(self) -> None:
        """See `engine.delegation.RowTransport`."""
        self._rows.cancel()

    def _worker(self, url: HttpUrl, body: BodyPlan | None) -> WorkerProcess:
        """The worker for a call."""
        part = None if body is None else body.partial
        if isinstance(part, WorkerPart) and part.worker.alive:
            return part.worker
        workers = self._workers
        worker = workers[hash((url.host, url.port)) % len(workers)]
        calls = len(worker.in_flight) if worker.alive else self._policy.concurrency
        if calls <= self._slack:
            return worker
        if len(workers) < self._processes:  # a short list needs no more
            workers.append(self._spawn())
            return workers[-1]
        alive = [other for other in workers if other.alive]
        if not alive:
            raise FetchcliError("no worker process is left, and none can be started")
        least = min(alive, key=lambda other: len(other.in_flight))
        return worker if worker.alive and calls <= len(least.in_flight) + self._slack else least

    async def _make(self, worker: WorkerProcess, call: Call, body: BodyPlan | None, *, twice: bool = False) -> Response:
        """Let a worker make a call.

        Args:
            worker: the worker.
            call: the call, without what becomes of the body.
            body: what becomes of the body.
            twice: the worker that made it before has died.
        """
        number, streams = call.number, _NO_STREAMS
        future: asyncio.Future[Response] = self._loop.create_future()
        self._waiting[number] = future
        if body is not None:
            part = body.partial if isinstance(body.partial, WorkerPart) and body.partial.worker is worker else None
            streams = self._open_streams(worker, number, body, part)
            call = call._replace(ask=ask_of(body, part))
        worker.in_flight.add(number)
        is_plain = body is None and call.policy is None and call.request is None and not call.resumes
        worker.send(PlainCall(number, call.url, call.fresh) if is_plain else call)
        try:
            response = await future
            for stream in streams.values():
                await stream.end()
            return response
        except asyncio.CancelledError:
            return await self._last_word(worker, number)
        except TransportError as error:
            if isinstance(error.resume, Died) and twice:
                detail = f"two worker processes died of this row; the last one {worker.fate}"
                raise TransportError.of(Failure(ErrorKind.INTERNAL, detail)) from None
            raise
        finally:
            del self._waiting[number]
            worker.in_flight.discard(number)
            for name in streams:
                del self._streams[name]

    def _open_streams(
        self, worker: WorkerProcess, number: int, body: BodyPlan, part: WorkerPart | None
    ) -> dict[int, Stream]:
        """What takes the body of a call, and the rest of one that was cut off, by the call in which it began."""
        abort = partial(self._abort, worker, number)
        streams = {number: Stream(body, partial(self._taken, worker, number), abort)}
        if part is not None:
            part.stream.goes_on(abort)
            streams[part.number] = part.stream
        self._streams |= streams
        return streams

    async def _last_word(self, worker: WorkerProcess, number: int) -> Response:
        """Cancel a call, unless its answer has arrived: then it is an answer."""
        worker.send(Cancel(number))
        if (late := self._late.pop(number, None)) is not None:
            return late
        future: asyncio.Future[Response] = self._loop.create_future()
        self._waiting[number] = future
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                return await future
        except (TimeoutError, TransportError):
            raise asyncio.CancelledError from None
        finally:
            self._late.pop(number, None)

    def _taken(self, worker: WorkerProcess, number: int, size: int) -> None:
        worker.send(Taken(number, size))

    def _abort(self, worker: WorkerProcess, number: int, error: TransportError) -> None:
        """End a call whose body cannot be taken."""
        worker.send(Cancel(number))
        self._fail(number, error)

    def _fail(self, number: int, error: TransportError) -> None:
        if number in self._rows:
            self._rows.fail(number, error)
        elif (future := self._waiting.get(number)) is not None and not future.done():
            future.set_exception(error)

    def _forget(self, worker: WorkerProcess, number: int) -> None:
        if worker.alive and not self._closed:
            worker.send(Forget(number))

    def _receive(self, worker: WorkerProcess, message: Message) -> None:
        if isinstance(message, Accepted):
            self._rows.end(message.number, message.row)
        elif isinstance(message, Returned) and message.number in self._rows:
            self._rows.end(message.number, Answered(message.response))
        elif isinstance(message, Returned):
            future = self._waiting.get(message.number)
            if future is not None and not future.done():
                future.set_result(message.response)
            elif future is not None:  # cancelled in this turn of the event loop
                self._late[message.number] = message.response
        elif isinstance(message, Raised):
            self._fail(message.number, self._error(worker, message))
        elif isinstance(message, Begun | Piece | Recorded) and message.number in self._streams:
            self._streams[message.number].take(message)

    def _error(self, worker: WorkerProcess, raised: Raised) -> TransportError:
        number, error = raised.number, TransportError.of(raised.failure)
        if raised.resumes:
            error.resume = WorkerChain(worker, number, self._forget)
        if raised.part is not None and raised.part[0] in self._streams:
            number, offset = raised.part
            part = self._parts.get(number)  # it has gone on, and was cut off again
            if part is None:
                part = self._parts[number] = WorkerPart(worker, number, self._streams[number], self._forget)
            part.offset, error.partial = offset, part
        return error

    def _ended(self, worker: WorkerProcess) -> None:
        """A worker is gone: its calls are made again, and another takes its place."""
        for number in list(worker.in_flight):
            error = TransportError.of(
                Failure(ErrorKind.INTERNAL, f"the worker process {worker.fate}", remedy=Remedy.FRESH)
            )
            error.resume = Died()
            self._fail(number, error)
        if self._closed or worker not in self._workers:
            return
        self._failed_starts = self._failed_starts + 1 if worker.ready.exception() is not None else 0
        if self._failed_starts < MAX_FAILED_STARTS:
            self._workers[self._workers.index(worker)] = self._spawn()

    async def close(self) -> None:
        """End the workers."""
        self._closed = True
        workers = [*self._workers] if self._alone is None else [*self._workers, self._alone]
        await asyncio.gather(*(worker.close() for worker in workers))
        if self._own is not None:
            await self._own.close()


def _sendable(policy: Policy) -> Policy:
    """The policy without what workers do not look at: they neither check responses nor remove secrets."""
    credentials = msgspec.structs.replace(policy.credentials, redactor=None)
    return msgspec.structs.replace(policy, credentials=credentials, checks=())
