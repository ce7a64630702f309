"""Where a row stands, as CI systems name it: a path relative to the root of the repository."""

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

STDIN, ARGUMENTS = "stdin", "arguments"
# Variables in which a CI system says where it has checked the repository out.
ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


def is_file(source: str) -> bool:
    """Whether a source is a file, not stdin, an argument or a sitemap on the web."""
    return source not in ("", "-") and "://" not in source


class Places:
    """Names the sources of one report.

    Args:
        folder: the working folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path.cwd()
        self._root = _root(self._folder)
        self._known: dict[str, str] = {}

    def path(self, source: str) -> str:
        """A relative path without ``./`` and ``..``; `STDIN`, `ARGUMENTS`, or host and path of a sitemap.

        A file outside the repository has no such path; it is named from the root of the file system.
        """
        if source not in self._known:
            self._known[source] = self._path(source)
        return self._known[source]

    def _path(self, source: str) -> str:
        if not is_file(source):
            return {"": ARGUMENTS, "-": STDIN}.get(source) or _of_url(source)
        named = Path(os.path.normpath(self._folder / source))
        with suppress(OSError, ValueError):  # the name may be one that no file can have
            for path in (named, named.resolve()):
                if path.is_relative_to(self._root):
                    return path.relative_to(self._root).as_posix()
        return named.relative_to(named.anchor).as_posix()


def _root(folder: Path) -> Path:
    """The root of the repository: as the CI system knows it, or the nearest folder above with a ``.git``."""
    for name in ROOTS:
        if (value := os.environ.get(name)) and Path(value).is_dir():
            return Path(value).resolve()
    folder = folder.resolve()
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


def _of_url(source: str) -> str:
    parts = urlsplit(source)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}".strip("/")
