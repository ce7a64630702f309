"""Fixtures that the whole suite shares."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from tempfile import NamedTemporaryFile

import pytest
import trustme
import uvloop
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import HealthCheck, settings

from tests.support.faults import FaultServer, fault_server
from tests.support.golden import golden, pytest_addoption

__all__ = ["golden", "pytest_addoption"]

# Thousands of commands start: each would compile all modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The system trusts more than a hundred authorities; reading them is half of what a short command costs.
_authority = NamedTemporaryFile(suffix=".pem")  # noqa: SIM115 - until the session ends
trustme.CA().cert_pem.write_to_path(_authority.name)
os.environ["SSL_CERT_FILE"] = _authority.name

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what it runs beside it with SIGINT ignored

# How long an example takes says something about the machine, not about fetchcli. Each run tries others.
settings.register_profile("any machine", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail whatever blocks the event loop, in fetchcli's own code."""
    with blockbuster_ctx("fetchcli") as blockbuster:
        for function in blockbuster.functions.values():  # in the loop of a thread that only writes rows
            function.can_block_in("asyncpg/connect_utils.py", {"_parse_connect_arguments"})
        yield blockbuster


@pytest.fixture(scope="session")
def faults() -> Iterator[FaultServer]:
    with fault_server() as server:
        yield server


# Where connections are made and ended in most ways: on Python's own event loop, too.
ON_BOTH_LOOPS = {"test_proxy.py", "test_tls.py", "test_fault_server.py"}


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, object]:
    """The event loop that is shipped."""
    own = {"asyncio": asyncio.new_event_loop} if item.path.name in ON_BOTH_LOOPS else {}
    return {"uvloop": uvloop.new_event_loop, **own}


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, because some tests wait for most of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing is skipped: what a marked test needs, .ci/run installs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    passed, skipped = (len(reporter.stats.get(outcome, ())) for outcome in ("passed", "skipped"))
    reporter.write_line(f"\nCI: {passed:,} tests passed, {skipped:,} skipped")
    if skipped:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
