"""The transport under test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from fetchcli.core.errors import Failure, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy, Timeouts
from fetchcli.core.url.parse import parse_url
from fetchcli.run.transports import make_transport
from fetchcli.transport.base import Transport

Send = Callable[..., Awaitable[Response | Failure]]
Sender = Callable[[Policy], Send]


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until something has happened, and for one more turn of the event loop."""
    for _ in range(60_000):
        if condition():
            break
        await asyncio.sleep(0.001)
    else:
        pytest.fail("it never happened")
    await asyncio.sleep(0.001)


async def send_with(transport: Transport, url: str, policy: Policy) -> Response | Failure:
    """Send a URL; a failure is returned, not raised."""
    try:
        return await transport.send(parse_url(url), policy)
    except TransportError as error:
        return error.failure


@pytest.fixture
async def client() -> AsyncIterator[Transport]:
    transport = make_transport(Policy(), "fetchcli-test")
    yield transport
    await transport.close()


@pytest.fixture
def send(client: Transport) -> Send:
    """Send over one transport with the default policy, or with other timeouts."""

    async def send(url: str, policy: Policy | None = None, **timeouts: float) -> Response | Failure:
        return await send_with(client, url, policy or Policy(timeouts=Timeouts(**timeouts)))

    return send


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    """Make a transport of a policy, and send over it."""
    made: list[Transport] = []

    def sender(policy: Policy) -> Send:
        transport = make_transport(policy, "fetchcli-test")
        made.append(transport)

        async def send(url: str) -> Response | Failure:
            return await send_with(transport, url, policy)

        return send

    yield sender
    for transport in made:
        await transport.close()
