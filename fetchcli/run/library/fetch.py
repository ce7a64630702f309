"""`fetch`, `fetch_all` and `fetch_sync`: one call, and everything is closed behind it."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Unpack

from fetchcli.core.model.policy import Policy
from fetchcli.run.event_loop import run_on_loop
from fetchcli.run.library.fetch_client import Client, SaveTo, Urls, check_urls
from fetchcli.run.library.fetch_outcome import FetchOutcome
from fetchcli.run.library.options import Options


def fetch(
    urls: Urls,
    policy: Policy | None = None,
    *,
    ordered: bool = False,
    save: SaveTo | None = None,
    **options: Unpack[Options],
) -> AsyncGenerator[FetchOutcome, None]:
    """Fetch URLs concurrently; yield one outcome for each, as soon as it is known.

    The iterable is read lazily. While the caller does not ask for the next outcome, only a few more requests start.
    Breaking out early cancels what is in flight; use ``contextlib.aclosing`` to cancel it at once.

    Args:
        urls: absolute http(s) URLs, as text, `yarl.URL`, `Request`, or dicts with the names of the columns of a list;
            what is no valid URL becomes a REJECTED outcome.
        policy: everything that can be set; None for the defaults.
        ordered: yield in the order of ``urls``, in bounded memory.
        save: save bodies, as ``--save`` does: a folder (ending in ``/``), a template, a container, or a file for one
            URL; `Outcome.saved` says where a body is.
        options: the usual settings as keyword arguments; see `Options`.

    Raises:
        UsageError: a value makes no sense.
        OutputError: ``save`` cannot be written; raised by the first step, or by the last.
        TypeError: a value has another type.
    """
    check_urls(urls)
    return _fetch(urls, Client(policy, save=save, **options), ordered=ordered)


async def _fetch(urls: Urls, client: Client, *, ordered: bool) -> AsyncGenerator[FetchOutcome, None]:
    async with client, aclosing(client.fetch(urls, ordered=ordered)) as outcomes:
        async for outcome in outcomes:
            yield outcome


async def fetch_all(
    urls: Urls, policy: Policy | None = None, *, save: SaveTo | None = None, **options: Unpack[Options]
) -> list[FetchOutcome]:
    """Fetch URLs concurrently, and return their outcomes, in the order of the URLs; arguments as for `fetch`."""
    check_urls(urls)
    return await _fetch_all(urls, Client(policy, save=save, **options))


def fetch_sync(
    urls: Urls, policy: Policy | None = None, *, save: SaveTo | None = None, **options: Unpack[Options]
) -> list[FetchOutcome]:
    """Fetch URLs concurrently, and return their outcomes, in the order of the URLs; arguments as for `fetch`.

    For scripts and notebooks. It blocks, also where an event loop runs: then it uses a loop in another thread.
    """
    check_urls(urls)
    client = Client(policy, save=save, **options)  # so that a mistake is raised here
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_on_loop(_fetch_all(urls, client))
    return _InThread(urls, client).outcomes()


async def _fetch_all(urls: Urls, client: Client) -> list[FetchOutcome]:
    async with client:
        return await client.fetch_all(urls)


class _InThread:
    """Fetches in a thread with an event loop of its own."""

    def __init__(self, urls: Urls, client: Client) -> None:
        self._urls, self._client = urls, client
        self._found: list[FetchOutcome] = []
        self._error: BaseException | None = None
        self._cancel = threading.Event()

    def outcomes(self) -> list[FetchOutcome]:
        thread = threading.Thread(target=self._run, name="fetchcli-sync", daemon=True)
        thread.start()
        try:
            thread.join()
        finally:  # an interruption ends the requests, too
            self._cancel.set()
            thread.join()
        if self._error is not None:
            raise self._error
        return self._found

    def _run(self) -> None:
        try:
            run_on_loop(self._fetch())
        except BaseException as error:  # noqa: BLE001 - raised again where it was called
            self._error = error

    async def _fetch(self) -> None:
        task = asyncio.ensure_future(_fetch_all(self._urls, self._client))
        watcher = asyncio.ensure_future(asyncio.to_thread(self._cancel.wait))
        await asyncio.wait((task, watcher), return_when=asyncio.FIRST_COMPLETED)
        self._cancel.set()
        task.cancel()
        await asyncio.gather(task, watcher, return_exceptions=True)
        if not task.cancelled():
            self._found = task.result()
