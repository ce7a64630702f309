"""Save what was sent and received in WARC files, which web archives replay."""

import os
import stat
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from fetchcli.core.http1.chunked import SECTION_END
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.redacted import redactor_of
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Target
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.secrets import MASK
from fetchcli.core.rows.values import iso
from fetchcli.save.body_spool import BLOCK, BodySpool
from fetchcli.save.growing_file import GrowingFile
from fetchcli.save.staging import Staging
from fetchcli.save.warc_records import (
    END,
    REVISIT_PROFILE,
    VERSION,
    Original,
    digests,
    header,
    member,
    new_id,
    warcinfo,
)
from fetchcli.save.warc_spool import RecordedExchange, WarcSpool
from fetchcli.save.writer import Writer

MAX_ORIGINALS = 100_000  # bodies that are remembered, so that the same one is not written again
_SECRET_FIELDS = lazy_pattern(rb"(?im)^(authorization|proxy-authorization|cookie):[^\r\n]*")
_HEAD_END = b"\r\n\r\n"
_LENGTH = lazy_pattern(rb"(?i)\r\nContent-Length: (\d{1,18})\r\n")
_GZIP = b"\x1f\x8b"
_MAX_HEADER = 64 * 1024


class Warc(Staging):
    """See `save.store.BodyDestination`.

    Args:
        path: the file; records are compressed if it ends in ``.gz``.
        software: what the files name as their maker.
        level: of the compression, 0 to 9.
        max_size: bytes after which a new file begins: ``x-00000.warc.gz``, ``x-00001.warc.gz``; None for one file.
        redactor: replaces secrets in requests; None to show them.
        fsync: write every row through to the disk.
        resume: keep the records that the files have.
        protected: device and inode of files that the run reads or writes.

    Raises:
        OSError: the file cannot be written.
    """

    records = True

    def __init__(  # noqa: PLR0913 - what the settings say about WARC files
        self,
        path: str,
        software: str,
        *,
        level: int,
        max_size: int | None = None,
        redactor: Redactor | None = None,
        fsync: bool = False,
        resume: bool = False,
        protected: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._path, self._software, self._max_size = path, software, max_size
        self._level = level if path.lower().endswith(".gz") else None
        self._redactor, self._fsync = redactor, fsync
        self._protected = frozenset(protected)
        super().__init__(str(Path(path).absolute().parent))
        self._originals: OrderedDict[str, Original] = OrderedDict()
        self._number = 0
        while resume and max_size is not None and Path(self._numbered(self._number + 1)).exists():
            self._number += 1
        self._file = GrowingFile(self._shown, self._protected)
        self._is_begun, self._kept = False, 0
        try:
            if resume:
                self._kept = _whole_records(self._file.fd, compressed=self._level is not None)
        except BaseException:
            self._file.close()
            raise

    def spool(self, writer: Writer, forget: Callable[[WarcSpool], None], *, raw: bool) -> WarcSpool:  # noqa: ARG002
        """See `save.store.BodyDestination`."""
        new_spool = partial(BodySpool, writer, self.stage, lambda _: None, raw=True)
        return WarcSpool(new_spool, forget)

    def place(self, spool: WarcSpool, row: Target, response: Response) -> Saved:
        """See `save.store.BodyDestination`; the name is the ID of the record of the response."""
        if not self._is_begun:  # a run that fails to start leaves the file as it is
            self._begin(self._file, self._kept)
            self._is_begun = True
        if self._max_size is not None and self._file.end >= self._max_size:
            self._next_file()
        redactor = redactor_of(row, self._redactor)
        redact: Callable[[str], str] = str if redactor is None else redactor
        whole = [exchange for exchange in spool.exchanges if exchange.whole]
        ids = [new_id() for _ in whole]
        new: dict[str, Original] = {}
        records = (self._exchange(*pair, redact, new) for pair in zip(whole, ids, strict=True))
        self._file.append(chain.from_iterable(records), sync=self._fsync)
        self._originals.update(new)  # only what is in the file can be referred to
        while len(self._originals) > MAX_ORIGINALS:
            self._originals.popitem(last=False)
        return Saved(ids[-1], response.size_download)

    def named(self, row: Target, response: Response) -> str:  # noqa: ARG002 - there is one name
        """See `save.store.BodyDestination`."""
        return self._shown

    def close(self) -> None:
        """See `save.store.BodyDestination`; files of an earlier, longer run that have higher numbers are removed."""
        self._file.close()
        number, maker = self._number + 1, self._software.partition("/")[0]
        while self._max_size is not None and self._is_begun and _is_made_by(self._numbered(number), maker):
            Path(self._numbered(number)).unlink()
            number += 1

    @property
    def _shown(self) -> str:
        return self._path if self._max_size is None else self._numbered(self._number)

    def _numbered(self, number: int) -> str:
        stem, dot, extension = self._path.rpartition(".warc")
        return f"{stem}-{number:05}{dot}{extension}"

    def _begin(self, file: GrowingFile, kept: int = 0) -> None:
        """Write what stands at the start of a file, after what is kept of it."""
        file.cut(kept)
        if not kept:
            name = Path(self._shown).name
            file.append(member(warcinfo(name, self._software, time.time()), self._level, 0))

    def _next_file(self) -> None:
        """Go on in a new file."""
        self._number += 1
        try:
            file = GrowingFile(self._shown, self._protected)
        except OSError:
            self._number -= 1
            raise
        try:
            self._begin(file)
        except OSError:
            self._number -= 1
            file.close()
            raise
        self._file.close()
        self._file = file

    def _exchange(
        self, exchange: RecordedExchange, record_id: str, redact: Callable[[str], str], new: dict[str, Original]
    ) -> Iterator[bytes]:
        """The record of a response, and that of its request; a body that is written is added to ``new``."""
        url = redact(exchange.url)
        yield from self._response(exchange, record_id, url, new)
        block = exchange.sent
        if self._redactor is not None:
            block = _SECRET_FIELDS.sub(rb"\1: " + MASK.encode(), block)
            block = redact(block.decode("latin-1")).encode("latin-1", "replace")
        head_size = block.find(_HEAD_END) + len(_HEAD_END)
        about = header(
            "request",
            new_id(),
            exchange.seconds,
            len(block),
            WARC_Target_URI=url,
            WARC_IP_Address=exchange.peer,
            WARC_Concurrent_To=f"<{record_id}>",
            WARC_Block_Digest=digests([block], 0)[0],
            WARC_Payload_Digest=digests([block], head_size)[0] if len(block) > head_size else "",
            Content_Type="application/http;msgtype=request",
        )
        yield from member((about, block, END), self._level, len(block))

    def _response(
        self, exchange: RecordedExchange, record_id: str, url: str, new: dict[str, Original]
    ) -> Iterator[bytes]:
        """The record of a response; only its head if the run has written the same body before."""
        head = _head(exchange.received)
        size = exchange.received.size
        whole, payload = digests(exchange.received.blocks(), 0, len(head))
        original = self._originals.get(payload) if size > len(head) else None
        fields = {
            "WARC_Target_URI": url,
            "WARC_IP_Address": exchange.peer,
            "WARC_Payload_Digest": payload,
            "Content_Type": "application/http;msgtype=response",
        }
        if original is not None:
            self._originals.move_to_end(payload)
            about = header(
                "revisit",
                record_id,
                exchange.seconds,
                len(head),
                **fields,
                WARC_Block_Digest=digests([head], 0)[0],
                WARC_Profile=REVISIT_PROFILE,
                WARC_Refers_To=f"<{original.record_id}>",
                WARC_Refers_To_Target_URI=original.url,
                WARC_Refers_To_Date=original.date,
            )
            yield from member((about, head, END), self._level, len(head))
            return
        about = header("response", record_id, exchange.seconds, size, **fields, WARC_Block_Digest=whole)
        yield from member(chain((about,), exchange.received.blocks(), (END,)), self._level, size)
        if size > len(head):
            new[payload] = Original(record_id, url, iso(exchange.seconds))


def _head(received: BodySpool) -> bytes:
    """The head of a response, with the empty line."""
    data = b""
    for block in received.blocks():
        data += block
        if (end := SECTION_END.search(data)) is not None:
            return data[: end.end()]
    return data


def _is_made_by(path: str, maker: str) -> bool:
    """Whether a file is a WARC file that this program has written."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return False
        start = file.read(BLOCK)
    with suppress(zlib.error):
        start = zlib.decompressobj(31).decompress(start, BLOCK)
    return start.startswith(VERSION) and start.partition(END)[2].startswith(f"software: {maker}/".encode())


def _whole_records(fd: int, *, compressed: bool) -> int:
    """Where the last whole record of a file ends; raises OSError if it is no such file."""
    start = os.pread(fd, len(VERSION), 0)
    end = _whole_members(fd) if compressed else _whole_plain(fd)
    if start and not end and not (start.startswith(_GZIP) if compressed else VERSION.startswith(start)):
        raise OSError("not a WARC/1.1 file; write to another one")
    return end


def _whole_members(fd: int) -> int:
    offset = whole = 0
    stream, data = zlib.decompressobj(31), b""
    while True:
        if not data:
            data = os.pread(fd, BLOCK, offset)
            offset += len(data)
            if not data:
                return whole
        try:
            while data and not stream.eof:
                stream.decompress(data, BLOCK)
                data = stream.unused_data if stream.eof else stream.unconsumed_tail
        except zlib.error:
            return whole
        if stream.eof:
            whole = offset - len(data)
            stream = zlib.decompressobj(31)


def _whole_plain(fd: int) -> int:
    whole = 0
    while True:
        start = os.pread(fd, _MAX_HEADER, whole)
        length = _LENGTH.search(start)
        head = start.find(_HEAD_END)
        if not start.startswith(VERSION) or length is None or not 0 <= length.start() < head:
            return whole
        end = whole + head + len(_HEAD_END) + int(length[1]) + len(END)
        if os.pread(fd, len(END), end - len(END)) != END:
            return whole
        whole = end
