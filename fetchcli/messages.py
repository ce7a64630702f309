"""Messages to the user: one line each on stderr, safe to show."""

import contextlib
import sys

from fetchcli.core.text import visible


def print_message(message: str) -> None:
    """Write ``fetchcli: message``; a closed or broken stderr is ignored."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"fetchcli: {visible(message)}\n")
            sys.stderr.flush()
