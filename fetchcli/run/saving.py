"""What ``--save`` builds: the planner of names, and the store."""

import os
import stat
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from fetchcli._version import __version__
from fetchcli.core.errors import OutputError, UsageError
from fetchcli.core.model.save import Existing, Save
from fetchcli.core.model.target import Row, SkipCause, Skipped, Target
from fetchcli.core.naming.destination import Kind, destination_of
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.core.naming.template import Template
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.settings import Settings
from fetchcli.inputs.base import STDIN
from fetchcli.run.body_sink import BodySink
from fetchcli.run.output_plan import MakeSink
from fetchcli.run.outputs import stdout_is_terminal
from fetchcli.run.saving_rules import check_save
from fetchcli.save.container import Container
from fetchcli.save.files import Files, shown_folder
from fetchcli.save.stdout import Stdout
from fetchcli.save.store import BodyDestination, Store
from fetchcli.save.tar import Tar
from fetchcli.save.warc import Warc
from fetchcli.save.zip import Zip
from fetchcli.sinks.base import Sink
from fetchcli.sinks.formats import parse_output
from fetchcli.sinks.output import Output

if TYPE_CHECKING:
    from fetchcli.object_stores.object_bodies import Objects


class Saving:
    """Names rows, and opens the store.

    Args:
        save: the settings.
        keep: names of the carried columns.
        redactor: replaces secrets in names; None to show them.
        continues: the run goes on with an earlier one, and so do containers.
        hashes: bodies are hashed.

    Raises:
        UsageError: the settings make no sense.
    """

    def __init__(
        self,
        save: Save,
        keep: tuple[str, ...] = (),
        redactor: Redactor | None = None,
        *,
        continues: bool = False,
        hashes: bool = True,
    ) -> None:
        self.destination = destination_of(save, is_folder=Path(save.to).is_dir())
        self._continues = continues
        if continues and self.destination.kind not in (Kind.FILES, Kind.STDOUT, Kind.OBJECTS):
            save = msgspec.structs.replace(save, resume=True)
        self.save = save
        path = Path(save.to)
        if self.destination.single and path.exists() and not path.is_file():
            raise UsageError(f"--save {save.to}: it exists and is not a regular file")
        date = datetime.now(UTC).date().isoformat()
        try:
            template = Template(self.destination.template, keep)
        except UsageError as error:
            raise UsageError(f"--save: {error}") from None
        if template.hashed and not hashes:
            raise UsageError("--no-hash: the names of --save contain sha256; use one or the other")
        self.planner = NamePlanner(template, date, redactor, threading.Lock(), raw=save.raw)
        in_store, base = self.destination.kind is Kind.OBJECTS, self.destination.base
        self._folder = f"{base.rstrip('/')}/" if in_store else shown_folder(base)
        self._named_rows, self._redactor = 0, redactor
        self._stdout: Stdout | None = None
        self._objects: Objects | None = None
        check_save(save, self.destination, late=template.late)

    def rows(self, batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """Name the rows as far as that is possible before they are fetched."""
        if self.destination.single:
            batches = self._only_one(batches)
        yield from map(self.name, batches)

    def name(self, batch: list[Row]) -> list[Row]:
        """Name the rows of one batch.

        Raises:
            UsageError: this is the second row, and there is one file.
        """
        self._named_rows += len(batch)
        if self.destination.single and self._named_rows > 1:
            raise UsageError(
                f"--save {self.save.to}: one file takes one row, and there are more; write {self.save.to}/ for a "
                "folder, or a template such as '{seq:06}{ext}'"
            )
        return batch if self.planner.late else [self._named(row) for row in batch]

    def has_name(self, row: Target, name: str) -> bool:
        """Whether the body of a row has this name now, too, in a folder; the name is given to no other row then."""
        inside = name.removeprefix(self._folder)
        if self.destination.kind is not Kind.FILES or (self._folder and inside == name):
            return False
        return row.file_name == inside if row.file_name else self.planner.claims.claim(inside, str) == inside

    def holds(self, name: str, size: int) -> bool:
        """Whether a body that an earlier run has saved is still there; the name is given to no other row then."""
        if self.destination.kind is not Kind.FILES:
            return True
        try:
            if Path(name).stat().st_size != size:
                return False
        except (OSError, ValueError):
            return False
        if self.planner.late:
            self.planner.claims.claim(name.removeprefix(self._folder), str)
        return True

    def shown(self, row: Target) -> str:
        """The name of a row for ``--dry-run``."""
        name = self.planner.settled(row) if row.file_name else self.planner.wanted(row)
        return self._folder + name if self.destination.kind in (Kind.FILES, Kind.OBJECTS) else name

    def protect(self, paths: Iterable[str]) -> set[tuple[int, int]]:
        """Give the names of files that the run reads or writes to no body; return their devices and inodes."""
        found = set()
        base = Path(self.destination.base).resolve()
        for path in paths:
            resolved = Path(path).resolve()
            if resolved.is_relative_to(base):
                self.planner.claims.claim(str(resolved.relative_to(base)), str)
            try:
                status = resolved.stat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
        return found

    def open(self, protected: Iterable[tuple[int, int]] = ()) -> BodyDestination[Any]:
        """Open the destination; blocks.

        Args:
            protected: device and inode of files that must not be replaced.

        Raises:
            OutputError: the destination cannot be written.
        """
        try:
            return self._open(protected)
        except OSError as error:
            raise OutputError(f"--save {self.destination.base}: {error.strerror or error}") from None

    def store(self, destination: BodyDestination[Any]) -> Store[Any]:
        """The store over a destination, inside a running event loop."""
        if self.destination.kind is Kind.OBJECTS:
            from fetchcli.object_stores.object_bodies import ObjectBodies

            return ObjectBodies(destination, self.save)
        resumes = self.save.resume and self.destination.kind is Kind.FILES
        return Store(destination, self.save, resumes=resumes)

    def make_sink(self, output: Output) -> Sink:
        """The data sink that writes bodies to stdout."""
        assert self._stdout is not None, "the store was opened before"  # noqa: S101
        return BodySink(output, self._stdout)

    @property
    def sink(self) -> MakeSink | None:
        """Makes the data sink of bodies that go to stdout; None if they go elsewhere."""
        return self.make_sink if self.to_stdout else None

    @property
    def to_stdout(self) -> bool:
        """Whether bodies go to stdout."""
        return self.destination.kind is Kind.STDOUT

    def _open(self, protected: Iterable[tuple[int, int]]) -> BodyDestination[Any]:
        save, base = self.save, self.destination.base
        if self.to_stdout:
            self._stdout = Stdout(terminal=stdout_is_terminal())
            return self._stdout
        if self.destination.kind is Kind.OBJECTS:
            return self._open_objects()
        if self.destination.kind is Kind.FILES:
            return Files(
                base,
                self.planner,
                existing=save.existing,
                fsync=save.fsync,
                remote_time=save.remote_time,
                protected=protected,
            )
        if self.destination.kind is Kind.WARC:
            return Warc(
                base,
                f"fetchcli/{__version__}",
                level=save.warc_level,
                max_size=save.warc_size,
                redactor=self._redactor,
                fsync=save.fsync,
                resume=save.resume,
                protected=protected,
            )
        layout = Zip() if self.destination.kind is Kind.ZIP else Tar()
        return Container(
            base,
            self.planner,
            layout,
            fsync=save.fsync,
            remote_time=save.remote_time,
            resume=save.resume,
            skip=save.existing is Existing.SKIP or (self._continues and not self.planner.late),
            protected=protected,
        )

    def _open_objects(self) -> "Objects":
        from fetchcli.object_stores.object_bodies import Objects

        self._objects = Objects(self.destination.base, self.planner, existing=self.save.existing)
        return self._objects

    def _named(self, row: Row) -> Row:
        if not isinstance(row, Target) or isinstance(row, Skipped):
            return row
        name = self.planner.planned(row)
        if self.save.existing is Existing.SKIP and self._exists(name):
            in_folder = self.destination.kind in (Kind.FILES, Kind.OBJECTS)
            where = self._folder if in_folder else f"{self.save.to}: "
            return Skipped.from_target(row, f"{where}{name} exists (--skip-existing)", SkipCause.EXISTS)
        return row.named(name)

    def _exists(self, name: str) -> bool:
        if self.destination.kind is Kind.FILES:
            return os.path.lexists(self._folder + name)
        if self.destination.kind is Kind.OBJECTS:
            return self._objects is not None and self._objects.has(name)
        return self.planner.claims.is_older(name)

    def _only_one(self, batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """Read a second row before the first is fetched: `name` refuses it."""
        rows: list[Row] = []
        for batch in batches:
            rows += batch
            if len(rows) > 1:
                break
        yield rows


def make_saving(settings: Settings) -> Saving:
    """What names the rows of a run that saves bodies.

    Raises:
        UsageError: the settings make no sense.
    """
    assert settings.save is not None, "the caller has asked"  # noqa: S101
    reading = settings.reading
    keep, redactor = reading.keep_as or reading.keep, settings.policy.credentials.redactor
    hashes = settings.policy.limits.hash
    return Saving(settings.save, keep, redactor, continues=settings.resume, hashes=hashes)


def open_saving(settings: Settings) -> tuple[Saving, BodyDestination[Any]]:
    """Open the destination of a run; no file that the run reads or writes is replaced by a body.

    Raises:
        UsageError: the settings make no sense.
        OutputError: the destination cannot be written.
    """
    saving = make_saving(settings)
    outputs = [parse_output(text).path for text in settings.outputs]
    jar = settings.policy.cookies.jar
    others = (name for name in (jar, settings.revalidate) if name is not None)
    names = [*settings.inputs, *settings.read, *outputs, *others]
    protected = saving.protect(name for name in names if name != STDIN and "://" not in name)
    streams = (os.fstat(number) for number in range(3))  # as the shell has redirected them
    protected |= {(status.st_dev, status.st_ino) for status in streams if stat.S_ISREG(status.st_mode)}
    return saving, saving.open(protected)
