"""The ports between a run and whoever saves bodies."""

from collections.abc import Callable
from typing import Protocol

from fetchcli.core.errors import Failure
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Row, Target


class Spool(Protocol):
    """Holds one body until it is known whether it is kept.

    Attributes:
        raw: it wants the body as it came; otherwise its content coding is undone.
        size: bytes that it was given.
    """

    raw: bool
    size: int

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body; does not block."""

    async def drain(self) -> None:
        """Wait until there is room for more.

        Raises:
            TransportError: `write`: what came before could not be written.
        """

    def discard(self) -> None:
        """Drop the body."""


class BodyStore(Protocol):
    """Keeps the bodies of a run."""

    def spool(self, row: Target) -> Spool:
        """A place for one more body of a row."""

    def wants(self, attempt: Attempt) -> bool:
        """Whether the body of this attempt is to be kept if none follows."""

    def keep(self, spool: Spool, row: Row, response: Response, done: Callable[[Saved | Failure], None]) -> None:
        """Keep a whole body; ``done`` is called by the event loop once it is in its place, or could not be written."""

    async def close(self) -> None:
        """Wait for what is being written, and drop the bodies that are not kept."""
