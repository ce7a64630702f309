"""A new version of a file, written beside it and renamed: readers see the old one or the new one."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from fetchcli.core.errors import OutputError
from fetchcli.sinks import compress


def hidden_beside(path: Path) -> Path:
    """Where a new version of a file is written: one name, so that no kill leaves many."""
    return path.with_name(f".{path.name[-100:]}.fetchcli")


def rewrite_file(name: str, pieces: Iterable[bytes]) -> int:
    """Replace a file (rename(2) is atomic), compressed if its name says so.

    Args:
        name: the file; it keeps its mode and owner.
        pieces: whole lines.

    Returns:
        The descriptor of the new file, which is locked, as the old one was.

    Raises:
        OutputError: that is not possible; the file is as before.
    """
    path = Path(name).resolve()
    temporary = hidden_beside(path)
    fd = -1
    try:
        status = path.stat()
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        _write(fd, pieces, name)
        os.fchmod(fd, stat.S_IMODE(status.st_mode))
        with suppress(OSError):  # only some users may give files away
            os.fchown(fd, status.st_uid, status.st_gid)
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if fd >= 0:
            os.close(fd)
        if isinstance(error, OSError):
            raise OutputError(f"{name}: {error.strerror}") from None
        raise
    return fd


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
