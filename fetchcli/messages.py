"""Messages to the person who runs fetchcli: one line each, on stderr, safe to show."""

import contextlib
import sys

from fetchcli.core.text import visible


def say(message: str) -> None:
    """Write ``fetchcli: message``; a stderr that is closed or broken is not worth failing for."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"fetchcli: {visible(message)}\n")
            sys.stderr.flush()
