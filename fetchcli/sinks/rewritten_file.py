"""A new version of a file, written beside it and renamed: readers see the old one or the new one."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from fetchcli.core.errors import OutputError
from fetchcli.sinks import compress


def rewrite_file(name: str, pieces: Iterable[bytes]) -> None:
    """Replace a file (rename(2) is atomic), compressed if its name says so.

    Args:
        name: the file; it keeps its mode and owner.
        pieces: whole lines.

    Raises:
        OutputError: that is not possible; the file is as before.
    """
    path = Path(name).resolve()
    temporary = path.with_name(f".{path.name[-100:]}.fetchcli")  # one name, so that no kill leaves many
    try:
        status = path.stat()
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _write(fd, pieces, name)
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
            with suppress(OSError):  # only some users may give files away
                os.fchown(fd, status.st_uid, status.st_gid)
        finally:
            os.close(fd)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OutputError(f"{name}: {error.strerror}") from None


def _write(fd: int, pieces: Iterable[bytes], name: str) -> None:
    compressor, block, size = compress.compressor_for(name), [], 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= compress.MAX_BLOCK:
            _write_block(fd, block, compressor)
            block, size = [], 0
    _write_block(fd, block, compressor)


def _write_block(fd: int, pieces: list[bytes], compressor: compress.Compress | None) -> None:
    view = memoryview(b"".join(pieces) if compressor is None else compress.compressed(pieces, compressor))
    while view:
        view = view[os.write(fd, view) :]
