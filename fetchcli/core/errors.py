"""What can go wrong, and the number the process ends with.

The kinds are a closed set: ``str(exception)`` is never a category. An HTTP status is not a failure
of the transport and has no kind; whether it was accepted is the verdict's business.

    FetchcliError
    ├── UsageError        the command line or a setting is wrong        exit 2
    ├── InputError        an input cannot be read                       exit 3
    ├── OutputError       an output cannot be written                   exit 8
    ├── InvalidUrl        a row is not a fetchable URL                  a REJECTED outcome
    └── TransportError    one attempt failed; carries a ``Failure``     a FAILED outcome
"""

from enum import IntEnum, StrEnum

import msgspec


class ErrorKind(StrEnum):
    """Why an attempt brought no complete response (closed set)."""

    INVALID_URL = "invalid_url"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_TTFB = "timeout_ttfb"
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_RATE = "timeout_rate"
    TIMEOUT_TOTAL = "timeout_total"
    EMPTY = "empty"
    PROTOCOL = "protocol"
    TRUNCATED = "truncated"
    DECODE = "decode"
    TOO_LARGE = "too_large"
    REDIRECT_LIMIT = "redirect_limit"
    REDIRECT_INVALID = "redirect_invalid"
    REDIRECT_MISSING = "redirect_missing"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


class ExitCode(IntEnum):
    """The exit status; where several apply, ``core.summary.exit_code`` decides."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INPUT = 3
    TRANSPORT = 4
    STATUS = 5
    OUTPUT = 8
    SIGINT = 130
    SIGTERM = 143


EXIT_MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "every outcome was accepted",
    ExitCode.INTERNAL: "internal error (a bug in fetchcli, or this machine ran out of something)",
    ExitCode.USAGE: "usage or configuration",
    ExitCode.INPUT: "input missing, unreadable, empty, or with invalid rows",
    ExitCode.TRANSPORT: "transport failures (DNS, connect, TLS, timeout, protocol, ...)",
    ExitCode.STATUS: "a status was not accepted",
    ExitCode.OUTPUT: "output could not be written (a closed pipe counts)",
    ExitCode.SIGINT: "interrupted by SIGINT; what was finished is written",
    ExitCode.SIGTERM: "terminated by SIGTERM; what was finished is written",
}


class Redirect(msgspec.Struct, frozen=True):
    """One hop that was followed: the URL that answered, and its status."""

    url: str
    status: int


class Failure(msgspec.Struct, frozen=True):
    """A failed attempt as a value.

    Attributes:
        kind: what went wrong.
        detail: one line for people.
        url: the URL that was asked last, empty where none was.
        redirects: the redirects that led there, in order.
        remote_ip: the address that was connected to, empty where none was.
    """

    kind: ErrorKind
    detail: str
    url: str = ""
    redirects: tuple[Redirect, ...] = ()
    remote_ip: str = ""


class FetchcliError(Exception):
    """Root of the exceptions that fetchcli raises on purpose."""

    exit_code = ExitCode.INTERNAL


class UsageError(FetchcliError):
    """The command line or a setting is wrong; the message says what to write instead."""

    exit_code = ExitCode.USAGE


class InputError(FetchcliError):
    """An input cannot be read."""

    exit_code = ExitCode.INPUT


class OutputError(FetchcliError):
    """An output cannot be written."""

    exit_code = ExitCode.OUTPUT


class InvalidUrl(FetchcliError):  # noqa: N818 - named as the WHATWG standard and the error kind do
    """The text is not an http(s) URL that can be fetched; ``str()`` is the reason."""


class TransportError(FetchcliError):
    """An attempt failed.

    Attributes:
        failure: what went wrong, and where.
        stale: the request met a used connection that the server had closed, so that it may be sent
            again on a fresh one (RFC 9110 section 9.2.2).
    """

    def __init__(self, kind: ErrorKind, detail: str, *, stale: bool = False) -> None:
        super().__init__(f"{kind}: {detail}")
        self.stale = stale
        self.failure = Failure(kind, detail)

    @classmethod
    def of(cls, failure: Failure, *, stale: bool = False) -> "TransportError":
        """The exception that carries this failure."""
        error = cls(failure.kind, failure.detail, stale=stale)
        error.failure = failure
        return error
