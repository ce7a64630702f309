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

from enum import Enum, IntEnum, StrEnum, auto

import msgspec


class ErrorKind(StrEnum):
    """Why an attempt brought no complete response (closed set)."""

    INVALID_URL = "invalid_url"
    INVALID_ROW = "invalid_row"
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
    READ = "read"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


class Remedy(Enum):
    """What may help against a failure."""

    NONE = auto()  # nothing: the same will happen again
    LATER = auto()  # time: it may be over soon
    FRESH = auto()  # a connection that was not used before: this one had been closed by the server
    LESS = auto()  # fewer at once: this machine ran out of something


# Kinds that time may cure, unless a failure says otherwise.
_TRANSIENT = frozenset(
    {
        ErrorKind.DNS,
        ErrorKind.CONNECT,
        ErrorKind.TIMEOUT_CONNECT,
        ErrorKind.TIMEOUT_TTFB,
        ErrorKind.TIMEOUT_IDLE,
        ErrorKind.TIMEOUT_RATE,
        ErrorKind.TIMEOUT_TOTAL,
        ErrorKind.EMPTY,
        ErrorKind.TRUNCATED,
    }
)


def remedy_for(kind: ErrorKind) -> Remedy:
    """What may help against failures of a kind, as far as the kind can say."""
    return Remedy.LATER if kind in _TRANSIENT else Remedy.NONE


class ExitCode(IntEnum):
    """The exit status; where several apply, ``core.summary.exit_code`` decides."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INPUT = 3
    TRANSPORT = 4
    STATUS = 5
    EXPECTATION = 6
    THRESHOLD = 7
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
    ExitCode.EXPECTATION: "an expectation failed",
    ExitCode.THRESHOLD: "a threshold was missed",
    ExitCode.OUTPUT: "output could not be written (a closed pipe counts)",
    ExitCode.SIGINT: "interrupted by SIGINT; what was finished is written",
    ExitCode.SIGTERM: "terminated by SIGTERM; what was finished is written",
}


class Redirect(msgspec.Struct, frozen=True):
    """One hop that was followed: the URL that answered, and its status."""

    url: str
    status: int

    @property
    def text(self) -> str:
        """``301 http://example.com/old``."""
        return f"{self.status} {self.url}"


class Failure(msgspec.Struct, frozen=True):
    """A failed attempt as a value.

    Attributes:
        kind: what went wrong.
        detail: one line for people.
        url: the URL that was asked last, empty where none was.
        redirects: the redirects that led there, in order.
        remote_ip: the address that was connected to, empty where none was.
        remedy: what may help.
    """

    kind: ErrorKind
    detail: str
    url: str = ""
    redirects: tuple[Redirect, ...] = ()
    remote_ip: str = ""
    remedy: Remedy = Remedy.NONE


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
    """

    def __init__(self, kind: ErrorKind, detail: str, remedy: Remedy | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        self.failure = Failure(kind, detail, remedy=remedy_for(kind) if remedy is None else remedy)

    @classmethod
    def of(cls, failure: Failure) -> "TransportError":
        """The exception that carries this failure."""
        error = cls(failure.kind, failure.detail)
        error.failure = failure
        return error
