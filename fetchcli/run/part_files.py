"""The manifests of ``--shard``: ``FILE.shard.json`` beside each results file says which part of which list it is."""

import stat
from collections.abc import Iterable
from pathlib import Path

import msgspec

from fetchcli.core.errors import InputError, OutputError, UsageError
from fetchcli.core.shard.manifest import SUFFIX, PartManifest, parse_manifest
from fetchcli.core.text import visible
from fetchcli.inputs.reader import RowReader
from fetchcli.messages import print_message
from fetchcli.run.file_status import file_status, is_same
from fetchcli.run.loop import RunLoop
from fetchcli.sinks.atomic_output import replace_file
from fetchcli.sinks.formats import STDOUT, parse_output

RESULTS = ("jsonl", "json", "csv", "sqlite", "parquet")  # formats that --from-results reads from files
MODE = 0o644


def read_manifest(name: str) -> PartManifest | None:
    """The manifest of a results file; None if there is none.

    Raises:
        InputError: it cannot be read, or is none.
    """
    path = f"{name}{SUFFIX}"
    if "://" in name:
        return None
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise InputError(f"{visible(path)}: {error.strerror}") from None
    manifest = parse_manifest(data)
    if manifest is None:
        raise InputError(f"{visible(path)}: not written by --shard; remove it, or fetch the part again")
    return manifest


class PartFiles:
    """Writes the manifests of a run with ``--shard``.

    Args:
        outputs: the values of ``--output``.
        resume: the run goes on with an earlier one.
        reader: reads the rows of the first round.
        read: the files that the run reads.

    Raises:
        FetchcliError: a file holds another part, or its manifest cannot be read or written.
    """

    def __init__(self, outputs: Iterable[str], reader: RowReader, read: Iterable[str], *, resume: bool) -> None:
        specs = [parse_output(text) for text in outputs]
        self._sharding = reader.sharding
        self._names = [spec.path for spec in specs if spec.format.name in RESULTS and _may_be_file(spec.path)]
        self._earlier: dict[str, PartManifest] = {}
        if resume:
            for name in self._names:
                self._check_continued(name)
        if self._sharding is not None:
            for name in self._names:
                if any(is_same(f"{name}{SUFFIX}", other) for other in read):
                    raise OutputError(f"{name}{SUFFIX}: is also read by the run; write to another file")

    def begin(self) -> None:
        """Write what is known before the first row, which a run that is killed leaves; drop what holds no more.

        Raises:
            OutputError: that is not possible.
        """
        for name in self._names:
            if self._sharding is None:
                _drop_manifest(name)
                continue
            # What an earlier run knew about the list still holds for the rows that it left.
            earlier = self._earlier.get(name)
            fresh = self._sharding.manifest(complete=False)
            self._write(name, fresh if earlier is None else msgspec.structs.replace(earlier, complete=False))

    def finish(self, run_loop: RunLoop) -> bool:
        """Write what is known at the end; False if that failed."""
        sharding, fetcher = run_loop.reader.sharding, run_loop.fetcher
        if sharding is None:
            return True
        manifest = sharding.manifest(complete=not (fetcher.over or fetcher.unread or run_loop.errors))
        if any(not manifest.is_of_list(earlier) for earlier in self._earlier.values()):
            print_message("the list has changed, so the other parts have changed, too: continue them with --resume")
        try:
            for name in self._names:
                if _is_file(name) and (manifest.fingerprint is not None or name not in self._earlier):
                    self._write(name, manifest)
        except OutputError as error:
            print_message(f"cannot write {error}")
            return False
        return True

    def _check_continued(self, name: str) -> None:
        """Refuse to continue a file with the rows of another part."""
        manifest, path = read_manifest(name), Path(name)
        shown = visible(name)
        if manifest is None:
            if self._sharding is not None and _is_file(name) and path.stat().st_size:
                raise UsageError(f"--resume: {shown} holds results, but there is no {shown}{SUFFIX}; use another file")
            return
        if not _is_file(name):
            return
        if self._sharding is None:
            raise UsageError(
                f"--resume: {shown} is {manifest.name} of a list; add --shard {manifest.shard}/{manifest.of}"
            )
        fresh = self._sharding.manifest(complete=False)
        if manifest.name != fresh.name:
            raise UsageError(f"--resume: {shown} is {manifest.name}, and not {fresh.name}; use another file")
        if manifest.dealing != fresh.dealing:
            raise UsageError(
                f"--resume: {shown} is of a list that was dealt by {manifest.dealing}, and not by {fresh.dealing}"
            )
        self._earlier[name] = manifest

    @staticmethod
    def _write(name: str, manifest: PartManifest) -> None:
        data = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
        try:
            replace_file(Path(f"{name}{SUFFIX}").resolve(), data, MODE)
        except OSError as error:
            raise OutputError(f"{name}{SUFFIX}: {error.strerror}") from None


def _drop_manifest(name: str) -> None:
    """Remove the manifest of a file that holds no part any more."""
    path = Path(f"{name}{SUFFIX}")
    try:
        if parse_manifest(path.read_bytes()) is not None:
            path.unlink()
    except (OSError, ValueError):  # most often there is none
        return


def _may_be_file(path: str) -> bool:
    """Whether a destination is a regular file, or will be one."""
    if path == STDOUT or "://" in path:
        return False
    status = file_status(path)
    return status is None or stat.S_ISREG(status.st_mode)


def _is_file(path: str) -> bool:
    status = file_status(path)
    return status is not None and stat.S_ISREG(status.st_mode)
