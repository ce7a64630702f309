"""The names that a run has given away: no two rows get the same one, on any file system."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from unicodedata import normalize

from fetchcli.core.naming.clean import with_suffix
from fetchcli.core.naming.layout import INDEX


class Claims:
    """Names, compared as the least distinguishing file systems do: by NFC, without case.

    Names are kept as hashes of 64 bits. Two names with one hash cost the second a suffix.

    Args:
        lock: held while names are given away, where several threads ask.
    """

    def __init__(self, lock: AbstractContextManager[object] | None = None) -> None:
        self._files: set[int] = set()
        self._folders: set[int] = set()
        self._older: set[int] = set()
        self._moved: dict[int, str] = {}
        self._lock = lock or nullcontext()

    def claim(self, name: str, key: Callable[[], str]) -> str:
        """Give a name away; one that another row has, or that is a folder, is changed before.

        Args:
            name: components joined by ``/``.
            key: returns the key of the row, for the suffix.
        """
        with self._lock:
            return self._claimed(name, key, own=True)

    def settled(self, name: str) -> str:
        """The name of a file that was claimed; inside the folder if another row has made a folder of it since."""
        return self._moved.get(_identity(name), name)

    def note_older(self, name: str) -> None:
        """Note a file of an earlier run, so that its row can be skipped; it is not claimed."""
        self._older.add(_identity(name))

    def is_older(self, name: str) -> bool:
        """Whether a file of an earlier run has this name."""
        return _identity(name) in self._older

    def has_file(self, name: str) -> bool:
        """Whether a row has claimed this name for a file."""
        return _identity(name) in self._files

    def _claimed(self, name: str, key: Callable[[], str], *, own: bool = False) -> str:
        """A name of the row's ``own``, or one with its key, may be that of an older file: the row is skipped then."""
        identity, avoided = _identity(name), not own
        if identity in self._folders:
            name, avoided = f"{name}/{INDEX}", True
            identity = _identity(name)
        wanted, number = name, 1
        while identity in self._files or identity in self._folders or (avoided and identity in self._older):
            name, avoided = with_suffix(wanted, key() if number == 1 else f"{key()}-{number}"), not own
            identity = _identity(name)
            number += 1
        self._files.add(identity)
        folder = name.rpartition("/")[0]
        while folder and (identity := _identity(folder)) not in self._folders:
            self._folders.add(identity)
            if identity in self._files:  # what must be both is the folder
                self._moved[identity] = self._claimed(f"{folder}/{INDEX}", key)
            folder = folder.rpartition("/")[0]
        return name


def _identity(name: str) -> int:
    return hash(name.lower() if name.isascii() else normalize("NFC", normalize("NFC", name).casefold()))
