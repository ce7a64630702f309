"""Keep the bodies of a run: spools that fill while bodies come, and one thread that puts them in their places."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from heapq import nlargest
from typing import Generic, Protocol, TypeVar, cast

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.save import Save, Saved, SaveOn
from fetchcli.core.model.target import Row, Target
from fetchcli.core.revalidation.conditions import NOT_MODIFIED
from fetchcli.core.rows.key import row_key
from fetchcli.save.base import Spool, StoredPart
from fetchcli.save.body_spool import BodySpool, KeptPart, Staged
from fetchcli.save.part_about import decode_about, encode_about
from fetchcli.save.write_failure import write_failure
from fetchcli.save.writer import Writer

MAX_SHOWN = 3  # of the largest bodies
MIN_SHOWN = 1_000_000


class DroppedSpool(Spool, Protocol):
    """A spool of a store."""

    def drop(self) -> None:
        """Remove its temporary files; called in the thread."""


S = TypeVar("S", bound=DroppedSpool)


class BodyDestination(Protocol[S]):
    """Where whole bodies go. All methods but `spool` are called by one thread.

    Attributes:
        records: it keeps what was sent and received, as it was on the wire.
    """

    records: bool

    def spool(self, writer: Writer, forget: Callable[[S], None], *, raw: bool) -> S:
        """A place for one more body.

        Args:
            writer: the thread that writes.
            forget: called by the event loop when the body is dropped.
            raw: take it as it comes.
        """

    def part(self, key: str) -> tuple[Staged, bytes] | None:
        """The temporary file that an earlier run has left for a row, and what it says about it."""

    def place(self, spool: S, row: Target, response: Response) -> Saved:
        """Put a body in its place; the temporary file is left if that fails.

        Raises:
            OSError: that is not possible.
        """

    def named(self, row: Target, response: Response) -> str:
        """The name for messages."""

    def close(self) -> None:
        """Complete the destination.

        Raises:
            OSError: that is not possible.
        """


def _answer(found: "asyncio.Future[tuple[Staged, bytes] | None]", part: tuple[Staged, bytes] | None) -> None:
    """Hand over what was found; nobody waits for it if the run was stopped meanwhile."""
    if not found.done():
        found.set_result(part)
    elif isinstance(part, tuple):
        part[0].close()


class Store(Generic[S]):
    """See `save.base.BodyStore`; create it inside a running event loop.

    Args:
        destination: where the bodies go.
        save: what is saved.
        resumes: a later run may go on with bodies that are cut off, and this one with those of an earlier run.

    Attributes:
        size: bytes that were saved.
        failure: why the destination could not be completed, or empty.
    """

    def __init__(self, destination: BodyDestination[S], save: Save, *, resumes: bool = False) -> None:
        self._destination, self._on = destination, save.on
        self.raw = save.raw or destination.records
        self.only_changed = save.only_changed
        self.resumes, self.records = resumes, destination.records
        self._writer = Writer()
        self._spools: dict[S, str] = {}
        self.size = 0
        self.failure = ""
        self._is_closed = False

    def spool(self, row: Target) -> S:
        """See `save.base.BodyStore`."""
        spool = self._destination.spool(self._writer, self._forget, raw=self.raw)
        self._spools[spool] = row.text
        return spool

    async def part(self, row: Target) -> StoredPart | None:
        """See `save.base.BodyStore`."""
        if not self.resumes:
            return None
        found: asyncio.Future[tuple[Staged, bytes] | None] = asyncio.get_running_loop().create_future()
        self._writer.submit(partial(self._destination.part, row_key(row)), partial(_answer, found))
        part = await found
        if not isinstance(part, tuple):
            return None
        spool = self.spool(row)
        assert isinstance(spool, BodySpool), "a body that goes into a file"  # noqa: S101
        spool.staged, about = part
        spool.part = KeptPart(row_key(row), about)
        spool.size = os.fstat(spool.staged.fd).st_size
        known = decode_about(about)
        if known is None or not spool.size:
            spool.discard()
            return None
        return StoredPart(*known, spool)

    def describe(self, spool: Spool, row: Target, url: str, head: Head, validator: str) -> None:
        """See `save.base.BodyStore`."""
        assert isinstance(spool, BodySpool), "a spool of this store"  # noqa: S101
        spool.part = KeptPart(row_key(row), encode_about(url, head, validator))

    def largest(self) -> tuple[tuple[int, str], ...]:
        """The largest bodies on their way, with at least `MIN_SHOWN` bytes: bytes so far, and the URL.

        May be called by any thread.
        """
        sizes = ((spool.size, url) for spool, url in list(self._spools.items()) if spool.size >= MIN_SHOWN)
        return tuple(nlargest(MAX_SHOWN, sizes))

    def wants(self, attempt: Attempt) -> bool:
        """See `save.base.BodyStore`."""
        if not isinstance(attempt.result, Response) or attempt.result.status == NOT_MODIFIED:
            return False
        return self._on is SaveOn.ALL or (self._on is SaveOn.FAILED) == bool(attempt.failed_checks)

    def keep(self, spool: Spool, row: Row, response: Response, done: Callable[[Saved | Failure], None]) -> None:
        """See `save.base.BodyStore`."""
        assert isinstance(row, Target), "a row that was fetched"  # noqa: S101
        own = cast("S", spool)  # it came from `spool`
        self._writer.submit(partial(self._place, own, row, response), partial(self._placed, own, done))

    async def close(self) -> None:
        """See `save.base.BodyStore`."""
        if self._is_closed:
            return
        self._is_closed = True
        for spool in list(self._spools):
            spool.discard()
        self._writer.submit(self._destination.close, self._closed)
        await self._writer.close()

    def _place(self, spool: S, row: Target, response: Response) -> Saved | Failure:
        try:
            return self._destination.place(spool, row, response)
        except OSError as error:
            return write_failure(self._destination.named(row, response), error)
        except Exception as error:  # noqa: BLE001 - a bug is one outcome
            return Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
        finally:
            spool.drop()

    def _placed(self, spool: S, done: Callable[[Saved | Failure], None], result: Saved | Failure) -> None:
        self._forget(spool)
        if isinstance(result, Saved):
            self.size += result.size
        done(result)

    def _forget(self, spool: S) -> None:
        self._spools.pop(spool, None)

    def _closed(self, error: Exception | None) -> None:
        if error is not None:
            self.failure = f"cannot complete what was saved: {getattr(error, 'strerror', None) or error}"
