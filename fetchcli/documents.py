"""Lists that stand on the web, sitemaps: fetched as rows are, through the same transport and policy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec

from fetchcli.core.errors import InputError
from fetchcli.core.model import Outcome, Row, Target
from fetchcli.core.policy import Policy
from fetchcli.core.request import Request
from fetchcli.core.status import parse_status_set
from fetchcli.core.urls import HttpUrl
from fetchcli.fetcher import Fetcher
from fetchcli.inputs.reader import Load
from fetchcli.transport.base import Transport

_FOR_ROWS = ("content-", "range", "if-")
MOST_BYTES = 64 * 1024 * 1024  # sitemaps.org allows 50 MB


def make_loader(transport: Transport, policy: Policy) -> Load:
    """A function for threads other than that of the running event loop: it fetches a document, and blocks meanwhile."""
    loop = asyncio.get_running_loop()
    own = _policy(policy)

    def load(url: HttpUrl) -> bytes:
        outcome = asyncio.run_coroutine_threadsafe(_fetch(transport, own, url), loop).result()
        response = outcome.response
        if response is None or outcome.failed_checks:
            failure = outcome.failure
            reason = f"{failure.kind}: {failure.detail}" if failure else f"status {response and response.status}"
            raise InputError(f"{url.text}: {reason}")
        return response.body or b""

    return load


def _policy(policy: Policy) -> Policy:
    """The same, for documents: asked for with GET, whatever the rows do, and kept."""
    request = policy.request
    headers = tuple((name, value) for name, value in request.headers if not name.lower().startswith(_FOR_ROWS))
    size = policy.limits.size
    return msgspec.structs.replace(
        policy,
        concurrency=1,
        accept=parse_status_set("200"),
        checks=(),
        request=Request("GET", headers),
        limits=msgspec.structs.replace(policy.limits, keep=MOST_BYTES, size=min(size or MOST_BYTES, MOST_BYTES)),
    )


async def _fetch(transport: Transport, policy: Policy, url: HttpUrl) -> Outcome:
    async def one() -> AsyncIterator[list[Row]]:
        yield [Target(1, url)]

    async with aclosing(Fetcher(transport, policy).run(one())) as outcomes:
        return await anext(outcomes)
