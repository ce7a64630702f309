"""The map from exceptions to kinds is total."""

import errno
import ssl
from typing import Any
from unittest.mock import Mock

import pytest

from fetchcli.core.errors import ErrorKind, Remedy, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.policy import Timeouts
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import LOCAL_ERRNOS, ConnectionEndedError, classify
from fetchcli.transport.aiohttp.route import Route
from fetchcli.transport.base import HopRequest, SharedFields

URL = parse_url("https://h/")
REQUEST = HopRequest(url=URL, method="GET", host="h", shared=SharedFields(()))


def exchange(head: Head | None = None, **reached: float) -> Exchange:
    made = Exchange(Route("https", "h", 443, None), b"", REQUEST, Timeouts(), Mock())
    made.reader.head = head
    for phase, when in reached.items():
        setattr(made, phase, when)
    return made


@pytest.mark.parametrize(
    ("reached", "kind"),
    [
        ({}, ErrorKind.CONNECT),
        ({"connected": 1}, ErrorKind.TLS),
        ({"sent": 1}, ErrorKind.RESET),
        ({"sent": 1, "first_byte": 1}, ErrorKind.TRUNCATED),
        ({"sent": 1, "first_byte": 1, "head": Head(200, 1, {})}, ErrorKind.TRUNCATED),
    ],
)
def test_a_reset_is_named_by_its_phase(reached: dict[str, Any], kind: ErrorKind) -> None:
    failure = classify(OSError(errno.ECONNRESET, "reset"), exchange(**reached))
    assert failure.kind is kind
    assert failure.detail.startswith("connection reset by peer")


@pytest.mark.parametrize("number", sorted(LOCAL_ERRNOS))
def test_what_this_machine_ran_out_of_is_not_blamed_on_the_url(number: int) -> None:
    failure = classify(OSError(number, "x"), exchange())
    assert failure.kind is ErrorKind.INTERNAL
    assert failure.detail.startswith("this machine: ")


def test_several_errors_without_a_number() -> None:
    several = OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 101] Network is unreachable")
    assert classify(several, exchange()).detail.startswith("multiple exceptions: [Errno 111]")
    mixed = OSError(f"Multiple exceptions: [Errno 111] refused, [Errno {errno.EADDRNOTAVAIL}] Cannot assign")
    assert classify(mixed, exchange()).kind is ErrorKind.CONNECT
    number = errno.EMFILE
    local = OSError(f"Multiple exceptions: [Errno {number}] Too many open files, [Errno {number}] Too many open files")
    assert classify(local, exchange()).kind is ErrorKind.INTERNAL


def test_others() -> None:
    assert classify(TransportError(ErrorKind.DECODE, "x"), exchange()).kind is ErrorKind.DECODE
    assert classify(ZeroDivisionError("x"), exchange()).kind is ErrorKind.INTERNAL
    broken = ssl.SSLError(1, "[SSL] broken")
    cut = classify(broken, exchange(sent=1, first_byte=1))
    assert (cut.kind, cut.remedy) == (ErrorKind.TRUNCATED, Remedy.LATER)
    before = classify(broken, exchange(sent=1))
    assert (before.kind, before.remedy) == (ErrorKind.TLS, Remedy.LATER)
    assert classify(broken, exchange()).remedy is Remedy.NONE
    ended = classify(ConnectionEndedError(), exchange(sent=1))
    assert (ended.kind, ended.detail) == (ErrorKind.EMPTY, "connection closed while waiting for the first byte")
