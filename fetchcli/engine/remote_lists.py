"""Fetch lists from the web (sitemaps) through the same transport and policy as rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import msgspec

from fetchcli.core.errors import InputError
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Row, Target
from fetchcli.core.request.request import RequestOptions, for_unnamed_host
from fetchcli.core.url.parse import HttpUrl
from fetchcli.engine.fetcher import Fetcher
from fetchcli.transport.base import Transport

_ROW_ONLY_HEADERS = ("content-", "range", "if-")
MAX_BYTES = 64 * 1024 * 1024  # sitemaps.org allows 50 MB


def make_loader(transport: Transport, policy: Policy) -> Callable[[HttpUrl, bool], bytes]:
    """A function that fetches a list, given whether the user named its host.

    Called from other threads, it blocks them meanwhile.
    """
    loop = asyncio.get_running_loop()
    list_policy = _list_policy(policy)
    unnamed = msgspec.structs.replace(list_policy, request=for_unnamed_host(list_policy.request))

    def load(url: HttpUrl, named: bool) -> bytes:
        fetched = _fetch(transport, list_policy if named else unnamed, url)
        outcome = asyncio.run_coroutine_threadsafe(fetched, loop).result()
        response = outcome.response
        if response is None or outcome.failed_checks:
            failure = outcome.failure
            reason = f"{failure.kind}: {failure.detail}" if failure else f"status {response and response.status}"
            raise InputError(f"{url.text}: {reason}")
        return response.body or b""

    return load


def _list_policy(policy: Policy) -> Policy:
    """The policy for lists: GET, status 200, and the body is kept."""
    request = policy.request
    headers = tuple((name, value) for name, value in request.headers if not name.lower().startswith(_ROW_ONLY_HEADERS))
    size = policy.limits.size
    return msgspec.structs.replace(
        policy,
        concurrency=1,
        accept=parse_status_set("200"),
        checks=(),
        request=RequestOptions("GET", headers),
        limits=msgspec.structs.replace(policy.limits, keep=MAX_BYTES, size=min(size or MAX_BYTES, MAX_BYTES)),
    )


async def _fetch(transport: Transport, policy: Policy, url: HttpUrl) -> Outcome:
    async def single_row() -> AsyncIterator[list[Row]]:
        yield [Target(1, url)]

    async with aclosing(Fetcher(transport, policy).run(single_row())) as outcomes:
        return await anext(outcomes)
