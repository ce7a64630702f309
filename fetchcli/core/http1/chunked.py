"""Decode the chunked transfer coding (RFC 9112 section 7.1), segment by segment."""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.pattern import lazy_pattern

MAX_SIZE_LINE = 16 * 1024  # bytes of a chunk size line, extensions included

# White space after the size is not in the grammar, but old servers send it and it is harmless.
_SIZE_LINE = lazy_pattern(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[\t -~\x80-\xff]*)?\r\n")
SECTION_END = lazy_pattern(rb"\n\r?\n")  # the line end before an empty line, and that line


class _State(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILERS = auto()


class ChunkedBody:
    """Decodes one chunked body.

    Args:
        check_trailers: called with the lines of a trailer section; raises TransportError if they are invalid.
        trailer_limit: maximum bytes of trailers.
    """

    __slots__ = ("_check_trailers", "_left", "_state", "_trailer_limit", "_waiting")

    def __init__(self, check_trailers: Callable[[bytes], None], trailer_limit: int) -> None:
        self._check_trailers = check_trailers
        self._trailer_limit = trailer_limit
        self._state = _State.SIZE
        self._left = 0
        self._waiting = bytearray()

    def feed(self, data: bytes, pieces: deque[bytes]) -> bytes | None:
        """Append the decoded bytes of a segment; return what follows the end, or None before the end.

        Raises:
            TransportError: `protocol` or `too_large`.
        """
        if self._ended:
            return self._trailers(data)
        if self._waiting:
            data = bytes(self._waiting + data)
            self._waiting.clear()
        at: int | None = 0
        while at is not None and not self._ended:
            at = self._step(data, at, pieces)
        return None if at is None else self._trailers(data[at:])

    @property
    def _ended(self) -> bool:
        """Whether only the trailer section is left."""
        return self._state is _State.TRAILERS

    def _step(self, data: bytes, at: int, pieces: deque[bytes]) -> int | None:
        """Decode from a position; return the position reached, or None if more bytes are needed."""
        if self._state is _State.SIZE:
            return self._size(data, self._whole_chunks(data, at, pieces))
        return self._data(data, at, pieces) if self._state is _State.DATA else self._data_end(data, at)

    @staticmethod
    def _whole_chunks(data: bytes, at: int, pieces: deque[bytes]) -> int:
        """Decode the chunks that are complete in this segment: the fast path for many small chunks."""
        match_size = _SIZE_LINE.match
        while (match := match_size(data, at)) is not None:
            begin = match.end()
            end = begin + int(match[1], 16)
            if end == begin or data[end : end + 2] != b"\r\n":
                break
            pieces.append(data[begin:end])
            at = end + 2
        return at

    def _size(self, data: bytes, at: int) -> int | None:
        match = _SIZE_LINE.match(data, at)
        if match is not None:
            self._left = int(match[1], 16)
            self._state = _State.DATA if self._left else _State.TRAILERS
            return match.end()
        self._waiting += data[at:]
        if b"\n" in self._waiting:
            raise TransportError(ErrorKind.PROTOCOL, "a chunk without a valid size")
        if len(self._waiting) > MAX_SIZE_LINE:
            raise TransportError(ErrorKind.TOO_LARGE, f"a chunk size line of more than {MAX_SIZE_LINE} bytes")
        return None

    def _data(self, data: bytes, at: int, pieces: deque[bytes]) -> int | None:
        piece = data[at : at + self._left]
        if not piece:
            return None
        pieces.append(piece)
        self._left -= len(piece)
        if not self._left:
            self._state = _State.DATA_END
        return at + len(piece)

    def _data_end(self, data: bytes, at: int) -> int | None:
        if data.startswith(b"\r\n", at):
            self._state = _State.SIZE
            return at + 2
        self._waiting += data[at:]
        if not b"\r\n".startswith(self._waiting):
            raise TransportError(ErrorKind.PROTOCOL, "chunk data longer than its size says")
        return None

    def _trailers(self, data: bytes) -> bytes | None:
        scanned = max(len(self._waiting) - 2, 0)
        self._waiting += data
        if self._waiting.startswith(b"\r\n"):
            return bytes(self._waiting[2:])
        if self._waiting.startswith(b"\n"):
            raise TransportError(ErrorKind.PROTOCOL, "a bare LF at the end of the chunks")
        match = SECTION_END.search(self._waiting, scanned)
        if len(self._waiting) > self._trailer_limit and (match is None or match.end() > self._trailer_limit):
            raise TransportError(ErrorKind.TOO_LARGE, f"more than {self._trailer_limit} bytes of trailers")
        if match is None:
            return None
        if match[0] != b"\n\r\n":
            raise TransportError(ErrorKind.PROTOCOL, "a bare LF in the trailer section")
        self._check_trailers(bytes(self._waiting[: match.start() + 1]))
        return bytes(self._waiting[match.end() :])
