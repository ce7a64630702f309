"""Rows on their way to somebody who fetches them: files that the reader of a list writes, and that need no parsing.

The rows are pickled. Nobody else may be able to slip something in: a file is read only if it has the hash that
came with its name, over another way.
"""

import pickle
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from fetchcli.core.errors import InputError
from fetchcli.core.model.target import Row
from fetchcli.core.rows.key import row_key
from fetchcli.inputs.base import File
from fetchcli.inputs.reader import RowReader

_DIGEST = 32  # bytes


class RowFile(NamedTuple):
    """A file of rows.

    Attributes:
        name: its path.
        digest: the hash of its bytes.
    """

    name: str
    digest: bytes


class RowFileWriter:
    """Writes a file of rows.

    Args:
        path: the file; what it held is replaced.
        batch: number of rows that are kept until they are written together.
    """

    def __init__(self, path: Path, batch: int) -> None:
        self._path, self._batch = path, batch
        self._rows: list[Row] = []
        self._digest = blake2b(digest_size=_DIGEST)
        self._keys = blake2b(digest_size=_DIGEST)
        self._is_new = True

    def add(self, row: Row) -> None:
        """Take a row; raises OSError."""
        self._rows.append(row)
        self._keys.update(f"{row.seq} {row_key(row)}\n".encode("ascii"))
        if len(self._rows) >= self._batch:
            self._write()

    def finish(self) -> RowFile:
        """Write what is left; raises OSError."""
        self._write()
        return RowFile(str(self._path), self._digest.digest())

    @property
    def fingerprint(self) -> bytes:
        """A hash of the rows: of their places in the list, and what they ask for."""
        return self._keys.digest()

    def _write(self) -> None:
        data = pickle.dumps(self._rows, protocol=pickle.HIGHEST_PROTOCOL)
        self._digest.update(data)
        with self._path.open("wb" if self._is_new else "ab") as file:
            file.write(data)
        self._is_new, self._rows = False, []


class RowFileReader(RowReader):
    """Reads files of rows; all else that a reader does is done to them already.

    Args:
        files: the files, in order.
    """

    def __init__(self, files: tuple[RowFile, ...]) -> None:
        super().__init__([File(file.name) for file in files])
        self._files = files

    def batches(self) -> Iterator[list[Row]]:
        """Yield the rows; raises InputError."""
        for file in self._files:
            self._check(file)
            with Path(file.name).open("rb") as data:
                while data.peek(1):
                    yield pickle.load(data)  # noqa: S301 - its hash is known

    @staticmethod
    def _check(file: RowFile) -> None:
        try:
            with Path(file.name).open("rb") as data:
                digest = blake2b(digest_size=_DIGEST)
                while block := data.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            raise InputError(f"{file.name}: {error.strerror}; all workers must reach it") from None
        if digest.digest() != file.digest:
            raise InputError(f"{file.name}: somebody else has changed it")
