"""The library: `fetch` for Python programs."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import AsyncExitStack, aclosing
from itertools import islice
from typing import TYPE_CHECKING, Any

from fetchcli.core.errors import OutputError, UsageError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.policy import Policy, Tls
from fetchcli.core.model.save import Save
from fetchcli.core.model.target import Row
from fetchcli.core.naming.destination import STDOUT
from fetchcli.core.request.redaction import Redactor
from fetchcli.engine.fetcher import Fetcher
from fetchcli.inputs.reader import RowReader
from fetchcli.run.transports import make_transport
from fetchcli.transport.tls import default_context

if TYPE_CHECKING:
    from fetchcli.save.store import Store

NameBatch = Callable[[list[Row]], list[Row]] | None
ROWS_AHEAD = 16  # rows read ahead from the iterable of the caller


def fetch(
    urls: Iterable[str] | AsyncIterable[str],
    policy: Policy | None = None,
    *,
    ordered: bool = False,
    save: Save | str | None = None,
) -> AsyncGenerator[Outcome, None]:
    """Fetch URLs concurrently; yield one `Outcome` for each, as soon as it is known.

    The iterable is read lazily. While the caller does not ask for the next outcome, only a few more
    requests start (`Fetcher.run`). Breaking out early cancels what is in flight; use
    ``contextlib.aclosing`` to cancel it at once.

    Args:
        urls: absolute http(s) URLs; anything else becomes a REJECTED outcome.
        policy: concurrency, timeouts, redirects, accepted statuses and so on; None for the defaults.
        ordered: yield in the order of ``urls``, in bounded memory.
        save: save bodies, as ``--save`` does: a folder (ending in ``/``), a template, a container, or a file for one
            URL; `Outcome.saved` says where a body is.

    Raises:
        UsageError: ``save`` makes no sense.
        OutputError: the destination cannot be written; raised by the first step.
        TypeError: ``urls`` is one text or no iterable, or ``policy`` is no `Policy`.
    """
    if isinstance(urls, (str, bytes)):
        raise TypeError("urls must be an iterable of URLs; for a single one write fetch([url])")
    if not isinstance(urls, (Iterable, AsyncIterable)):
        raise TypeError(f"urls must be an iterable of URLs, not {type(urls).__name__}")
    if not isinstance(policy, Policy | None):
        raise TypeError(f"policy must be a Policy, not {type(policy).__name__}")
    if isinstance(save, str):
        save = Save(to=save)
    return _fetch(urls, policy or Policy(), ordered=ordered, save=save)


async def _fetch(
    urls: Iterable[str] | AsyncIterable[str], policy: Policy, *, ordered: bool, save: Save | None
) -> AsyncGenerator[Outcome, None]:
    async with AsyncExitStack() as stack:
        transport = make_transport(policy, identity=save is not None and save.resume)
        stack.push_async_callback(transport.close)
        if policy.tls == Tls():  # otherwise it would be made while the first HTTPS rows wait, and count as their time
            await asyncio.to_thread(default_context)
        name, store = await _library_store(save, policy, stack)
        fetcher = Fetcher(transport, policy, ordered=ordered, store=store)
        batches = await stack.enter_async_context(aclosing(_batches(urls, policy, name)))
        outcomes = await stack.enter_async_context(aclosing(fetcher.run(batches)))
        async for outcome in outcomes:
            yield outcome
    if store is not None and store.failure:
        raise OutputError(store.failure)


async def _library_store(
    save: Save | None, policy: Policy, stack: AsyncExitStack
) -> "tuple[NameBatch, Store[Any] | None]":
    """What names a batch of rows, and the store of their bodies."""
    if save is None:
        return None, None
    if save.to == STDOUT:
        raise UsageError("save='-' is for the command line; name a folder, a template, a container or a file")
    from fetchcli.run.saving import Saving

    redactor, hashes = policy.credentials.redactor or Redactor(), policy.limits.hash
    saving = await asyncio.to_thread(Saving, save, redactor=redactor, hashes=hashes)
    store = saving.store(await asyncio.to_thread(saving.open))
    stack.push_async_callback(store.close)
    return saving.name, store


async def _batches(
    urls: Iterable[str] | AsyncIterable[str], policy: Policy, name: NameBatch
) -> AsyncGenerator[list[Row], None]:
    async with aclosing(_read(urls, RowReader((), policy=policy))) as batches:
        async for batch in batches:
            yield batch if name is None else await asyncio.to_thread(name, batch)


async def _read(urls: Iterable[str] | AsyncIterable[str], reader: RowReader) -> AsyncGenerator[list[Row], None]:
    if isinstance(urls, AsyncIterable):
        async with AsyncExitStack() as stack:
            if isinstance(urls, AsyncGenerator):
                await stack.enter_async_context(aclosing(urls))
            async for url in urls:
                yield [reader.row(url)]
    else:
        iterator = iter(urls)
        while batch := [reader.row(url) for url in islice(iterator, ROWS_AHEAD)]:
            yield batch
