"""The format of zip files (APPNOTE 6.3): stored members with UTF-8 names, ZIP64 where sizes need it.

Everything stands in front of a member, so a file without its directory can be read up to its last whole member.
`zipfile` writes sizes after the body, or goes back to fill them in: neither survives a kill.
"""

import os
import struct
import tempfile
import time
import zlib
from calendar import timegm
from collections.abc import Iterator

from fetchcli.save.body_spool import BLOCK
from fetchcli.save.container import Member

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_UTF8_NAME = 0x0800
_MAX32, _MAX16 = 0xFFFFFFFF, 0xFFFF
_ZIP64_ID = 1
_VERSION, _ZIP64_VERSION = 20, 45
_MADE_BY = 3 << 8 | _ZIP64_VERSION  # a system with modes of files
_MODE = 0o100644 << 16
_MAX_EXTRA = 28  # bytes of a ZIP64 field
_SPOOL = 1024 * 1024  # bytes of the directory that are held in memory
_EARLIEST = 315532800  # 1980-01-01, where the dates of the format begin
_LATEST_YEAR = 2107


class Zip:
    """See `save.container.ContainerFormat`."""

    def __init__(self) -> None:
        self._directory = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115 - closed at the end
        self._count = 0

    def frame(self, member: Member) -> tuple[bytes, bytes]:
        """See `save.container.ContainerFormat`."""
        name, size, extra, version = member.name.encode(), member.size, b"", _VERSION
        if size >= _MAX32:
            extra = struct.pack("<HHQQ", _ZIP64_ID, 16, size, size)
            size, version = _MAX32, _ZIP64_VERSION
        fields = (version, _UTF8_NAME, 0, *_dos_time(member.seconds), member.crc, size, size, len(name), len(extra))
        return _LOCAL.pack(b"PK\x03\x04", *fields) + name + extra, b""

    def added(self, member: Member) -> None:
        """See `save.container.ContainerFormat`."""
        name, size, start = member.name.encode(), member.size, member.start
        extra = struct.pack("<QQ", size, size) if size >= _MAX32 else b""
        if start >= _MAX32:
            extra += struct.pack("<Q", start)
        version = _ZIP64_VERSION if extra else _VERSION
        extra = extra and struct.pack("<HH", _ZIP64_ID, len(extra)) + extra
        size, start = min(size, _MAX32), min(start, _MAX32)
        fields = (_MADE_BY, version, _UTF8_NAME, 0, *_dos_time(member.seconds), member.crc, size, size)
        self._directory.write(
            _CENTRAL.pack(b"PK\x01\x02", *fields, len(name), len(extra), 0, 0, 0, _MODE, start) + name + extra
        )
        self._count += 1

    def tail_size(self, member: Member) -> int:
        """See `save.container.ContainerFormat`."""
        entry = _CENTRAL.size + len(member.name.encode()) + _MAX_EXTRA
        return self._directory.tell() + entry + _END64.size + _LOCATOR.size + _END.size

    def finish(self, end: int) -> Iterator[bytes]:
        """The directory; see `save.container.ContainerFormat`."""
        count, size = self._count, self._directory.tell()
        self._directory.seek(0)
        while block := self._directory.read(BLOCK):
            yield block
        if count >= _MAX16 or end >= _MAX32 or size >= _MAX32:
            fields = (_END64.size - 12, _MADE_BY, _ZIP64_VERSION, 0, 0, count, count, size, end)
            yield _END64.pack(b"PK\x06\x06", *fields) + _LOCATOR.pack(b"PK\x06\x07", 0, end + size, 1)
        count, size, end = min(count, _MAX16), min(size, _MAX32), min(end, _MAX32)
        yield _END.pack(b"PK\x05\x06", 0, 0, count, count, size, end, 0)

    def is_own(self, start: bytes) -> bool:
        """See `save.container.ContainerFormat`."""
        return start.startswith((b"PK\x03\x04"[: len(start)], b"PK\x05\x06"))

    def close(self) -> None:
        """See `save.container.ContainerFormat`."""
        self._directory.close()

    def members(self, fd: int) -> Iterator[Member]:
        """See `save.container.ContainerFormat`; the body of the last member is read to see that it is whole."""
        last = None
        while (member := _read_member(fd, last.end if last else 0)) is not None:
            if last is not None:
                yield last
            last = member
        if last is not None and _crc(fd, last) == last.crc:
            yield last


def _read_member(fd: int, start: int) -> Member | None:
    """The member that begins here, if it is whole by its sizes."""
    header = os.pread(fd, _LOCAL.size, start)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        return None
    _, _, flags, method, clock, date, crc, size, stored, name_size, extra_size = _LOCAL.unpack(header)
    rest = os.pread(fd, name_size + extra_size, start + _LOCAL.size)
    if method or size != stored or flags != _UTF8_NAME:
        raise OSError("it has members that fetchcli has not written; write to another file")
    if len(rest) < name_size + extra_size:
        return None
    if size == _MAX32 and extra_size >= 12:  # the length of the ZIP64 field, then the size
        size = struct.unpack_from("<Q", rest, name_size + 4)[0]
    end = start + len(header) + len(rest) + size
    if end > os.fstat(fd).st_size:
        return None
    return Member(rest[:name_size].decode("utf-8", "replace"), size, crc, _seconds(date, clock), start, end)


def _crc(fd: int, member: Member) -> int:
    crc, at = 0, member.end - member.size
    while at < member.end and (block := os.pread(fd, min(BLOCK, member.end - at), at)):
        crc = zlib.crc32(block, crc)
        at += len(block)
    return crc


def _dos_time(seconds: float) -> tuple[int, int]:
    """Time and date as the format has them, in UTC: to two seconds."""
    year, month, day, hour, minute, second = time.gmtime(max(seconds, _EARLIEST))[:6]
    return hour << 11 | minute << 5 | second // 2, (min(year, _LATEST_YEAR) - 1980) << 9 | month << 5 | day


def _seconds(date: int, clock: int) -> float:
    return timegm((1980 + (date >> 9), date >> 5 & 15, date & 31, clock >> 11, clock >> 5 & 63, (clock & 31) * 2))
