"""The folder of a job: the rows of its shards, their results, and what is done. All workers must reach it."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

import msgspec

from fetchcli.core.errors import OutputError, UsageError
from fetchcli.core.job.job_record import CommitRecord, JobRecord, parse_record
from fetchcli.core.text import visible

_JOB = "job.json"
_PROBE = ".fetchcli-probe"
_OWN = (_JOB, f".{_JOB}.*", _PROBE, "rows-*-*", "shard-*-*.jsonl", "begun-*", "done-*.json", ".done-*.json.*")
_MODE = 0o700  # the rows hold what is sent, credentials included


class JobFolder:
    """The folder of a job.

    Args:
        name: its path.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = Path(name)
        self._locked = -1
        self._is_new = False

    def begin(self, fresh: JobRecord, *, resume: bool) -> JobRecord:
        """Make the folder, or go on with what it holds.

        Args:
            fresh: what a new job writes down.
            resume: go on with the job that is there, if there is one.

        Returns:
            What holds for the job.

        Raises:
            UsageError: there is a job, and it cannot be gone on with.
            OutputError: it cannot be made.
        """
        try:
            self._path.mkdir(mode=_MODE, parents=True, exist_ok=True)
            self._is_new = self._create(_JOB, fresh)
            self._lock()
            if self._is_new and resume:
                self.remove()
                raise UsageError(
                    f"--resume: {visible(self.name)} holds no job of --dask to go on with; leave out --resume to begin"
                )
            if self._is_new:
                return fresh
            found = parse_record((self._path / _JOB).read_bytes(), JobRecord)
        except OSError as error:
            raise OutputError(f"{visible(self.name)}: {error.strerror}") from None
        if found is None:
            raise UsageError(f"{visible(self.name)}: holds something else than a job; name another folder (--job)")
        if not resume:
            raise UsageError(
                f"{visible(self.name)}: holds a job that has not ended; --resume goes on with it, or remove the folder"
            )
        if found.columns != fresh.columns or found.split != fresh.split:
            raise UsageError(
                f"--resume: the job in {visible(self.name)} was begun with other columns or another --split-hosts; "
                "use the same options, or remove the folder"
            )
        return found

    def _lock(self) -> None:
        """Let no other run deal the shards of this job, as long as this process lives."""
        self._locked = fd = os.open(self._path / _JOB, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{visible(self.name)}: another run works on this job") from None
        except OSError:  # a file system without locks
            return

    def row_file(self, chain: int, piece: int) -> Path:
        """Where the rows of a piece are."""
        return self._path / f"rows-{chain:04}-{piece:04}"

    def new_results(self, shard: int) -> str:
        """A name for results that nobody else writes."""
        return str(self._path / f"shard-{shard:06}-{token_hex(4)}.jsonl")

    def results(self, record: CommitRecord) -> str:
        """The file of the results of a shard."""
        return str(self._path / record.results)

    def is_first_attempt(self, shard: int) -> bool:
        """Note that a shard is begun; whether nobody has begun it before. Raises OSError."""
        try:
            os.close(os.open(self._path / _begun_name(shard), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        return True

    def forget_attempt(self, shard: int, results: str) -> None:
        """Note that an attempt has failed, and nothing of it goes on. Raises OSError."""
        Path(results).unlink(missing_ok=True)
        (self._path / _begun_name(shard)).unlink(missing_ok=True)

    def commit(self, record: CommitRecord) -> CommitRecord:
        """Say that a shard is done, unless somebody has said so; return what holds. Raises OSError."""
        results = self._path / record.results
        with results.open("rb") as file:
            os.fsync(file.fileno())
        name = _commit_name(record.shard)
        if self._create(name, record):
            return record
        results.unlink()
        earlier = self.committed(record.shard)
        if earlier is None:
            raise OSError(0, f"{name} cannot be read")
        return earlier

    def committed(self, shard: int) -> CommitRecord | None:
        """What was committed of a shard, or None. Raises OSError."""
        try:
            return parse_record((self._path / _commit_name(shard)).read_bytes(), CommitRecord)
        except FileNotFoundError:
            return None

    def write_probe(self) -> str:
        """Write a text that only this job knows, and return it; raises OutputError."""
        text = token_hex(16)
        try:
            (self._path / _PROBE).write_text(text)
        except OSError as error:
            raise OutputError(f"{visible(self.name)}: {error.strerror}") from None
        return text

    def read_probe(self) -> str:
        """The text of `write_probe`, or why it cannot be read."""
        try:
            return (self._path / _PROBE).read_text()
        except OSError as error:
            return error.strerror or str(error)

    def remove_probe(self) -> None:
        """Remove what `write_probe` wrote."""
        with suppress(OSError):
            (self._path / _PROBE).unlink()

    def remove_if_unused(self) -> None:
        """Remove what this run has made, if no shard is done."""
        if self._is_new and not any(self._path.glob("done-*.json")):
            self.remove()

    def remove(self) -> None:
        """Remove what the job has left, and the folder if nothing else is in it."""
        for pattern in _OWN:
            for path in self._path.glob(pattern):
                path.unlink(missing_ok=True)
        with suppress(OSError):
            self._path.rmdir()

    def _create(self, name: str, record: msgspec.Struct) -> bool:
        """Write a record that is there whole or not at all; False if there is one. Raises OSError."""
        path, fresh = self._path / name, self._path / f".{name}.{token_hex(4)}"
        try:
            with fresh.open("xb") as file:
                file.write(msgspec.json.encode(record) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)  # the only way that NFS, too, gives to one writer only
        except FileExistsError:
            return False
        finally:
            with suppress(OSError):
                fresh.unlink()
        self._sync()
        return True

    def _sync(self) -> None:
        """Put the names of new files on the disk."""
        fd = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _begun_name(shard: int) -> str:
    return f"begun-{shard:06}"


def _commit_name(shard: int) -> str:
    return f"done-{shard:06}.json"
