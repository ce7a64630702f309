"""The format of tar files (POSIX.1-2001, ustar and pax)."""

import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress

from fetchcli.save.container import Member

BLOCK = 512
RECORD = 20 * BLOCK  # to which GNU tar fills a file up
_MODE = 0o644
_MAX_NAME, _MAX_NUMBER = 100, 8**11 - 1  # that ustar headers hold
_AFTER_CHECKSUM = 156  # bytes; the checksum is made as if spaces stood there


class Tar:
    """See `save.container.ContainerFormat`."""

    def frame(self, member: Member) -> tuple[bytes, bytes]:
        """See `save.container.ContainerFormat`."""
        return _header(member.name, member.size, int(member.seconds)), b"\0" * (-member.size % BLOCK)

    def added(self, member: Member) -> None:
        """See `save.container.ContainerFormat`: nothing is written about it at the end."""

    def tail_size(self, member: Member) -> int:  # noqa: ARG002 - readers do without the end
        """See `save.container.ContainerFormat`."""
        return 0

    def finish(self, end: int) -> Iterator[bytes]:
        """See `save.container.ContainerFormat`."""
        yield b"\0" * (2 * BLOCK + -(end + 2 * BLOCK) % RECORD)

    def is_own(self, start: bytes) -> bool:
        """See `save.container.ContainerFormat`."""
        name = start[:100]  # filled up with NUL
        return (b"\0" in name if len(start) < BLOCK else start[257:262] == b"ustar") or not start.strip(b"\0")

    def close(self) -> None:
        """See `save.container.ContainerFormat`: nothing is open."""

    def members(self, fd: int) -> Iterator[Member]:
        """See `save.container.ContainerFormat`."""
        length = os.fstat(fd).st_size
        with (
            suppress(tarfile.TarError),
            os.fdopen(os.dup(fd), "rb") as file,
            tarfile.open(fileobj=file, mode="r:") as tar,
        ):
            for info in tar:
                end = info.offset_data + info.size + -info.size % BLOCK
                if end > length:
                    return
                yield Member(info.name, info.size, 0, info.mtime, info.offset, end)


def _header(name: str, size: int, seconds: int) -> bytes:
    """The header of a member; `tarfile` takes ten times as long for the plain ones."""
    if not name.isascii() or len(name) > _MAX_NAME or size > _MAX_NUMBER or not 0 <= seconds <= _MAX_NUMBER:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, seconds, _MODE
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    owner = b"0000000\0"
    start = name.encode().ljust(_MAX_NAME, b"\0") + b"%07o\0" % _MODE + owner + owner
    start += b"%011o\0%011o\0" % (size, seconds)
    end = tarfile.REGTYPE + b"\0" * _MAX_NAME + tarfile.POSIX_MAGIC
    return start + b"%06o\0 " % (sum(start) + 8 * ord(" ") + sum(end)) + end.ljust(BLOCK - _AFTER_CHECKSUM, b"\0")
