"""How a process ended, as people say it."""

import signal


def fate(code: int | None) -> str:
    """``was killed by SIGKILL`` or ``ended with the exit status 1``, from the return code of `subprocess`."""
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with the exit status {code}"
