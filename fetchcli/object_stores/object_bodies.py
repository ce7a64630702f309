"""Save bodies as objects, several at a time: a store takes long for each, however small it is."""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock

from fetchcli.core.errors import Failure
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.save import Existing, Save, Saved
from fetchcli.core.model.target import Row, Target
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.core.object_url import parse_object_prefix
from fetchcli.object_stores.client import Bucket
from fetchcli.save.base import Spool
from fetchcli.save.body_spool import BodySpool
from fetchcli.save.staging import BodyStaging
from fetchcli.save.store import BodyDestination, Store

MAX_PUT = 2 * 1024 * 1024  # bytes of a body that is written in one piece
AT_ONCE = 16  # bodies that are on their way to the store
PROBE = ".fetchcli-probe"  # name of an upload that is begun and aborted


class Objects(BodyStaging):
    """See `save.store.BodyDestination`; unlike others, it is called by several threads.

    Args:
        base: the address of the folder.
        planner: makes the names.
        existing: what happens to older objects.

    Raises:
        OSError: the store cannot be written.
    """

    def __init__(self, base: str, planner: NamePlanner, *, existing: Existing) -> None:
        super().__init__()
        url = parse_object_prefix(base)
        self._root, self._base = f"{url.root}/", f"{url.key.rstrip('/')}/" if url.key else ""
        self._planner, self._existing = planner, existing
        self._large = Lock()  # one of them at a time: its parts are in memory
        self._bucket = Bucket(url)
        self._bucket.check_writable(self._base + PROBE)
        self._older = self._found() if existing is Existing.SKIP else frozenset()

    def has(self, name: str) -> bool:
        """Whether an earlier run has left an object of this name; only if such rows are skipped."""
        return hash(name) in self._older

    def place(self, spool: BodySpool, row: Target, response: Response) -> Saved:
        """See `save.store.BodyDestination`."""
        name = wanted = self._planner.final(row, response)
        number = 0
        while not self._put(spool, self._base + name):
            number += 1
            name = self._planner.another(row, wanted, number)
        return Saved(self._root + self._base + name, spool.size)

    def named(self, row: Target, response: Response) -> str:
        """See `save.store.BodyDestination`."""
        return self._root + self._base + (row.file_name or self._planner.wanted(row, response))

    def close(self) -> None:
        """See `save.store.BodyDestination`: every object is whole."""

    def _put(self, spool: BodySpool, key: str) -> bool:
        """Write a body; False if an older object has the name, and is to be kept.

        Nothing is written where an object of the same body stands.
        """
        addressed = self._planner.addressed
        create = addressed or self._existing is not Existing.REPLACE
        try:
            if spool.size > MAX_PUT:
                self._put_large(spool, key, create=create)
            else:
                self._bucket.put(key, b"".join(spool.blocks()), create=create)
        except FileExistsError:
            if addressed and self._bucket.size(key) != spool.size:
                raise OSError(errno.EEXIST, "an object of this name has another size; remove it") from None
            return addressed
        return True

    def _put_large(self, spool: BodySpool, key: str, *, create: bool) -> None:
        """An upload in parts always replaces, so that is asked for before."""
        if create and self._exists(key):
            raise FileExistsError(errno.EEXIST, "the object exists")
        with self._large:
            self._bucket.put_blocks(key, spool.blocks())

    def _exists(self, key: str) -> bool:
        try:
            self._bucket.size(key)
        except FileNotFoundError:
            return False
        return True

    def _found(self) -> frozenset[int]:
        start = len(self._base)
        return frozenset(hash(key[start:]) for key in self._bucket.keys(self._base))


class ObjectBodies(Store[BodySpool]):
    """A store whose bodies are put in their places by several threads.

    Args:
        destination: where the bodies go; it may be called by several threads.
        save: what is saved.
    """

    def __init__(self, destination: BodyDestination[BodySpool], save: Save) -> None:
        super().__init__(destination, save)
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(AT_ONCE, "fetchcli-put")
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def keep(self, spool: Spool, row: Row, response: Response, done: Callable[[Saved | Failure], None]) -> None:
        """See `save.base.BodyStore`."""
        assert isinstance(spool, BodySpool), "a spool of this store"  # noqa: S101
        assert isinstance(row, Target), "a row that was fetched"  # noqa: S101
        self._under_way += 1
        self._idle.clear()
        # What was fed before is written by then.
        self._writer.submit(_nothing, lambda _: self._start(spool, row, response, done))

    async def close(self) -> None:
        """See `save.base.BodyStore`."""
        await self._idle.wait()
        await super().close()
        self._threads.shutdown(wait=False)

    def _start(
        self, spool: BodySpool, row: Target, response: Response, done: Callable[[Saved | Failure], None]
    ) -> None:
        future = self._threads.submit(self._place, spool, row, response)
        future.add_done_callback(partial(self._tell_loop, spool, done))

    def _tell_loop(
        self, spool: BodySpool, done: Callable[[Saved | Failure], None], future: "Future[Saved | Failure]"
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended, spool, done, future.result())

    def _ended(self, spool: BodySpool, done: Callable[[Saved | Failure], None], result: Saved | Failure) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()
        self._placed(spool, done, result)


def _nothing() -> None:
    """Work that is done once everything before it is."""
