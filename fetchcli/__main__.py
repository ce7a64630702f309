"""The command, and ``python -m fetchcli``."""

import gc
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def _end(number: int, _frame: FrameType | None) -> None:
    """End at once: before the run there is nothing to write, and after it nothing is left."""
    os._exit(128 + number)


def main() -> None:
    """Run the command. From the first moment a signal ends it quietly; one that the parent ignores stays ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    gc.disable()  # until the run begins: what is imported stays, and to look for garbage takes a tenth of the time
    from fetchcli.cli.quick import answer

    with suppress(OSError):  # the command says what is wrong with stdout
        if answer(sys.argv[1:]):
            os._exit(0)
    from fetchcli.cli.main import entry

    entry()


if __name__ == "__main__":
    main()
