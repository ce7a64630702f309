"""A client for Python programs: it keeps connections, pace and cookies between calls."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, Self, Unpack

import yarl

from fetchcli.core.errors import OutputError, UsageError
from fetchcli.core.model.policy import Policy, Tls
from fetchcli.core.model.save import Save
from fetchcli.core.model.target import Row
from fetchcli.core.naming.destination import STDOUT
from fetchcli.core.request.redaction import Redactor
from fetchcli.engine.fetcher import Fetcher
from fetchcli.inputs.reader import RowReader
from fetchcli.run.library.client_call import ClientCall
from fetchcli.run.library.fetch_outcome import FetchOutcome
from fetchcli.run.library.options import Options, policy_with
from fetchcli.run.library.request import Fetchable, Request, record_of
from fetchcli.run.transports import load_transport, make_transport
from fetchcli.transport.tls import default_context

if TYPE_CHECKING:
    from fetchcli.run.saving import Saving
    from fetchcli.save.store import Store

ROWS_AHEAD = 16  # rows that are handed to the run at once
SaveTo = Save | str | os.PathLike[str]
Urls = Iterable[Fetchable] | AsyncIterable[Fetchable]


class Client:
    """Fetches URLs in as many calls as you like, which may overlap; all of them share the limits of one policy.

    Use it with ``async with``: leaving it cancels what is in flight, and closes every connection.

    Args:
        policy: everything that can be set; None for the defaults.
        save: where bodies are saved, as ``--save`` does: a folder (ending in ``/``), a template, a container, or a file
            for one URL; `Outcome.saved` says where a body is.
        options: the usual settings as keyword arguments; see `Options`.

    Raises:
        UsageError: a value makes no sense.
        TypeError: a value has another type.
    """

    def __init__(self, policy: Policy | None = None, *, save: SaveTo | None = None, **options: Unpack[Options]) -> None:
        self._policy = policy_with(policy, **options)
        self._save = _save_of(save)
        if self._save is not None and self._save.to == STDOUT:
            raise UsageError("save='-' is for the command line; name a folder, a template, a container or a file")
        self._stack = AsyncExitStack()
        self._fetcher: Fetcher | None = None
        self._store: Store[Any] | None = None
        self._saving: Saving | None = None
        self._reader = RowReader((), policy=self._policy)
        self._rows: asyncio.Queue[list[Row] | None] = asyncio.Queue()
        self._calls: dict[int, ClientCall] = {}
        self._runner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Open it.

        Raises:
            OutputError: ``save`` cannot be written.
        """
        if self._runner is not None:
            raise RuntimeError("a Client is entered once")
        policy = self._policy
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(load_transport)  # it takes a third of a second
            transport = make_transport(policy, identity=self._save is not None and self._save.resume)
            stack.push_async_callback(transport.close)
            if (
                policy.tls == Tls()
            ):  # otherwise the first HTTPS rows would wait for it, and it would count as their time
                await asyncio.to_thread(default_context)
            if self._save is not None:
                await self._open_store(self._save, stack)
            self._fetcher = Fetcher(transport, policy, store=self._store)
            self._runner = asyncio.create_task(self._run(self._fetcher))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it.

        Raises:
            OutputError: what was saved could not be completed.
        """
        if self._fetcher is not None and self._runner is not None:
            self._fetcher.stop("the client was closed")
            self._rows.put_nowait(None)
            await asyncio.gather(self._runner, return_exceptions=True)
        await self._stack.aclose()
        if self._store is not None and self._store.failure:
            raise OutputError(self._store.failure)

    async def fetch(self, urls: Urls, *, ordered: bool = False) -> AsyncGenerator[FetchOutcome, None]:
        """Fetch URLs concurrently; yield one outcome for each, as soon as it is known.

        The iterable is read lazily. While the caller does not ask for the next outcome, only a few more requests
        start. Leaving early gives up the rest of the iterable; ``contextlib.aclosing`` does so at once.

        Args:
            urls: absolute http(s) URLs, as text, `yarl.URL`, `Request`, or dicts with the names of the columns of a
                list; what is no valid URL becomes a REJECTED outcome.
            ordered: yield in the order of ``urls``, in bounded memory.

        Raises:
            TypeError: ``urls`` is one text or no iterable, or an element is nothing that can be fetched.
            RuntimeError: the client is not open.
        """
        check_urls(urls)
        self._check_open()
        call = ClientCall(2 * self._policy.concurrency, ordered=ordered)
        feeder = asyncio.create_task(self._feed(urls, call))
        try:
            while (outcome := await call.next()) is not None:
                yield FetchOutcome.of(outcome)
        finally:
            feeder.cancel()
            for seq in call.pending:
                self._calls.pop(seq, None)
            await asyncio.gather(feeder, return_exceptions=True)

    def _check_open(self) -> None:
        if self._runner is None or self._fetcher is None:
            raise RuntimeError("the client is not open yet; use it with `async with`")
        if self._runner.get_loop() is not asyncio.get_running_loop():
            raise RuntimeError("the client belongs to another event loop")
        if self._fetcher.stopped or self._runner.done():
            raise RuntimeError("the client is closed")

    async def fetch_all(self, urls: Urls) -> list[FetchOutcome]:
        """Fetch URLs, and return the outcomes in the order of the URLs."""
        async with aclosing(self.fetch(urls, ordered=True)) as outcomes:
            return [outcome async for outcome in outcomes]

    async def fetch_one(self, url: Fetchable) -> FetchOutcome:
        """Fetch one URL."""
        (outcome,) = await self.fetch_all([url])
        return outcome

    async def _open_store(self, save: Save, stack: AsyncExitStack) -> None:
        from fetchcli.run.saving import Saving

        redactor, hashes = self._policy.credentials.redactor or Redactor(), self._policy.limits.hash
        self._saving = await asyncio.to_thread(Saving, save, redactor=redactor, hashes=hashes)
        self._store = self._saving.store(await asyncio.to_thread(self._saving.open))
        stack.push_async_callback(self._store.close)

    async def _feed(self, urls: Urls, call: ClientCall) -> None:
        """Hand the rows of a call to the run, as far as its outcomes are taken."""
        try:
            async with AsyncExitStack() as stack:
                if isinstance(urls, AsyncGenerator):
                    await stack.enter_async_context(aclosing(urls))
                if isinstance(urls, AsyncIterable):
                    async for url in urls:
                        await call.room.acquire()
                        await self._offer([url], call)
                else:
                    await self._offer_all(urls, call)
            call.end()
        except Exception as error:  # noqa: BLE001 - whoever takes the outcomes must know it
            call.end(error)

    async def _offer_all(self, urls: Iterable[Fetchable], call: ClientCall) -> None:
        """Offer some at once: each batch wakes the run."""
        batch: list[Fetchable] = []
        for url in urls:
            await call.room.acquire()
            batch.append(url)
            if len(batch) >= ROWS_AHEAD or call.room.locked():
                await self._offer(batch, call)
                batch = []
        if batch:
            await self._offer(batch, call)

    async def _offer(self, urls: list[Fetchable], call: ClientCall) -> None:
        rows = [self._reader.row(record_of(url)) for url in urls]
        if self._saving is not None:
            rows = await asyncio.to_thread(self._saving.name, rows)
        for row in rows:
            call.expect(row.seq)
            self._calls[row.seq] = call
        self._rows.put_nowait(rows)

    async def _batches(self) -> AsyncGenerator[list[Row], None]:
        while (rows := await self._rows.get()) is not None:
            yield rows

    async def _run(self, fetcher: Fetcher) -> None:
        """Hand outcomes to the calls that wait for them, until the client is closed."""
        error: BaseException | None = None
        try:
            async with aclosing(self._batches()) as batches, aclosing(fetcher.run(batches)) as outcomes:
                async for outcome in outcomes:
                    if (call := self._calls.pop(outcome.row.seq, None)) is not None:
                        call.put(outcome)
        except BaseException as raised:
            error = raised
            raise
        finally:
            for call in {id(call): call for call in self._calls.values()}.values():
                call.end(error or RuntimeError("the client was closed"))


def _save_of(save: SaveTo | None) -> Save | None:
    if isinstance(save, Save | None):
        return save
    if not isinstance(save, str | os.PathLike):
        raise TypeError(f"save must be a path or a Save, not {type(save).__name__}")
    return Save(to=os.fspath(save))


def check_urls(urls: object) -> None:
    """Refuse what is no iterable of URLs, before anything happens."""
    if isinstance(urls, (str, bytes, yarl.URL, Request, Mapping)):
        raise TypeError("urls must be an iterable of URLs; for a single one write [url]")
    if not isinstance(urls, (Iterable, AsyncIterable)):
        raise TypeError(f"urls must be an iterable of URLs, not {type(urls).__name__}")
