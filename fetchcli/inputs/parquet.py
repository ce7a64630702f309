"""Parquet files as lists: every row is a JSON object with its columns."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from fetchcli.core.errors import InputError, missing_extra
from fetchcli.core.rows.columns import NAMES, PARQUET_JSON
from fetchcli.inputs.base import File
from fetchcli.inputs.expect import expectation_key
from fetchcli.inputs.names import OURS, canonical

MAGIC, ENCRYPTED = b"PAR1", b"PARE"
_ROWS = 2_000  # that are read at once
_FOOTER = 8  # bytes at the end: the length of the footer, and the magic number


class ParquetFile(File, frozen=True, kw_only=True):
    """A Parquet file.

    Attributes:
        wanted: names of the columns that have a meaning; None for all.
    """

    wanted: tuple[str, ...] | None = None

    def check(self) -> None:
        """Refuse a file that cannot be read, or is not whole; raises InputError."""
        super().check()
        _arro3()
        try:
            with Path(self.name).open("rb") as file:
                problem = _problem(file)
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror}") from None
        if problem:
            raise InputError(f"{self.name}: {problem}")

    def blocks(self) -> Iterator[bytes]:
        """Yield rows as JSON Lines, as they are read.

        Raises:
            InputError: the file is damaged.
        """
        self.check()
        read, write = _arro3()
        try:
            reader = read(self.name, batch_size=_ROWS)
            names = reader.schema.names
            if twice := next((name for name in names if names.count(name) > 1), None):
                raise InputError(f"{self.name}: it has two columns {twice!r}")
            chosen = [name for name in names if self._is_wanted(name)]
            as_json = _json_columns(reader.schema.metadata, chosen)
            for batch in reader:
                output = io.BytesIO()
                write(batch.select(chosen), cast("IO[bytes]", output), explicit_nulls=True)
                yield _with_objects(output.getvalue(), as_json) if as_json else output.getvalue()
        except (GeneratorExit, OSError, InputError):
            raise
        except BaseException as error:  # a panic of Rust is no Exception
            if type(error) is Exception or type(error).__name__ == "PanicException":
                raise InputError(f"{self.name}: the Parquet file is damaged: {str(error)[:200]}") from None
            raise

    def _is_wanted(self, name: str) -> bool:
        if self.wanted is None or name in self.wanted:
            return True
        plain = canonical(name)
        return plain in OURS or plain in NAMES or expectation_key(name) is not None


def _arro3() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What reads Parquet and what writes JSON; raises UsageError if it is not installed."""
    try:
        from arro3.io import read_parquet, write_ndjson
    except ImportError:
        raise missing_extra("Parquet", "arro3", "parquet") from None
    return read_parquet, write_ndjson


def _problem(file: IO[bytes]) -> str:
    """What is wrong with a file that arro3 would panic at, or empty."""
    size = file.seek(0, os.SEEK_END)
    if size < len(MAGIC) + _FOOTER:
        return "not a Parquet file"
    file.seek(-_FOOTER, os.SEEK_END)
    end = file.read(_FOOTER)
    file.seek(0)
    if file.read(len(MAGIC)) not in (MAGIC, ENCRYPTED):
        return "not a Parquet file"
    if end.endswith(ENCRYPTED):
        return "the Parquet file is encrypted"
    if not end.endswith(MAGIC) or int.from_bytes(end[:4], "little") > size - len(MAGIC) - _FOOTER:
        return "the Parquet file is incomplete: it has no footer"
    return ""


def _json_columns(metadata: Any, names: Sequence[str]) -> list[str]:
    """The columns that hold JSON as text, as fetchcli writes them."""
    text = {bytes(key): bytes(value) for key, value in dict(metadata or {}).items()}.get(PARQUET_JSON.encode())
    found = msgspec.json.decode(text) if text else []
    return [name for name in names if name in found]


def _with_objects(lines: bytes, names: Sequence[str]) -> bytes:
    """JSON Lines, with values in place of the texts that hold them."""
    encoded = []
    for row in msgspec.json.Decoder().decode_lines(lines):
        for name in names:
            if row[name] is not None:
                row[name] = msgspec.Raw(row[name].encode())
        encoded.append(msgspec.json.encode(row))
    return b"\n".join(encoded) + b"\n"
