"""What is said where a body could not be written."""

import errno

from fetchcli.core.errors import ErrorKind, Failure, Remedy

# A full disk, and a store that does not answer or refuses what is written.
_HOPELESS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EHOSTUNREACH})


def write_failure(name: str, error: OSError) -> Failure:
    """The failure of a row whose body could not be written; perhaps no other row will do better.

    Args:
        name: what could not be written.
        error: why.
    """
    detail = f"cannot write {name}: {error.strerror or error}"
    return Failure(ErrorKind.WRITE, detail, remedy=Remedy.HALT if error.errno in _HOPELESS else Remedy.NONE)
