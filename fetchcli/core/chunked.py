"""The chunked transfer coding (RFC 9112 section 7.1), undone piece by piece. Pure."""

import re
from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from fetchcli.core.errors import ErrorKind, TransportError

LINE_LIMIT = 16 * 1024  # bytes of a chunk's size and extensions

# White space after the size stands in no grammar, but old servers pad with it and it hides nothing.
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t -~\x80-\xff]*)?\r\n")
_SECTION_END = re.compile(rb"\n\r?\n")


class _State(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILERS = auto()


class ChunkedBody:
    """Undoes one chunked body.

    Args:
        check_trailers: called with the lines of a trailer section; raises what is wrong with them.
        trailer_limit: bytes of trailers, at most.
    """

    __slots__ = ("_check_trailers", "_left", "_state", "_trailer_limit", "_waiting")

    def __init__(self, check_trailers: Callable[[bytes], None], trailer_limit: int) -> None:
        self._check_trailers = check_trailers
        self._trailer_limit = trailer_limit
        self._state = _State.SIZE
        self._left = 0
        self._waiting = bytearray()

    def feed(self, data: bytes, pieces: deque[bytes]) -> bytes | None:
        """Append what a segment decodes to; give what follows the end, or None before the end.

        Raises:
            TransportError: `protocol` or `too_large`.
        """
        if self._waiting:
            data = bytes(self._waiting + data) if self._state is not _State.TRAILERS else data
        at = 0
        while self._state is not _State.TRAILERS:
            step = self._data if self._state is _State.DATA else self._line
            following = step(data, at, pieces)
            if following is None:
                return None
            at = following
        return self._trailers(data[at:])

    def _data(self, data: bytes, at: int, pieces: deque[bytes]) -> int | None:
        piece = data[at : at + self._left]
        if not piece:
            return None
        pieces.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = _State.DATA_END
        return at + len(piece)

    def _line(self, data: bytes, at: int, _pieces: deque[bytes]) -> int | None:
        """Take the CRLF after chunk data, or the line that says how much data follows."""
        if self._state is _State.DATA_END:
            if data.startswith(b"\r\n", at):
                self._state = _State.SIZE
                return at + 2
            if data[at:] not in (b"", b"\r"):
                raise TransportError(ErrorKind.PROTOCOL, "chunk data longer than its size says")
        elif match := _SIZE_LINE.match(data, at):
            self._left = int(match[1], 16)
            self._state = _State.DATA if self._left else _State.TRAILERS
            self._waiting.clear()
            return match.end()
        elif b"\n" in data[at:]:
            raise TransportError(ErrorKind.PROTOCOL, "a chunk without a valid size")
        elif len(data) - at > LINE_LIMIT:
            raise TransportError(ErrorKind.TOO_LARGE, f"a chunk size line of more than {LINE_LIMIT} bytes")
        self._waiting[:] = data[at:]
        return None

    def _trailers(self, data: bytes) -> bytes | None:
        scanned = max(len(self._waiting) - 2, 0)
        self._waiting += data
        for end in (b"\r\n", b"\n"):
            if self._waiting.startswith(end):
                return bytes(self._waiting[len(end) :])
        match = _SECTION_END.search(self._waiting, scanned)
        if len(self._waiting) > self._trailer_limit and (match is None or match.end() > self._trailer_limit):
            raise TransportError(ErrorKind.TOO_LARGE, f"more than {self._trailer_limit} bytes of trailers")
        if match is None:
            return None
        self._check_trailers(bytes(self._waiting[: match.start() + 1]))
        return bytes(self._waiting[match.end() :])
