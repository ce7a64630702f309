"""Error kinds, exit codes, and the exceptions that fetchcli raises on purpose.

The kinds are a closed set: ``str(exception)`` is never a category. An HTTP status is not a failure
of the transport and has no kind; the verdict says whether it was accepted.

    FetchcliError
    ├── UsageError        the command line or a setting is wrong        exit 2
    ├── InputError        an input cannot be read                       exit 3
    ├── OutputError       an output cannot be written                   exit 8
    ├── InvalidUrl        a row is not a fetchable URL                  a REJECTED outcome
    └── TransportError    one attempt failed; carries a ``Failure``     a FAILED outcome
"""

from enum import Enum, IntEnum, StrEnum, auto
from typing import Protocol

import msgspec

from fetchcli.core.timings import Timings


class ExitCode(IntEnum):
    """The exit status and its meaning; where several apply, `core.summary.summary.exit_code` decides."""

    meaning: str

    def __new__(cls, code: int, meaning: str = "") -> "ExitCode":
        """A member: its number, and one line for documentation."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "every outcome was accepted"
    INTERNAL = 1, "internal error: a bug in fetchcli, or this machine ran out of a resource"
    USAGE = 2, "wrong usage or configuration"
    INPUT = 3, "the input is missing, unreadable or empty, or has invalid rows"
    TRANSPORT = 4, "transport failures: DNS, connect, TLS, timeout, protocol and others"
    STATUS = 5, "a status was not accepted"
    EXPECTATION = 6, "an expectation failed"
    THRESHOLD = 7, "a threshold was missed"
    OUTPUT = 8, "an output could not be written (a closed pipe counts)"
    SIGHUP = 129, "the terminal was closed (SIGHUP); finished rows are written"
    SIGINT = 130, "interrupted by SIGINT; finished rows are written"
    SIGTERM = 143, "terminated by SIGTERM; finished rows are written"


class Contact(Enum):
    """What a failure says about its host: used by the circuit breaker and the adaptive windows."""

    NONE = auto()  # the host was not asked
    SILENT = auto()  # the host was asked and gave no complete answer
    ANSWERED = auto()  # the host answered


class ErrorKind(StrEnum):
    """Why an attempt brought no complete response.

    This is the table of kinds: value, meaning, contact with the host, transient (worth a retry),
    and exit code. A new kind is one line here.
    """

    meaning: str
    contact: Contact
    transient: bool
    exit_code: ExitCode

    def __new__(
        cls,
        kind: str,
        meaning: str = "",
        contact: Contact = Contact.ANSWERED,
        transient: bool = False,
        exit_code: ExitCode = ExitCode.TRANSPORT,
    ) -> "ErrorKind":
        """A member: the name of the kind, and its properties."""
        member = str.__new__(cls, kind)
        member._value_ = kind
        member.meaning, member.contact, member.transient, member.exit_code = meaning, contact, transient, exit_code
        return member

    INVALID_URL = "invalid_url", "the row has no valid http(s) URL", Contact.NONE, False, ExitCode.INPUT
    INVALID_ROW = "invalid_row", "another column of the row is invalid", Contact.NONE, False, ExitCode.INPUT
    DNS = "dns", "the host name could not be resolved", Contact.SILENT, True
    CONNECT = "connect", "no TCP connection, or the proxy refused", Contact.SILENT, True
    TLS = "tls", "the TLS handshake or the certificate check failed", Contact.SILENT
    TIMEOUT_CONNECT = "timeout_connect", "--connect-timeout exceeded", Contact.SILENT, True
    TIMEOUT_TTFB = "timeout_ttfb", "--read-timeout exceeded before any byte", Contact.SILENT, True
    TIMEOUT_IDLE = "timeout_idle", "--read-timeout exceeded in the response", Contact.ANSWERED, True
    TIMEOUT_RATE = "timeout_rate", "slower than --min-rate", Contact.ANSWERED, True
    TIMEOUT_TOTAL = "timeout_total", "--timeout exceeded", Contact.SILENT, True
    EMPTY = "empty", "the connection closed without a response", Contact.SILENT, True
    RESET = "reset", "the connection was reset before any byte of a response", Contact.SILENT, True
    PROTOCOL = "protocol", "the response is not well-formed HTTP/1.1"
    TRUNCATED = "truncated", "the response ended too early", Contact.ANSWERED, True
    DECODE = "decode", "the compressed body is corrupt or incomplete"
    TOO_LARGE = "too_large", "the body or the headers exceed a limit"
    REDIRECT_LIMIT = "redirect_limit", "more than --max-redirs redirects"
    REDIRECT_INVALID = "redirect_invalid", "the Location is not a valid http(s) URL"
    BLOCKED = "blocked", "--block-private or --deny-cidr forbids the address", Contact.NONE
    READ = "read", "a file to send could not be read", Contact.NONE, False, ExitCode.INPUT
    WRITE = "write", "the body could not be saved", Contact.NONE, False, ExitCode.OUTPUT
    CANCELLED = "cancelled", "the run ended before the response was complete", Contact.NONE
    INTERNAL = "internal", "a bug, or this machine ran out of a resource", Contact.NONE, False, ExitCode.INTERNAL


class Remedy(Enum):
    """What may help against a failure."""

    NONE = auto()  # nothing: it will happen again
    LATER = auto()  # time
    FRESH = auto()  # a new connection: the server had closed this one
    LESS = auto()  # fewer requests at once: this machine ran out of a resource
    HALT = auto()  # nothing, and other rows will fail as well: this machine has no room left


class Redirect(msgspec.Struct, frozen=True):
    """One redirect that was followed: the URL that answered, and its status."""

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
        url: the URL that was requested last, empty if none was.
        redirects: the redirects that led to it, in order.
        remote_ip: the address that was connected to, empty if none was.
        remedy: what may help.
        timings: when the phases that were over were over.
        brought: bytes of a body that a later attempt need not ask for again.
    """

    kind: ErrorKind
    detail: str
    url: str = ""
    redirects: tuple[Redirect, ...] = ()
    remote_ip: str = ""
    remedy: Remedy = Remedy.NONE
    timings: Timings = Timings()
    brought: int = 0


class FetchcliError(Exception):
    """Base class of the exceptions that fetchcli raises on purpose."""

    exit_code = ExitCode.INTERNAL


class UsageError(FetchcliError):
    """The command line or a setting is wrong; the message says what to write instead."""

    exit_code = ExitCode.USAGE


def missing_extra(what: str, package: str, extra: str) -> UsageError:
    """The error for a package that is not installed."""
    return UsageError(f"{what} requires {package}; install fetchcli[{extra}]")


class InputError(FetchcliError):
    """An input cannot be read."""

    exit_code = ExitCode.INPUT


class OutputError(FetchcliError):
    """An output cannot be written."""

    exit_code = ExitCode.OUTPUT


class InvalidUrl(FetchcliError):  # noqa: N818 - named after the error kind and the WHATWG standard
    """The text is not an http(s) URL that can be fetched; ``str()`` is the reason."""


class Resumption:
    """Where a failed attempt can go on, for the transport that raised it."""


class Partial(Protocol):
    """A body that was cut off; a later attempt may go on with it."""

    @property
    def offset(self) -> int:
        """Bytes that have come; 0 if it cannot go on."""


class TransportError(FetchcliError):
    """An attempt failed.

    Attributes:
        failure: what went wrong, and where.
        resume: where the transport can go on with a new connection, or None.
        partial: the body that a later attempt can go on with, or None.
    """

    resume: Resumption | None = None
    partial: Partial | None = None

    def __init__(self, kind: ErrorKind, detail: str, remedy: Remedy | None = None) -> None:
        super().__init__(f"{kind}: {detail}")
        if remedy is None:
            remedy = Remedy.LATER if kind.transient else Remedy.NONE
        self.failure = Failure(kind, detail, remedy=remedy)

    @classmethod
    def of(cls, failure: Failure) -> "TransportError":
        """The exception that carries this failure."""
        error = cls(failure.kind, failure.detail)
        error.failure = failure
        return error
