"""A worker process: it makes the calls of a run, and says what came of them."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count

from fetchcli.core.errors import ErrorKind, Failure, FetchcliError, Partial, Resumption, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.policy import Policy, Tls
from fetchcli.run.event_loop import run_on_loop
from fetchcli.run.workers.blocks import MessageReader, Outbox
from fetchcli.run.workers.calls import (
    Accepted,
    Ask,
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
    RowCall,
    Start,
    Started,
    Taken,
)
from fetchcli.run.workers.row_maker import RowMaker
from fetchcli.transport.base import BodyPlan, Consumers, Transport
from fetchcli.transport.certificates import read_early

MAX_UNTAKEN = 256 * 1024  # bytes of one body that the run has not taken yet


class _Flow:
    """How much of the body of a call is on its way."""

    def __init__(self) -> None:
        self._untaken = 0
        self._room = asyncio.Event()
        self._room.set()

    def send(self, size: int) -> None:
        self._untaken += size
        if self._untaken > MAX_UNTAKEN:
            self._room.clear()

    def taken(self, size: int) -> None:
        self._untaken -= size
        if self._untaken <= MAX_UNTAKEN:
            self._room.set()

    async def drain(self) -> None:
        await self._room.wait()


class _Recorder:
    """Says what a hop sends and receives; see `transport.base.HopRecorder`."""

    def __init__(self, tell: Callable[[str, tuple[object, ...]], None]) -> None:
        self._tell = tell

    def request(self, data: bytes, peer: str) -> None:
        self._tell("request", (data, peer))

    def response(self, data: bytes) -> None:
        self._tell("response", (bytes(data),))

    def complete(self) -> None:
        self._tell("complete", ())


class _Worker(asyncio.Protocol):
    """Takes messages from the run, and sends its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._blocks = MessageReader()
        self._outbox = Outbox(loop, self._write)
        self.pipe: asyncio.WriteTransport
        self._transport: Transport
        self._policy: Policy
        self._rows: RowMaker
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._flows: dict[int, _Flow] = {}
        self._chains: dict[int, Resumption] = {}
        self._parts: dict[int, Partial] = {}

    def data_received(self, data: bytes) -> None:
        for message in self._blocks.feed(data):
            match message:
                case RowCall():
                    self._tasks[message.number] = self._loop.create_task(
                        self._make(Call(message.number, message.url), message)
                    )
                case PlainCall(number, url, fresh):
                    self._tasks[number] = self._loop.create_task(self._make(Call(number, url, fresh=fresh)))
                case Call():
                    self._tasks[message.number] = self._loop.create_task(self._make(message))
                case Taken(number, size):
                    self._flows.get(number, _Flow()).taken(size)
                case Cancel(number):
                    if number in self._tasks:
                        self._tasks[number].cancel()
                case Forget(number):
                    self._chains.pop(number, None)
                    self._parts.pop(number, None)
                    self._flows.pop(number, None)
                case Start() | Lines():
                    self._prepare(message)
                case _:  # a `Ping`
                    self._say(message)

    def _write(self, block: bytes) -> None:
        self.pipe.write(block)

    def connection_lost(self, _error: Exception | None) -> None:
        os._exit(0)  # the run has ended, or was killed

    def _prepare(self, message: Start | Lines) -> None:
        if isinstance(message, Start):
            self._start(message)
        else:
            self._rows = RowMaker(message, self._policy)

    def _start(self, start: Start) -> None:
        from fetchcli.run.transports import make_transport

        self._policy = start.policy
        if start.policy.tls == Tls():
            read_early()
        try:
            self._transport = make_transport(start.policy, start.user_agent, identity=start.identity)
        except FetchcliError as error:
            self._say(Started(error))
            return
        gc.freeze()
        gc.enable()
        self._say(Started())

    def _say(self, message: Message) -> None:
        self._outbox.put(message)

    async def _make(self, call: Call, row: RowCall | None = None) -> None:
        """Make a call, and say what came of it.

        Args:
            call: the call.
            row: the row that it is made for, if the run needs to see its response only in extraordinary cases.
        """
        number, plan = call.number, self._plan(call)
        fresh = self._chains.pop(call.resumes, call.fresh) if call.resumes else call.fresh
        try:
            response = await self._transport.send(
                call.url, call.policy or self._policy, request=call.request, fresh=fresh, body=plan
            )
            accepted = None if row is None else self._rows.accepted(row, response, time.monotonic())
            self._say(Returned(number, response) if accepted is None else Accepted(number, accepted))
        except TransportError as error:
            if error.resume is not None:
                self._chains[number] = error.resume
            part = None
            if error.partial is not None:
                part = (self._keep(call, plan, error.partial), error.partial.offset)
            self._say(Raised(number, error.failure, error.resume is not None, part))
        except asyncio.CancelledError:
            self._say(Raised(number, Failure(ErrorKind.CANCELLED, "the call was cancelled")))
        except Exception as error:  # noqa: BLE001 - a bug becomes one outcome and leaves the other rows alone
            self._say(Raised(number, Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")))
        finally:
            del self._tasks[number]
            if number not in self._parts:
                self._flows.pop(number, None)

    def _keep(self, call: Call, plan: BodyPlan | None, partial: Partial) -> int:
        """Keep a body that was cut off; return the number of the call in which it began."""
        goes_on = call.ask is not None and plan is not None and partial is plan.partial
        number = call.ask.partial if call.ask is not None and goes_on else call.number
        self._parts[number] = partial
        return number

    def _plan(self, call: Call) -> BodyPlan | None:
        ask, number = call.ask, call.number
        if ask is None:
            return None
        consume = partial(self._begin, number, ask) if ask.decoded or ask.raw else None
        record = partial(self._record, number, count()) if ask.records else None
        return BodyPlan(consume, self._parts.pop(ask.partial, None), record=record, conditions=ask.conditions)

    def _record(self, number: int, hops: Iterator[int], url: str) -> _Recorder:
        hop = next(hops)

        def tell(what: str, values: tuple[object, ...]) -> None:
            self._say(Recorded(number, hop, what, values))

        tell("hop", (url,))
        return _Recorder(tell)

    def _begin(self, number: int, ask: Ask, url: str, head: Head) -> Consumers:
        """Hand a body on."""
        flow = self._flows[number] = _Flow()
        self._say(Begun(number, url, head))

        def hand_on(raw: bool, data: bytes) -> None:
            flow.send(len(data))
            self._say(Piece(number, raw, bytes(data)))

        decoded, raw = partial(hand_on, False), partial(hand_on, True)
        return Consumers((decoded,) if ask.decoded else (), (raw,) if ask.raw else (), flow.drain)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    worker = _Worker(loop)
    worker.pipe, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)
    await loop.connect_read_pipe(lambda: worker, sys.stdin)
    await loop.create_future()  # until the run has ended


def main() -> None:
    """Work until the run closes the pipe. The run answers the signals of the terminal and of CI systems."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    gc.disable()
    with suppress(BrokenPipeError):
        run_on_loop(_serve())
