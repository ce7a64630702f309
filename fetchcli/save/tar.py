"""The format of tar files (POSIX.1-2001, pax): `tarfile` makes and reads the headers."""

import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress

from fetchcli.save.container import Member

BLOCK = 512
RECORD = 20 * BLOCK  # to which GNU tar fills a file up
_MODE = 0o644


class Tar:
    """See `save.container.ContainerFormat`."""

    def frame(self, member: Member) -> tuple[bytes, bytes]:
        """See `save.container.ContainerFormat`."""
        info = tarfile.TarInfo(member.name)
        info.size, info.mtime, info.mode = member.size, int(member.seconds), _MODE
        try:
            header = info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
        except ValueError:  # a long name, one that is not ASCII, or a size of more than 8 GB
            header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        return header, b"\0" * (-member.size % BLOCK)

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
