"""What files are under their names."""

import os
from os.path import samestat
from pathlib import Path

from fetchcli.inputs.base import STDIN


def file_status(name: str) -> os.stat_result | None:
    """The status of a file, ``-`` for stdin; None if there is none: opening it reports the error."""
    try:
        return os.fstat(0) if name == STDIN else Path(name).stat()
    except (OSError, ValueError):
        return None


def is_same(name: str, other: str) -> bool:
    """Whether two names lead to one file."""
    one, two = file_status(name), file_status(other)
    return one is not None and two is not None and samestat(one, two)
