"""The map from exceptions to kinds is total."""

import errno
import ssl
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from fetchcli.core.errors import ErrorKind, Remedy, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.policy import Timeouts
from fetchcli.core.url.parse import parse_url
from fetchcli.transport.aiohttp.exchange import Exchange
from fetchcli.transport.aiohttp.failures import LOCAL_ERRNOS, classify
from fetchcli.transport.aiohttp.route import Route
from fetchcli.transport.base import HopRequest, SharedFields

KEY: Any = SimpleNamespace(host="h", port=80, ssl=True, is_ssl=True)
INFO: Any = SimpleNamespace(real_url="http://h/")
REFUSED = OSError(errno.ECONNREFUSED, "Connection refused")
# How each class that cannot be made from one string is made.
MAKE: dict[type, Callable[[Any], BaseException]] = {
    aiohttp.ClientConnectorError: lambda cls: cls(KEY, REFUSED),
    aiohttp.ClientConnectorCertificateError: lambda cls: cls(KEY, ssl.SSLCertVerificationError("bad")),
    aiohttp.client_exceptions.UnixClientConnectorError: lambda cls: cls("/run/x", KEY, REFUSED),
    aiohttp.ServerFingerprintMismatch: lambda cls: cls(b"a", b"b", "h", 443),
    aiohttp.ClientResponseError: lambda cls: cls(INFO, ()),
}
EXPECTED = {
    "ConnectionTimeoutError": ErrorKind.EMPTY,  # never raised: the limit is fetchcli's own
    "ServerDisconnectedError": ErrorKind.EMPTY,
    "ClientOSError": ErrorKind.EMPTY,
}


def descendants(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    for child in cls.__subclasses__():
        if child.__module__.startswith("aiohttp."):
            yield child
            yield from descendants(child)


def make(cls: type[BaseException]) -> BaseException:
    for ancestor in cls.__mro__:
        if ancestor in MAKE:
            return MAKE[ancestor](cls)
    return cls("x")


ALL = sorted(set(descendants(aiohttp.ClientError)), key=lambda cls: cls.__name__)


URL = parse_url("https://h/")
REQUEST = HopRequest(url=URL, method="GET", host="h", shared=SharedFields(()))


def exchange(head: Head | None = None, **reached: float) -> Exchange:
    made = Exchange(Route("https", "h", 443, None), b"", REQUEST, Timeouts())
    made.reader.head = head
    for phase, when in reached.items():
        setattr(made, phase, when)
    return made


def test_the_walk_finds_aiohttps_exceptions() -> None:
    assert len(ALL) > 25


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_exception_of_aiohttp_has_a_kind(cls: type[BaseException]) -> None:
    failure = classify(make(cls), exchange(resolved=1, sent=1))
    assert failure.kind is not ErrorKind.INTERNAL
    assert failure.detail
    if cls.__name__ in EXPECTED:
        assert failure.kind is EXPECTED[cls.__name__]


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
    failure = classify(aiohttp.ClientOSError(errno.ECONNRESET, "reset"), exchange(**reached))
    assert failure.kind is kind
    assert failure.detail.startswith("connection reset by peer")


@pytest.mark.parametrize("number", sorted(LOCAL_ERRNOS))
def test_what_this_machine_ran_out_of_is_not_blamed_on_the_url(number: int) -> None:
    for error in (aiohttp.ClientConnectorError(KEY, OSError(number, "x")), OSError(number, "x")):
        failure = classify(error, exchange())
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
    wrapped = aiohttp.ClientOSError(1, "[SSL] broken")
    wrapped.__cause__ = ssl.SSLError(1, "[SSL] broken")
    assert classify(wrapped, exchange(sent=1)).kind is ErrorKind.TLS
