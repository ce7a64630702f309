"""Configuration files that were found, not named: whose they may be, and what they may do.

A repository, an archive or a shared folder may hold a file of somebody else. Git refuses repositories of other
users since CVE-2022-24765; a file that is named with -K is trusted.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fetchcli.cli.definitions import OPTIONS, overridden
from fetchcli.cli.option import Found, Option, is_given
from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

REMEDY = "name the file with -K to allow it"
STDIO = "-"
MAX_BYTES = 1024 * 1024  # of a configuration file
EXPANDABLE = ("header", "user", "bearer")
_CONTROL = lazy_pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


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
        UsageError: the option is not allowed there, a path leads out of the folder or into a hidden one, or a
            value contains a control character or a reference to the environment.
    """
    if not is_given(value):
        return
    if option.found is Found.NO:
        raise UsageError(f"{where}: not allowed in a configuration file that was found; {REMEDY}")
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            continue
        if _CONTROL.search(text):
            raise UsageError(f"{where}: control characters are not allowed in a file that was found; {REMEDY}")
        if option.name in EXPANDABLE and "${" in text:
            raise UsageError(f"{where}: ${{NAME}} is not allowed in a file that was found; {REMEDY}")
        if option.found is Found.BELOW:
            for path in option.paths(text):
                if path != STDIO and not _is_below(path, folder):
                    raise UsageError(f"{where}: {path!r} is not inside the folder of the file; {REMEDY}")


def check_change(option: Option, value: Any, own: Mapping[str, Any], where: str) -> None:
    """Refuse what a file that was found must not change of the user's own file.

    Args:
        option: the option.
        value: its value.
        own: the values of the user's own file.
        where: file and key, for messages.

    Raises:
        UsageError: the user's file says something else that protects, or something that the value would drop.
    """
    own_names = {name for name, own_value in own.items() if is_given(own_value)}
    if option.protects and option.name in own_names and own[option.name] != value:
        raise UsageError(f"{where}: your own configuration file sets it otherwise; {REMEDY}")
    for name in overridden({option.name}, own_names) if is_given(value) else ():
        if OPTIONS[name].found is Found.NO or OPTIONS[name].protects:
            raise UsageError(f"{where}: your own configuration file sets {OPTIONS[name].long}; {REMEDY}")


def _is_below(path: str, folder: Path) -> bool:
    """Check that a path is relative and leads into a folder, links followed, and to nothing that is hidden there.

    ``.git`` is the user's own in every repository: its hooks are run, and its configuration may hold passwords.
    """
    if "://" in path:  # a database or an object store
        return False
    try:
        inside = Path(path).resolve().relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # outside, too long, a NUL, a loop of links
        return False
    return not Path(path).is_absolute() and not any(part.startswith(".") for part in inside.parts)
