"""The port between outcomes and whoever wants them."""

from typing import Protocol

from fetchcli.core.model import Outcome
from fetchcli.core.summary import Summary


class Sink(Protocol):
    """Takes the outcomes of one run, on the event loop's thread: it must not block."""

    def open(self) -> None:
        """The run begins."""

    def handle(self, outcome: Outcome) -> None:
        """Take one finished outcome."""

    def close(self, summary: Summary) -> None:
        """The run is over; what was handled is complete even if the run was interrupted."""


class Display(Sink, Protocol):
    """A sink for people."""

    @property
    def congested(self) -> bool:
        """More is waiting to be shown than should be: produce no more for now."""

    def announce(self, message: str) -> bool:
        """Say something at once; False where this display does not speak while the run goes on."""


class AtTheEnd:
    """What displays have in common that keep a few rows, and show them once."""

    @property
    def congested(self) -> bool:
        """Nothing waits to be shown."""
        return False

    def announce(self, message: str) -> bool:
        """It speaks at the end."""
        return False

    def open(self) -> None:
        """Nothing is shown before the end."""


class ByteSink(Protocol):
    """Where a format writes its bytes."""

    def write(self, data: bytes) -> None:
        """Take bytes; must not block."""
