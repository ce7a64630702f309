"""Messages on a pipe: blocks, each with its length and its form before it.

Both ends are processes of one run, so that the messages may be pickled. Those that nearly all rows need go as
MessagePack, which takes a third of the time when few go together.
"""

import asyncio
import pickle
from collections.abc import Callable
from itertools import groupby

import msgspec

from fetchcli.run.workers.calls import Accepted, Message, PlainCall, Returned, RowCall

_LENGTH = 4  # bytes before each block, which say how long it is
_PICKLED = 0  # the byte before a block; others are the forms of frequent messages
_FORMS: dict[type, int] = {PlainCall: 1, Returned: 2, RowCall: 3, Accepted: 4}
_pack = msgspec.msgpack.Encoder().encode
_unpack: dict[int, Callable[[memoryview], list[Message]]] = {
    form: msgspec.msgpack.Decoder(list[kind]).decode  # type: ignore[valid-type]
    for kind, form in _FORMS.items()
}


def encode(messages: list[Message]) -> bytes:
    """Messages as blocks, one for all in a row that are of the same type."""
    first = type(messages[0])
    if all(type(message) is first for message in messages):  # mostly
        return _block(first, messages)
    return b"".join(_block(kind, list(some)) for kind, some in groupby(messages, type))


def _block(kind: type, messages: list[Message]) -> bytes:
    form, block = _FORMS.get(kind, _PICKLED), b""
    if form != _PICKLED:
        try:
            block = _pack(messages)
        except (UnicodeEncodeError, OverflowError):  # half a surrogate pair in a text, a carried number of 65 bits
            form = _PICKLED
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
    """Takes what comes from a pipe apart."""

    def __init__(self) -> None:
        self._data = bytearray()

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
                load: Callable[[memoryview], list[Message]] = _unpack.get(buffer[begin - 1], pickle.loads)
                messages += load(block)
            start = end
        del buffer[:start]
        return messages
