"""How much of a results file is whole: up to its last line end, or to the last member of a compressed file."""

import os
from pathlib import Path

from fetchcli.core.compression import MAX_MEMBER, compression_of
from fetchcli.core.errors import InputError
from fetchcli.inputs.compressed import CODECS, PIECE

_LINE_END = b"\n"


def whole_part(name: str) -> int:
    """The bytes of a results file that hold whole lines.

    Raises:
        InputError: it cannot be read, or is not compressed as its name says.
    """
    compression = compression_of(name)
    try:
        return _plain(name) if not compression else _compressed(name, compression)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}") from None


def _plain(name: str) -> int:
    with Path(name).open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - PIECE)
            file.seek(start)
            found = file.read(end - start).rfind(_LINE_END)
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _compressed(name: str, compression: str) -> int:
    """Where the last member ends that is whole and ends with a line."""
    codec = next(codec for codec in CODECS if codec.name == compression)
    whole, at, last, size = 0, 0, b"", 0
    with Path(name).open("rb") as file:
        data = file.read(PIECE)
        if data and not data.startswith(codec.magic[: len(data)]):
            raise InputError(f"{name}: it is not compressed by {compression}, as its name says; use another file")
        stream, error_class = codec.make()
        while True:
            at += len(data)
            try:
                piece = stream.decompress(data, PIECE)
            except (error_class, EOFError, ValueError) as error:
                raise InputError(f"{name}: it is damaged ({error}); use another file") from None
            last = piece[-1:] or last
            size += len(piece)
            data = b""
            if stream.eof:
                rest = stream.unused_data
                at -= len(rest)
                size = 0
                if last in (_LINE_END, b""):
                    whole = at
                stream, data = codec.make()[0], rest or file.read(PIECE)
                if not data:
                    return whole
            elif stream.needs_input and not (data := file.read(PIECE)):
                if size > MAX_MEMBER:
                    raise InputError(
                        f"{name}: its last part is torn, and was not written by fetchcli; decompress the file, and "
                        "continue that"
                    )
                return whole
