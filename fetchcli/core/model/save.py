"""What is saved of the responses of a run, and where."""

from enum import StrEnum

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.coerce import coerce


class SaveOn(StrEnum):
    """Rows whose bodies are saved. A row without a complete response has none."""

    OK = "ok"
    FAILED = "failed"
    ALL = "all"


class Existing(StrEnum):
    """What happens to a file of an earlier run that has the name of a new one."""

    REPLACE = "replace"
    KEEP = "keep"  # the new file gets another name
    SKIP = "skip"  # the row is not fetched


_MANY_DESCRIPTORS = 4096  # leaves room for the folders of a template such as {sha256:2}/


class Save(msgspec.Struct, frozen=True, kw_only=True):
    """Where the bodies of a run are saved.

    Attributes:
        to: a folder (it exists, or the text ends in ``/``), a template with fields in braces, or a file for one row.
        raw: save bodies as they came; otherwise their content coding is undone.
        on: which rows are saved.
        existing: what happens to older files of the same name.
        fsync: write through to the disk before a row is reported.
        remote_name: names are the last part of the URL, in the folder ``to``.
        header_name: the name that a server proposes goes before that (Content-Disposition).
        resume: keep what came of bodies that were cut off, and go on with what an earlier run has left; a container
            keeps its members.
        remote_time: files get the time of the Last-Modified field.
        only_changed: bodies that are those of an earlier run are not saved.
        warc_level: compression of ``.warc.gz`` files, 0 to 9.
        warc_size: bytes after which a new WARC file begins, or None.
    """

    to: str
    raw: bool = False
    on: SaveOn = SaveOn.OK
    existing: Existing = Existing.REPLACE
    fsync: bool = False
    remote_name: bool = False
    header_name: bool = False
    remote_time: bool = False
    resume: bool = False
    only_changed: bool = False
    warc_level: int = 1
    warc_size: int | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self)
        if not self.to or "\0" in self.to:
            raise UsageError("expected a folder, a template, or a file to save to")
        if not 0 <= self.warc_level <= 9:
            raise UsageError(f"Save: warc_level must be 0 to 9, not {self.warc_level}")


def max_open_folders(descriptors: int) -> int:
    """How many folders are kept open, given the limit of descriptors (a negative one is none)."""
    return 272 if descriptors < 0 or descriptors >= _MANY_DESCRIPTORS else 16


class Saved(msgspec.Struct, frozen=True):
    """A body that was saved.

    Attributes:
        name: its path, relative to the working folder unless it was given as an absolute one; or the name of the
            member of a container.
        size: its bytes.
    """

    name: str
    size: int
