"""Fixtures that the whole suite shares."""

import os
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from tests.support.faults import FaultServer, fault_server
from tests.support.golden import golden, pytest_addoption

__all__ = ["golden", "pytest_addoption"]


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail whatever blocks the event loop, in fetchcli's own code."""
    with blockbuster_ctx("fetchcli") as blockbuster:
        yield blockbuster


@pytest.fixture(scope="session")
def faults() -> Iterator[FaultServer]:
    with fault_server() as server:
        yield server


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI nothing is skipped: what a marked test needs, .ci/run installs."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
