"""Keep the bodies of a run: spools that fill while bodies come, and one thread that puts them in their places."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from heapq import nlargest
from typing import Protocol

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.save import Saved, SaveOn
from fetchcli.core.model.target import Row, Target
from fetchcli.core.rows.key import row_key
from fetchcli.save.about import decode_about, encode_about
from fetchcli.save.base import Spool, StoredPart
from fetchcli.save.body_spool import BodySpool, Part, Staged
from fetchcli.save.write_failure import write_failure
from fetchcli.save.writer import Writer

MAX_SHOWN = 3  # of the largest bodies
MIN_SHOWN = 1_000_000


class BodyDestination(Protocol):
    """Where whole bodies go. All methods are called by one thread."""

    def stage(self, part: Part | None = None) -> Staged:
        """A new temporary file.

        Args:
            part: what a later run needs to go on with it; None if no run will.

        Raises:
            OSError: there is no room for it.
        """

    def part(self, key: str) -> tuple[Staged, bytes] | None:
        """The temporary file that an earlier run has left for a row, and what it says about it."""

    def place(self, spool: BodySpool, row: Target, response: Response) -> str:
        """Put a body in its place and return its name; the temporary file is left if that fails.

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


class Store:
    """See `save.base.BodyStore`; create it inside a running event loop.

    Args:
        destination: where the bodies go.
        on: which rows are saved.
        raw: save bodies as they came.
        resumes: a later run may go on with bodies that are cut off, and this one with those of an earlier run.

    Attributes:
        size: bytes that were saved.
        failure: why the destination could not be completed, or empty.
    """

    def __init__(self, destination: BodyDestination, on: SaveOn, *, raw: bool, resumes: bool = False) -> None:
        self._destination, self._on, self._raw = destination, on, raw
        self.resumes = resumes
        self._writer = Writer()
        self._spools: dict[BodySpool, str] = {}
        self.size = 0
        self.failure = ""
        self._is_closed = False

    def spool(self, row: Target) -> BodySpool:
        """See `save.base.BodyStore`."""
        spool = BodySpool(self._writer, self._destination.stage, self._forget, raw=self._raw)
        self._spools[spool] = row.text
        return spool

    async def part(self, row: Target) -> StoredPart | None:
        """See `save.base.BodyStore`."""
        if not self.resumes:
            return None
        found: asyncio.Future[tuple[Staged, bytes] | None] = asyncio.get_running_loop().create_future()
        self._writer.submit(partial(self._destination.part, row_key(row)), found.set_result)
        part = await found
        if not isinstance(part, tuple):
            return None
        spool = self.spool(row)
        spool.staged, about = part
        spool.part = Part(row_key(row), about)
        spool.size = os.fstat(spool.staged.fd).st_size
        head = decode_about(about)
        if head is None or not spool.size:
            spool.discard()
            return None
        return StoredPart(*head, spool)

    def describe(self, spool: Spool, row: Target, head: Head, validator: str) -> None:
        """See `save.base.BodyStore`."""
        assert isinstance(spool, BodySpool), "a spool of this store"  # noqa: S101
        spool.part = Part(row_key(row), encode_about(head, validator))

    def largest(self) -> tuple[tuple[int, str], ...]:
        """The largest bodies on their way, with at least `MIN_SHOWN` bytes: bytes so far, and the URL.

        May be called by any thread.
        """
        sizes = ((spool.size, url) for spool, url in list(self._spools.items()) if spool.size >= MIN_SHOWN)
        return tuple(nlargest(MAX_SHOWN, sizes))

    def wants(self, attempt: Attempt) -> bool:
        """See `save.base.BodyStore`."""
        if not isinstance(attempt.result, Response):
            return False
        return self._on is SaveOn.ALL or (self._on is SaveOn.FAILED) == bool(attempt.failed_checks)

    def keep(self, spool: Spool, row: Row, response: Response, done: Callable[[Saved | Failure], None]) -> None:
        """See `save.base.BodyStore`."""
        assert isinstance(spool, BodySpool), "a spool of this store"  # noqa: S101
        assert isinstance(row, Target), "a row that was fetched"  # noqa: S101
        self._writer.submit(partial(self._place, spool, row, response), partial(self._placed, spool, done))

    async def close(self) -> None:
        """See `save.base.BodyStore`."""
        if self._is_closed:
            return
        self._is_closed = True
        for spool in list(self._spools):
            spool.discard()
        self._writer.submit(self._destination.close, self._closed)
        await self._writer.close()

    def _place(self, spool: BodySpool, row: Target, response: Response) -> Saved | Failure:
        try:
            return Saved(self._destination.place(spool, row, response), spool.size)
        except OSError as error:
            return write_failure(self._destination.named(row, response), error)
        except Exception as error:  # noqa: BLE001 - a bug is one outcome
            return Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
        finally:
            spool.drop()

    def _placed(self, spool: BodySpool, done: Callable[[Saved | Failure], None], result: Saved | Failure) -> None:
        self._forget(spool)
        if isinstance(result, Saved):
            self.size += result.size
        done(result)

    def _forget(self, spool: BodySpool) -> None:
        self._spools.pop(spool, None)

    def _closed(self, error: Exception | None) -> None:
        if error is not None:
            self.failure = str(error)
