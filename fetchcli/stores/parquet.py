"""Parquet (https://parquet.apache.org/docs/file-format/), by arro3: ``-o rows.parquet``, with typed columns.

Row groups are written while the run goes on; the footer, without which nothing reads the file, comes at its end.
"""

import atexit
import os
import queue
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, chain
from operator import attrgetter
from os.path import samestat
from pathlib import Path
from typing import IO, Any, cast

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

try:
    from arro3.core import Array, DataType, Field, RecordBatch, RecordBatchReader, Schema, list_array, struct_array
    from arro3.io import write_parquet
except ImportError:
    from fetchcli.core.errors import missing_extra

    raise missing_extra("Parquet", "arro3", "parquet") from None

from array import array

from fetchcli.core.errors import OutputError
from fetchcli.core.rows.columns import PARQUET_JSON, Column
from fetchcli.core.text import without_surrogates
from fetchcli.stores.database import Values
from fetchcli.stores.storable import MAX_INTEGER, json_text

ROW_GROUP = 50_000  # rows
_UTC = DataType.timestamp("us", tz="UTC")
_TEXT, _INTEGER, _BOOLEAN = DataType.utf8(), DataType.int64(), DataType.bool()
_TIMES = frozenset(("started_at", "cert_expires"))
_ITEMS = {
    "redirects": [Field("url", _TEXT), Field("status", _INTEGER)],
    "failed_checks": [Field(name, _TEXT) for name in ("check", "expected", "actual")],
}
_PLAIN = {"boolean": _BOOLEAN, "number": DataType.float64()}
# Nearly every value differs: a dictionary would cost time and make the file larger.
_DISTINCT = frozenset(
    [
        "seq",
        "url",
        "url_effective",
        "sha256",
        "key",
        "saved_as",
        "line",
        "time_queue",
        "time_namelookup",
        "time_connect",
        "time_appconnect",
        "time_starttransfer",
        "time_total",
        "started_at",
    ]
)
_Build = Callable[[Sequence[Any]], Array]


class ParquetTable:
    """See `stores.base.Table`: a file that appears as a whole.

    Args:
        path: the file.
        columns: its columns.
    """

    def __init__(self, path: str, columns: Sequence[Column]) -> None:
        self.name, self._place = path, Path(path).resolve()  # what a link leads to is replaced, not the link
        self._part = self._place.with_name(f".{self._place.name[-100:]}.part")
        pairs = [_field(column) for column in columns]
        self._schema, self._builds = Schema([field for field, _ in pairs]), [build for _, build in pairs]
        self._json = [column.name for column in columns if column.type in ("object", "any")]
        self._file: IO[bytes] | None = None
        self._writer: _Writer | None = None

    def check(self) -> None:
        """See `stores.base.Table`."""
        path, folder = self._place, self._place.parent
        if path.is_dir() or not folder.is_dir():
            raise OutputError(f"{self.name}: {'Is a directory' if path.is_dir() else 'No such file or directory'}")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError(f"{self.name}: Permission denied")

    def begin(self) -> None:
        """See `stores.base.Table`."""
        try:
            fd = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            if fcntl is not None:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not samestat(os.fstat(fd), self._part.stat()):  # another run has just completed it
                raise BlockingIOError
            os.ftruncate(fd, 0)
            if self._place.exists():
                os.fchmod(fd, stat.S_IMODE(self._place.stat().st_mode))
        except (BlockingIOError, FileNotFoundError):
            raise OutputError(f"{self.name}: another run is writing to it; use another file") from None
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror}") from None
        self._file = os.fdopen(fd, "wb")
        self._writer = _Writer(self._file, self._schema, {PARQUET_JSON: json_text([*self._json])})

    def add(self, rows: list[Values]) -> None:
        """See `stores.base.Table`."""
        columns = zip(*rows, strict=True)
        arrays = [build(values) for build, values in zip(self._builds, columns, strict=True)]
        self._do(lambda writer: writer.put(RecordBatch.from_arrays(arrays, schema=self._schema)))

    def end(self, *, complete: bool) -> None:  # noqa: ARG002 - the rows that there are
        """See `stores.base.Table`."""
        self._do(lambda writer: writer.finish())
        try:
            assert self._file is not None, "it has begun"  # noqa: S101
            self._file.flush()
            self._part.replace(self._place)  # before it is closed, and unlocked
            self._file.close()
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror}") from None

    def close(self) -> None:
        """See `stores.base.Table`."""
        if self._writer is not None:
            self._writer.abort()
        with suppress(OSError):
            if self._file is not None:
                self._part.unlink()
                self._file.close()

    def _do(self, work: "Callable[[_Writer], None]") -> None:
        assert self._writer is not None, "it has begun"  # noqa: S101
        try:
            work(self._writer)
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror}") from None


class _Writer:
    """Hands batches to arro3, which takes them from an iterator, in a thread of its own."""

    def __init__(self, file: IO[bytes], schema: Schema, metadata: dict[str, str]) -> None:
        self._file, self._schema = _GuardedFile(file), schema
        self._queue: queue.Queue[RecordBatch | BaseException | None] = queue.Queue(maxsize=1)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(metadata,), name="fetchcli-parquet", daemon=True)
        self._thread.start()
        atexit.register(self.abort)  # a thread that is inside of Rust when Python ends kills the process

    def put(self, batch: RecordBatch) -> None:
        """Hand over a batch; raises what has failed."""
        while self._failure is None:
            with suppress(queue.Full):
                self._queue.put(batch, timeout=0.2)
                return
        raise self._failure

    def finish(self) -> None:
        """Write the rest and the footer; raises what has failed."""
        self._end(None)
        if self._failure is not None:
            raise self._failure

    def abort(self) -> None:
        """Stop without a footer."""
        self._end(_AbortedError())

    def _end(self, last: BaseException | None) -> None:
        while self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put(last, timeout=0.2)
                break
        self._thread.join()
        atexit.unregister(self.abort)

    def _batches(self) -> Iterator[RecordBatch]:
        while (item := self._queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            if self._file.failure is not None:
                raise self._file.failure

    def _run(self, metadata: dict[str, str]) -> None:
        plain: dict[str | Sequence[str], bool] = {name: False for name in self._schema.names if name in _DISTINCT}
        try:
            write_parquet(
                RecordBatchReader.from_batches(self._schema, self._batches()),
                cast("IO[bytes]", self._file),
                compression="zstd(1)",
                max_row_group_size=ROW_GROUP,
                column_dictionary_enabled=plain,
                key_value_metadata=metadata,
                created_by="fetchcli",
            )
            self._failure = self._file.failure  # of the last row group, or the footer
        except BaseException as error:  # noqa: BLE001 - panics of Rust are no Exception
            self._failure = self._file.failure or error
        with suppress(queue.Empty):
            self._queue.get_nowait()  # wakes whoever waits to put one


class _AbortedError(Exception):
    """Nothing more is written."""


class _GuardedFile:
    """A file for arro3, where an error in ``write`` would be a panic with a text on stderr.

    Attributes:
        failure: the first error, or None.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        if self.failure is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.failure = error
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        raise NotImplementedError  # arro3 looks for it, but does not call it

    def flush(self) -> None:
        if self.failure is None:
            try:
                self._file.flush()
            except OSError as error:
                self.failure = error


def _field(column: Column) -> tuple[Field, _Build]:
    """The field of a column, and what makes arrays of its values."""
    name, kind = column.name, column.type
    if name in _ITEMS:
        return Field(name, DataType.list(Field("item", DataType.struct(_ITEMS[name])))), _lists_of(_ITEMS[name])
    if name in _TIMES:
        return Field(name, _UTC), lambda values: _texts(values).cast(_UTC)
    if kind == "string":
        return Field(name, _TEXT), _texts
    if kind == "integer":
        return Field(name, _INTEGER), _integers
    if kind in _PLAIN:
        return Field(name, _PLAIN[kind]), lambda values: Array(values, _PLAIN[kind])
    return Field(name, _TEXT), lambda values: _texts([None if value is None else json_text(value) for value in values])


def _texts(values: Sequence[str | None]) -> Array:
    try:
        return Array(values, _TEXT)
    except UnicodeEncodeError:  # a lone surrogate
        return Array([without_surrogates(value) for value in values], _TEXT)


def _integers(values: Sequence[int | None]) -> Array:
    try:
        return Array(values, _INTEGER)
    except OverflowError:
        return Array([value if value is None or abs(value) <= MAX_INTEGER else None for value in values], _INTEGER)


def _lists_of(fields: list[Field]) -> _Build:
    """Lists of structs."""
    list_type = DataType.list(Field("item", DataType.struct(fields)))
    getters = [attrgetter(field.name) for field in fields]
    builds: list[_Build] = [_integers if field.type == _INTEGER else _texts for field in fields]

    def build(values: Sequence[Sequence[Any] | None]) -> Array:
        items = list(chain.from_iterable(value for value in values if value))
        columns = [make(list(map(get, items))) for get, make in zip(getters, builds, strict=True)]
        offsets = Array(array("i", accumulate((len(value) if value else 0 for value in values), initial=0)))
        mask = Array([value is None for value in values], _BOOLEAN) if None in values else None
        return list_array(offsets, struct_array(columns, fields=fields), type=list_type, mask=mask)

    return build
