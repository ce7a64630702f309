"""Save bodies as files of a folder."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.save import Existing, Saved
from fetchcli.core.model.target import Target
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.save.body_spool import BodySpool, KeptPart, Staged
from fetchcli.save.dates import last_modified
from fetchcli.save.staging import BodyStaging
from fetchcli.save.tree import FileInTheWay, Tree


class Files(BodyStaging):
    """See `save.store.BodyDestination`.

    Args:
        base: the folder, which is made if it does not exist.
        planner: makes the names.
        existing: what happens to older files.
        fsync: write through to the disk.
        remote_time: give files the time of the Last-Modified field.
        protected: device and inode of files that the run reads or writes.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(  # noqa: PLR0913 - what the settings say about files
        self,
        base: str,
        planner: NamePlanner,
        *,
        existing: Existing,
        fsync: bool,
        remote_time: bool,
        protected: Iterable[tuple[int, int]] = (),
    ) -> None:
        super().__init__()
        self._planner, self._existing = planner, existing
        self._fsync, self._remote_time = fsync, remote_time
        self._protected = frozenset(protected)
        self._tree = Tree(base, planner.claims.has_file)
        self._prefix = shown_folder(base)

    def stage(self, part: KeptPart | None = None) -> Staged:
        """A new file in the folder, which a later run finds if it can go on with it; raises OSError."""
        return self._tree.stage(part)

    def part(self, key: str) -> tuple[Staged, bytes] | None:
        """See `save.store.BodyDestination`."""
        return self._tree.part(key)

    def place(self, spool: BodySpool, row: Target, response: Response) -> Saved:
        """See `save.store.BodyDestination`."""
        staged = spool.complete()
        if self._remote_time and (seconds := last_modified(response)) is not None:
            os.utime(staged.fd, (seconds, seconds))
        if self._fsync:
            os.fsync(staged.fd)
        staged.close()
        name = self._planner.final(row, response)
        try:
            name = self._placed(staged, row, name)
        except FileNotFoundError:  # another program has moved or removed a folder
            self._tree.forget()
            name = self._placed(staged, row, name)
        if self._fsync:
            self._tree.sync(name)
        return Saved(self._prefix + name, spool.size)

    def named(self, row: Target, response: Response) -> str:
        """See `save.store.BodyDestination`."""
        return self._prefix + (row.file_name or self._planner.wanted(row, response))

    def close(self) -> None:
        """See `save.store.BodyDestination`."""
        self._tree.close()

    def _placed(self, staged: Staged, row: Target, name: str) -> str:
        """Give the file its name, or another where that is not free; return it."""
        wanted, number, existing = name, 0, Existing.REPLACE if self._planner.addressed else self._existing
        while True:
            try:
                status = self._tree.status(name)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    name = wanted = self._planner.inside(row, name)
                elif status is not None and (problem := self._problem(status)):
                    raise OSError(problem)
                elif status is not None and existing is not Existing.REPLACE:
                    number += 1
                    name = self._planner.another(row, wanted, number)
                elif existing is Existing.REPLACE:
                    self._tree.replace(staged, name)
                    return name
                else:
                    self._tree.add(staged, name)
                    return name
            except FileInTheWay as file:
                name = wanted = self._planner.beside(row, name, str(file))
            except FileExistsError:
                number += 1
                name = self._planner.another(row, wanted, number)

    def _problem(self, status: os.stat_result) -> str:
        """Why an older file must not be replaced, or empty."""
        if not stat.S_ISREG(status.st_mode):
            return "it exists and is not a regular file"
        return "the run reads or writes this file" if (status.st_dev, status.st_ino) in self._protected else ""


def shown_folder(base: str) -> str:
    """What goes before names in results: relative to the working folder if the folder is inside it."""
    base = os.path.normpath(base)
    if Path(base).is_relative_to(working := Path.cwd()):
        base = str(Path(base).relative_to(working))
    return "" if base == os.curdir else f"{base.rstrip('/')}/"
