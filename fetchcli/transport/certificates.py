"""The certificates of the authorities that this machine trusts.

To read them takes 20 to 50 ms, as much as a third of all imports. So a thread reads them while aiohttp is imported,
and aiohttp does not read them once more, for a context that fetchcli does not use.
"""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _EarlyContext(threading.Thread):
    """A context that is made in a thread."""

    def __init__(self) -> None:
        super().__init__(name="fetchcli-certificates", daemon=True)
        self.context: ssl.SSLContext | None = None

    def run(self) -> None:
        with suppress(OSError):  # whoever needs it tries again, and reports it
            self.context = ssl.create_default_context()


_early: list[_EarlyContext] = []


def read_early() -> None:
    """Begin to read them, for the next `trusting_context`."""
    early = _EarlyContext()
    _early.append(early)
    early.start()


@contextmanager
def read_only_once() -> Iterator[None]:
    """If they are being read, spare what this thread imports meanwhile from reading them."""
    load, importer = ssl.SSLContext.load_default_certs, threading.get_ident()

    def load_in_other_threads(context: ssl.SSLContext, purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH) -> None:
        if threading.get_ident() != importer:
            load(context, purpose)

    if not _early:
        yield
        return
    ssl.SSLContext.load_default_certs = load_in_other_threads  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        ssl.SSLContext.load_default_certs = load  # type: ignore[method-assign]


def trusting_context() -> ssl.SSLContext:
    """A new context that trusts them.

    Raises:
        ssl.SSLError: they cannot be read.
    """
    if _early:
        early = _early.pop()
        early.join()
        if early.context is not None:
            return early.context
    return ssl.create_default_context()
