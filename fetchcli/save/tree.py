"""The folder that bodies are saved in. No name and no symbolic link leads out of it.

Every component is opened relative to its folder, and none that is a symbolic link (openat(2), O_NOFOLLOW). What is
written stands in ``.fetchcli/`` first, in a folder of this run that is locked, and is renamed when it is whole.
"""

import errno
import fcntl
import os
import resource
import stat
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from os.path import samestat
from pathlib import Path

from fetchcli.core.model.save import max_open_folders
from fetchcli.core.naming.layout import INDEX
from fetchcli.save.body_spool import KeptPart, Staged

STAGING = ".fetchcli"
_TRIES = 5
_PART, _ABOUT = ".part", ".json"  # a body that was cut off, and what is known about it
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileInTheWay(Exception):  # noqa: N818 - it is no error yet
    """What would be a folder is a file of this run; ``str()`` is its name."""


class Tree:
    """One folder, and what is below it. All methods but the constructor are called by one thread.

    Args:
        base: the folder; it is made if it does not exist.
        is_own: whether a file is one of this run; older ones give way to folders.

    Raises:
        OSError: the folder cannot be made or written.
    """

    def __init__(self, base: str, is_own: Callable[[str], bool]) -> None:
        try:
            Path(base).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise OSError(error.errno, "it is not a folder, or is inside a file; save elsewhere") from None
        self._is_own = is_own
        self._root = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open: OrderedDict[str, int] = OrderedDict()
        self._new: set[int] = set()  # open folders that this run has made: names that were claimed are free in them
        self._numbers = count(1)
        self._max_open = max_open_folders(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        for _ in range(_TRIES):
            if self._begin():
                return
        raise OSError(errno.EBUSY, "other runs remove their temporary files at this moment; start again")

    def _begin(self) -> bool:
        """Make and lock the folder of this run; False if another run has removed it meanwhile."""
        _make_folder(STAGING, self._root)
        self._staging = self._run = -1
        try:
            self._staging = _open_staging(self._root)
            _sweep(self._staging)
            self._run_name = f"{os.getpid():x}-{os.urandom(6).hex()}"
            _make_folder(self._run_name, self._staging)
            self._run = os.open(self._run_name, _FOLDER_FLAGS, dir_fd=self._staging)
            with suppress(OSError):  # a file system without locks
                fcntl.flock(self._run, fcntl.LOCK_EX)  # another run may be about to remove it
            if samestat(os.stat(self._run_name, dir_fd=self._staging), os.fstat(self._run)):
                return True
        except FileNotFoundError:
            pass
        for fd in (self._run, self._staging):
            if fd >= 0:
                os.close(fd)
        return False

    def stage(self, part: KeptPart | None = None) -> Staged:
        """A new file in the staging folder; its mode is that of the umask.

        Args:
            part: what a later run needs to know to go on with it; None if no run will.
        """
        if part is not None:
            with suppress(FileExistsError):  # another row or run asks the same
                return self._stage_part(part)
        name = str(next(self._numbers))
        return Staged(os.open(name, _FILE_FLAGS, 0o666, dir_fd=self._run), name, self._run)

    def part(self, key: str) -> tuple[Staged, bytes] | None:
        """The file that an earlier run has left of a body, and what it says about it; None if there is none."""
        try:
            fd = os.open(key + _PART, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._staging)
        except OSError:
            return None
        staged = Staged(fd, key + _PART, self._staging, key + _ABOUT)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            about = os.open(key + _ABOUT, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._staging)
        except BlockingIOError:  # another run uses it
            staged.close()
            return None
        except OSError:
            staged.drop()
            return None
        with os.fdopen(about, "rb") as file:
            os.lseek(fd, 0, os.SEEK_END)
            return staged, file.read()

    def _stage_part(self, part: KeptPart) -> Staged:
        fd = os.open(part.key + _PART, _FILE_FLAGS, 0o666, dir_fd=self._staging)
        staged = Staged(fd, part.key + _PART, self._staging, part.key + _ABOUT)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(staged.about, flags, 0o600, dir_fd=self._staging), "wb") as file:
                file.write(part.about)
        except OSError:
            staged.drop()
            raise
        return staged

    def status(self, name: str) -> os.stat_result | None:
        """The status of what has this name, links not followed; None if there is nothing.

        Raises:
            FileInTheWay: a folder on the way to it is a file of this run.
            OSError: a folder on the way to it cannot be opened.
        """
        folder, last = self._folder_of(name)
        if folder in self._new:
            return None
        try:
            return os.stat(last, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def replace(self, staged: Staged, name: str) -> None:
        """Give a file its name; an older file of that name is gone then (rename(2))."""
        folder, last = self._folder_of(name)
        os.rename(staged.name, last, src_dir_fd=staged.folder, dst_dir_fd=folder)
        staged.forget()

    def add(self, staged: Staged, name: str) -> None:
        """Give a file a name that no other has.

        Raises:
            FileExistsError: another file has it.
        """
        folder, last = self._folder_of(name)
        try:
            os.link(staged.name, last, src_dir_fd=staged.folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                raise
            if self.status(name) is not None:  # a file system without hard links
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            os.rename(staged.name, last, src_dir_fd=staged.folder, dst_dir_fd=folder)
            staged.forget()
        else:
            staged.drop()

    def sync(self, name: str) -> None:
        """Write the folder of a file through to the disk (fsync(2)), so that its name survives, too."""
        os.fsync(self._folder_of(name)[0])

    def forget(self) -> None:
        """Forget which folders are open: another program may have moved or removed one."""
        while self._open:
            self._close(self._open.popitem()[1])

    def close(self) -> None:
        """Remove what is staged, and the staging folder if no other run uses it."""
        self.forget()
        _empty(self._run)
        os.close(self._run)
        with suppress(OSError):
            os.rmdir(self._run_name, dir_fd=self._staging)
        os.close(self._staging)
        with suppress(OSError):  # another run uses it
            os.rmdir(STAGING, dir_fd=self._root)
        os.close(self._root)

    def _folder_of(self, name: str) -> tuple[int, str]:
        """The descriptor of the folder of a file, and the last component of its name."""
        folder, _, last = name.rpartition("/")
        return self._folder(folder) if folder else self._root, last

    def _folder(self, name: str) -> int:
        fd = self._open.get(name)
        if fd is not None:
            self._open.move_to_end(name)
            return fd
        parent, last = self._folder_of(name)
        try:
            fd = os.open(last, _FOLDER_FLAGS, dir_fd=parent)
        except FileNotFoundError:
            is_new = _make_folder(last, parent)
            fd = os.open(last, _FOLDER_FLAGS, dir_fd=parent)
            if is_new:
                self._new.add(fd)
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP, errno.EMLINK):
                raise
            self._make_way(parent, last, name)
            fd = os.open(last, _FOLDER_FLAGS, dir_fd=parent)
        self._open[name] = fd
        if len(self._open) > self._max_open:
            self._close(self._open.popitem(last=False)[1])
        return fd

    def _close(self, fd: int) -> None:
        self._new.discard(fd)
        os.close(fd)

    def _make_way(self, parent: int, last: str, name: str) -> None:
        """Make a folder where a file is: an older file goes into it as its page."""
        if not stat.S_ISREG(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode):
            raise OSError(errno.ENOTDIR, f"{name} exists and is neither a folder nor a regular file")
        if self._is_own(name):
            raise FileInTheWay(name)
        moved = f"{next(self._numbers)}.folder"
        os.mkdir(moved, dir_fd=self._run)
        os.rename(last, f"{moved}/{INDEX}", src_dir_fd=parent, dst_dir_fd=self._run)
        try:
            os.rename(moved, last, src_dir_fd=self._run, dst_dir_fd=parent)
        except OSError:
            os.rename(f"{moved}/{INDEX}", last, src_dir_fd=self._run, dst_dir_fd=parent)
            raise


def _open_staging(root: int) -> int:
    try:
        return os.open(STAGING, _FOLDER_FLAGS, dir_fd=root)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        raise OSError(error.errno, f"{STAGING} in it is not a folder; remove it or save elsewhere") from None


def _make_folder(name: str, parent: int) -> bool:
    """Make a folder; False if it exists."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return False
    return True


def _sweep(staging: int) -> None:
    """Remove what runs left that were killed: their folders are not locked any more."""
    for name in os.listdir(staging):
        with suppress(OSError):  # it is none of ours, or another run removes it
            fd = os.open(name, _FOLDER_FLAGS, dir_fd=staging)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _empty(fd)
                os.rmdir(name, dir_fd=staging)
            finally:
                os.close(fd)


def _empty(folder: int) -> None:
    """Remove the files of a staging folder; folders in it hold files of the user."""
    for name in os.listdir(folder):
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
