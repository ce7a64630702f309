"""The parts of aiohttp that are not public API and that fetchcli stands on.

Each test names what it leans on and why. When one fails after an upgrade, read the new aiohttp
before moving the range in pyproject.toml.
"""

import subprocess
import sys

from fetchcli.core.model.policy import Policy
from fetchcli.transport.aiohttp.hop import AiohttpHops


async def test_the_session_owns_our_connector() -> None:
    """The session closes it, and knows it under the public name `connector`."""
    hops = AiohttpHops(Policy())
    assert hops.session.connector is hops.connector
    await hops.close()
    assert hops.connector.closed


def test_aiohttp_reads_certificates_when_it_is_imported() -> None:
    """`read_only_once` spares it that: nothing of fetchcli uses the context that it makes."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    *read, own, after = done.stdout.split()
    assert read == ["0", "1"], "times that aiohttp read them: spared, and in the thread"
    assert int(own) == int(after)


PROBE = """
import ssl, threading
from fetchcli.transport.certificates import read_early, read_only_once, trusting_context

main, read, load = threading.get_ident(), [0, 0], ssl.SSLContext.load_default_certs

def counting(context, purpose=ssl.Purpose.SERVER_AUTH):
    read[threading.get_ident() != main] += 1
    load(context, purpose)

ssl.SSLContext.load_default_certs = counting
read_early()
with read_only_once():
    import aiohttp
assert ssl.SSLContext.load_default_certs is counting
print(*read, trusting_context().cert_store_stats()["x509"], trusting_context().cert_store_stats()["x509"])
"""
