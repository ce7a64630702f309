"""What is said where a body could not be written."""

import errno

from fetchcli.core.errors import ErrorKind, Failure, Remedy

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def write_failure(name: str, error: OSError) -> Failure:
    """The failure of a row whose body could not be written; on a full disk no other row will do better.

    Args:
        name: what could not be written.
        error: why.
    """
    detail = f"cannot write {name}: {error.strerror or error}"
    return Failure(ErrorKind.WRITE, detail, remedy=Remedy.HALT if error.errno in _FULL else Remedy.NONE)
