"""The ports between a run and whoever saves bodies."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from fetchcli.core.errors import Failure
from fetchcli.core.http1.head import Head
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

    def leave(self) -> None:
        """Keep what has come for a later run, if one can go on with it."""

    def blocks(self) -> Iterator[bytes]:
        """What has come; blocks.

        Raises:
            OSError: it could not be written, or be read again.
        """


class RecordingSpool(Spool, Protocol):
    """A spool that keeps what hops send and receive."""

    def record(self, url: str) -> Any:
        """The `transport.base.HopRecorder` of the next hop, given its URL."""


class StoredPart(NamedTuple):
    """A body that an earlier run has left.

    Attributes:
        url: the URL that it came from.
        head: the head of its response.
        validator: value of If-Range for the rest.
        spool: what came, and room for the rest.
    """

    url: str
    head: Head
    validator: str
    spool: Spool


class BodyStore(Protocol):
    """Keeps the bodies of a run."""

    def spool(self, row: Target) -> Spool:
        """A place for one more body of a row."""

    @property
    def records(self) -> bool:
        """Whether it keeps what was sent and received, not bodies."""

    @property
    def raw(self) -> bool:
        """Whether its spools want bodies as they come."""

    @property
    def only_changed(self) -> bool:
        """Whether bodies are dropped that are those of an earlier run."""

    @property
    def resumes(self) -> bool:
        """Whether a later run may go on with bodies that are cut off."""

    async def part(self, row: Target) -> StoredPart | None:
        """What an earlier run has left of the body of a row."""

    def describe(self, spool: Spool, row: Target, url: str, head: Head, validator: str) -> None:
        """Say what a later run needs to go on with a body."""

    def wants(self, attempt: Attempt) -> bool:
        """Whether the body of this attempt is to be kept if none follows."""

    def keep(self, spool: Spool, row: Row, response: Response, done: Callable[[Saved | Failure], None]) -> None:
        """Keep a whole body; ``done`` is called by the event loop once it is in its place, or could not be written."""

    async def close(self) -> None:
        """Wait for what is being written, and drop the bodies that are not kept."""
