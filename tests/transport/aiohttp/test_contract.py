"""The parts of aiohttp that are not public API and that fetchcli stands on.

Each test names what it leans on and why. When one fails after an upgrade, read the new aiohttp
before moving the range in pyproject.toml.
"""

import ssl

from aiohttp import connector

from fetchcli.core.model.policy import Policy, Tls
from fetchcli.transport.aiohttp.dial import shared_context
from fetchcli.transport.aiohttp.hop import AiohttpHops


async def test_the_session_owns_our_connector() -> None:
    """The session closes it, and knows it under the public name `connector`."""
    hops = AiohttpHops(Policy())
    assert hops.session.connector is hops.connector
    await hops.close()
    assert hops.connector.closed


def test_the_context_that_aiohttp_made_when_it_was_imported() -> None:
    """`shared_context` uses it where no option says otherwise: reading the authorities again costs 20 ms."""
    context = connector._SSL_CONTEXT_VERIFIED
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert shared_context(Tls()) is context
