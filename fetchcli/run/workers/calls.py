"""What a run and its worker processes say to each other, and how that is put on a pipe.

Both ends are processes of one run, so that the messages may be pickled. Those that nearly all rows need go as
MessagePack, which takes a third of the time when few go together.
"""

import asyncio
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from fetchcli.core.errors import Failure
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.request.request import Request
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.base import Conditions

_LENGTH = 4  # bytes before each block, which say how long it is


class Start(NamedTuple):
    """What a worker needs; the first message.

    Attributes:
        policy: the policy of the run.
        user_agent: the default of the User-Agent field.
        identity: asks for bodies without a coding.
    """

    policy: Policy
    user_agent: str
    identity: bool


class Started(NamedTuple):
    """A worker is ready.

    Attributes:
        problem: why it is not, or None; a FetchcliError that the run ends with.
    """

    problem: Exception | None = None


class Ping(NamedTuple):
    """Asks a worker for a `Ping` of its own: it says that it runs."""


class Ask(NamedTuple):
    """What becomes of the body of a call, as far as a worker must know; see `transport.base.BodyPlan`.

    Attributes:
        decoded: somebody takes it, decoded.
        raw: somebody takes it as it comes.
        records: somebody takes what hops send and receive.
        conditions: the conditions of the request.
        partial: number of the call that has left a part of the body, or 0.
    """

    decoded: bool = False
    raw: bool = False
    records: bool = False
    conditions: Conditions | None = None
    partial: int = 0


class Call(NamedTuple):
    """A call of `transport.base.Transport.send`.

    Attributes:
        number: tells calls apart.
        url: what to fetch.
        policy: the policy, or None for that of the run.
        request: what to send, or None for the request of the policy.
        fresh: use no connection that was used before.
        resumes: number of the call that this one goes on with, or 0.
        ask: what becomes of the body, or None.
    """

    number: int
    url: HttpUrl
    policy: Policy | None = None
    request: Request | None = None
    fresh: bool = False
    resumes: int = 0
    ask: Ask | None = None


class PlainCall(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A `Call` with the policy and the request of the run, whose body nobody takes: nearly all are."""

    number: int
    url: HttpUrl
    fresh: bool


class Cancel(NamedTuple):
    """Nobody waits for a call any more."""

    number: int


class Forget(NamedTuple):
    """No later call goes on with this one."""

    number: int


class Taken(NamedTuple):
    """So many bytes of the body of a call were taken."""

    number: int
    size: int


class Returned(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A call has ended with a response."""

    number: int
    response: Response


class Raised(NamedTuple):
    """A call has ended with a `TransportError`.

    Attributes:
        number: of the call.
        failure: what went wrong.
        resumes: a later call can go on with it.
        part: a body that a later call can go on with, or None: the call in which it began, and how many bytes came.
    """

    number: int
    failure: Failure
    resumes: bool = False
    part: tuple[int, int] | None = None


class Begun(NamedTuple):
    """The body of a response begins."""

    number: int
    url: str
    head: Head


class Piece(NamedTuple):
    """A piece of a body.

    Attributes:
        number: of the call whose consumers take it.
        raw: as it came; otherwise decoded.
        data: the piece.
    """

    number: int
    raw: bool
    data: bytes


class Recorded(NamedTuple):
    """What a hop has sent or received; see `transport.base.HopRecorder`.

    Attributes:
        number: of the call.
        hop: number of the hop in the call, from 0.
        what: the method of the recorder, or ``hop`` for a new one.
        values: its arguments.
    """

    number: int
    hop: int
    what: str
    values: tuple[Any, ...]


Message = (
    PlainCall | Returned | Raised | Start | Started | Ping | Call | Cancel | Forget | Taken | Begun | Piece | Recorded
)
_FREQUENT = (PlainCall, Returned)
_PICKLED, _PACKED = 0, 1  # the byte before a block
_pack = msgspec.msgpack.Encoder().encode


def encode(messages: list[Message]) -> bytes:
    """Messages as one block; only messages of one of the frequent types are packed."""
    first = type(messages[0])
    form, block = _PICKLED, b""
    if first in _FREQUENT and all(type(message) is first for message in messages):
        with suppress(UnicodeEncodeError):  # half a surrogate pair in a text
            form, block = _PACKED, _pack(messages)
    if form == _PICKLED:
        block = pickle.dumps(messages, pickle.HIGHEST_PROTOCOL)
    return len(block).to_bytes(_LENGTH, "big") + bytes((form,)) + block


class Outbox:
    """Messages on their way to a pipe: those of one turn go together, because each write costs.

    Args:
        loop: the event loop.
        write: writes a block.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], None]) -> None:
        self._loop, self._write = loop, write
        self._messages: list[Message] = []

    def put(self, message: Message) -> None:
        """Add a message; it is written at the end of this turn of the event loop, with those that come to it."""
        if not self._messages:
            self._loop.call_soon(self.flush)
        self._messages.append(message)

    def flush(self) -> None:
        """Write what is there."""
        messages, self._messages = self._messages, []
        self._write(encode(messages))


class MessageReader:
    """Takes what comes from a pipe apart.

    Args:
        frequent: the type of the messages that come packed.
    """

    def __init__(self, frequent: type[PlainCall] | type[Returned]) -> None:
        self._data = bytearray()
        self._unpack = msgspec.msgpack.Decoder(list[frequent]).decode  # type: ignore[valid-type]

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now."""
        buffer, messages = self._data, list[Message]()
        buffer += data
        start = 0
        while len(buffer) - start > _LENGTH:
            begin = start + _LENGTH + 1
            end = begin + int.from_bytes(buffer[start : start + _LENGTH], "big")
            if len(buffer) < end:
                break
            with memoryview(buffer) as view, view[begin:end] as block:
                load = self._unpack if buffer[begin - 1] == _PACKED else pickle.loads
                messages += load(block)
            start = end
        del buffer[:start]
        return messages
