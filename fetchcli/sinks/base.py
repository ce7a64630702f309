"""The ports for whoever takes outcomes or bytes."""

from typing import Protocol

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.summary import Summary


class Sink(Protocol):
    """Takes the outcomes of one run, on the thread of the event loop; must not block."""

    def open(self) -> None:
        """The run starts."""

    def handle(self, outcome: Outcome) -> None:
        """Take one finished outcome."""

    def close(self, summary: Summary) -> None:
        """The run is over; complete the output, also after an interruption."""


class LineSink(Sink, Protocol):
    """A sink that takes rows which somebody else has encoded with another sink of its kind, too."""

    def write_line(self, line: bytes) -> None:
        """Take the bytes of one row."""


class Display(Sink, Protocol):
    """A sink for people."""

    @property
    def wants_accepted(self) -> bool:
        """Whether rows that were accepted at the first attempt are of use now."""

    @property
    def congested(self) -> bool:
        """Whether too much is waiting to be shown."""

    def announce(self, message: str) -> bool:
        """Show a message at once; False if this display shows nothing during the run."""


class EndOfRunDisplay:
    """Base of displays that keep a few rows and show them once, at the end."""

    @property
    def wants_accepted(self) -> bool:
        """Any row may be kept."""
        return True

    @property
    def congested(self) -> bool:
        """Nothing waits to be shown."""
        return False

    def announce(self, message: str) -> bool:
        """Nothing is shown during the run."""
        return False

    def open(self) -> None:
        """Nothing is shown at the start."""


class DataOutput(Protocol):
    """Where a data sink writes: a file, stdout, or a table.

    Attributes:
        name: the path, ``-`` for stdout.
        broken_pipe: the reader at the other end is gone.
        complete: the run has come to its end.
        crashed: an exception has ended the run.
    """

    name: str
    broken_pipe: bool
    complete: bool
    crashed: bool

    @property
    def identity(self) -> object:
        """What two outputs must not share."""

    @property
    def failure(self) -> str:
        """Why writing failed, or empty."""

    @property
    def congested(self) -> bool:
        """Whether too much waits to be written."""

    def lock(self) -> None:
        """Let no other run write there, if only one can; raises OutputError."""

    def begin(self) -> None:
        """Start writing; raises OutputError."""

    def close(self) -> None:
        """Write what is left and close; blocks as long as the destination does."""


class ByteSink(Protocol):
    """Where a format writes its bytes."""

    def write(self, data: bytes) -> None:
        """Take bytes; must not block."""
