"""Failures as values, and the exceptions that carry them."""

import pickle

import msgspec
import pytest

from fetchcli.core.errors import (
    Contact,
    ErrorKind,
    ExitCode,
    Failure,
    Redirect,
    Remedy,
    TransportError,
    UsageError,
    missing_extra,
)
from fetchcli.core.model.policy import Policy


def test_a_transport_error_carries_its_failure_whole() -> None:
    failure = Failure(ErrorKind.EMPTY, "connection closed", "http://h/", (Redirect("http://a/", 301),), "192.0.2.1")
    error = TransportError.of(failure)
    assert error.failure is failure
    assert str(error) == "empty: connection closed"


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [(ErrorKind.DNS, Remedy.LATER), (ErrorKind.TIMEOUT_RATE, Remedy.LATER), (ErrorKind.TLS, Remedy.NONE)],
)
def test_what_may_help(kind: ErrorKind, remedy: Remedy) -> None:
    assert TransportError(kind, "x").failure.remedy is remedy
    assert TransportError(kind, "x", Remedy.FRESH).failure.remedy is Remedy.FRESH


@pytest.mark.parametrize("concurrency", [0, -1])
def test_a_policy_that_fetches_nothing_is_refused(concurrency: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Policy(concurrency=concurrency)


@pytest.mark.parametrize("kind", ErrorKind)
def test_the_table_of_kinds_is_total(kind: ErrorKind) -> None:
    assert 0 < len(kind.meaning) <= 60
    assert kind.exit_code in (ExitCode.INTERNAL, ExitCode.INPUT, ExitCode.TRANSPORT, ExitCode.OUTPUT)
    assert isinstance(kind.transient, bool)
    assert isinstance(kind.contact, Contact)
    assert ErrorKind(kind.value) is kind is pickle.loads(pickle.dumps(kind))
    assert msgspec.json.encode(kind) == f'"{kind.value}"'.encode()


def test_meanings_differ() -> None:
    for table in (ErrorKind, ExitCode):
        meanings = [member.meaning for member in table]
        assert len(set(meanings)) == len(meanings)


def test_a_missing_package_is_named_with_its_extra() -> None:
    assert str(missing_extra("PostgreSQL", "asyncpg", "postgres")) == (
        "PostgreSQL requires asyncpg; install fetchcli[postgres]"
    )
