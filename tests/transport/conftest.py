"""The transport under test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from fetchcli.core.errors import Failure, TransportError
from fetchcli.core.model import Response
from fetchcli.core.policy import Policy, Timeouts
from fetchcli.core.urls import parse_url
from fetchcli.transport.aiohttp_client import AiohttpTransport

Send = Callable[..., Awaitable[Response | Failure]]


@pytest.fixture
async def client() -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(Policy(), "fetchcli-test")
    yield transport
    await transport.close()


@pytest.fixture
def send(client: AiohttpTransport) -> Send:
    """Send a URL; a failure is returned, not raised."""

    async def send(url: str, policy: Policy | None = None, **timeouts: float) -> Response | Failure:
        try:
            return await client.send(parse_url(url), policy or Policy(timeouts=Timeouts(**timeouts)))
        except TransportError as error:
            return error.failure

    return send
