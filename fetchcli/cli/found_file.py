"""Configuration files that were found, not named: whose they may be, and what they may do.

A repository, an archive or a shared folder may hold a file of somebody else. Git refuses repositories of other
users since CVE-2022-24765; a file that is named with -K is trusted.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fetchcli.cli.option import Found, Option, is_given
from fetchcli.core.errors import UsageError
from fetchcli.core.request.multipart import form_files
from fetchcli.run.formats import parse_output

REMEDY = "name the file with -K to allow it"
STDIO = "-"


def check_owner(file: Path, shown: str) -> None:
    """Refuse a file that somebody else may have written.

    Raises:
        UsageError: it or its folder is world-writable, or belongs to none of: the user, root, the owner of
            the working folder.
    """
    if not hasattr(os, "getuid"):  # Windows
        return
    try:
        status = file.stat()
        folders = {file.parent: file.parent.stat(), (real := file.resolve().parent): real.stat()}
        owners = {os.getuid(), 0, Path.cwd().stat().st_uid}
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror}") from None
    if status.st_mode & stat.S_IWOTH:
        raise UsageError(f"{shown}: everybody may write to this file; correct its mode (chmod o-w), or {REMEDY}")
    for folder, folder_status in folders.items():
        if folder_status.st_mode & stat.S_IWOTH:
            raise UsageError(f"{shown}: everybody may write to its folder {folder}; {REMEDY}")
    if status.st_uid not in owners:
        raise UsageError(f"{shown}: it belongs to user {status.st_uid}, and not to you; {REMEDY}")


def check_value(option: Option, value: Any, folder: Path, where: str) -> None:
    """Refuse what a file that was found must not set.

    Args:
        option: the option.
        value: its value, or its values.
        folder: the folder of the file.
        where: file and key, for messages.

    Raises:
        UsageError: the option is not allowed there, or a path leads out of the folder.
    """
    if not is_given(value):
        return
    if option.found is Found.NO:
        raise UsageError(f"{where}: not allowed in a configuration file that was found; {REMEDY}")
    if option.found is Found.BELOW:
        for text in value if isinstance(value, list) else [value]:
            for path in option.paths(str(text)):
                if path != STDIO and not _is_below(path, folder):
                    raise UsageError(f"{where}: {path!r} is not inside the folder of the file; {REMEDY}")


def _is_below(path: str, folder: Path) -> bool:
    """Whether a path is relative and leads into a folder, links followed."""
    try:
        return not Path(path).is_absolute() and Path(path).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, a loop of links
        return False


def at_file(text: str) -> Iterable[str]:
    """The path of ``@FILE``."""
    return (text[1:],) if text.startswith("@") else ()


def cookie_paths(text: str) -> Iterable[str]:
    """The cookie file of ``--cookie``."""
    return () if "=" in text else (text,)


def form_paths(text: str) -> Iterable[str]:
    """The files that a value of ``--form`` reads; what is malformed is refused later."""
    try:
        return form_files([text])
    except UsageError:
        return ()


def output_paths(text: str) -> Iterable[str]:
    """The path of ``--output``; what is malformed is refused later."""
    try:
        return (parse_output(text).path,)
    except UsageError:
        return ()
