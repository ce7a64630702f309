"""``--cookie-jar``: the cookies of the run, written once, at its end."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from fetchcli.core.errors import OutputError
from fetchcli.core.request.cookie_file import write_cookies
from fetchcli.core.request.cookies import CookieJar
from fetchcli.sinks.atomic_output import replace_file

MODE = 0o600  # cookies are secrets


def check_cookie_jar(name: str, others: Iterable[str]) -> None:
    """Check that the file can be replaced, before anything is requested.

    Args:
        name: the file.
        others: files that the run reads or writes, cookie files apart: these were read whole.

    Raises:
        OutputError: its folder is missing or may not be written to, it is no file, or the run needs it otherwise.
    """
    path = Path(name).resolve()
    if any(path == Path(other).resolve() for other in others):
        raise OutputError(f"--cookie-jar {name}: the run reads or writes this file, too; use another one")
    if not path.parent.is_dir():
        raise OutputError(f"--cookie-jar {name}: there is no folder {path.parent}")
    if path.exists() and not path.is_file():
        raise OutputError(f"--cookie-jar {name}: not a regular file")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"--cookie-jar {name}: the folder {path.parent} is not writable")


def write_cookie_jar(name: str, jar: CookieJar) -> None:
    """Replace the file; readers see the old one or the new one, and nobody else sees either.

    Raises:
        OutputError: it cannot be written; the old file is kept.
    """
    data = write_cookies(jar.cookies(time.time())).encode("utf-8", "surrogateescape")
    try:
        replace_file(Path(name).resolve(), data, MODE)
    except OSError as error:
        raise OutputError(f"--cookie-jar {name}: {error.strerror}") from None
