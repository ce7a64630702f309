"""The values that flow through a run: row -> attempt -> outcome. All are immutable."""

from enum import StrEnum
from typing import final

import msgspec

from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.expectations import Expected
from fetchcli.core.http1 import Fields
from fetchcli.core.request import Request
from fetchcli.core.row_request import RowRequest
from fetchcli.core.text import shorten
from fetchcli.core.urls import HttpUrl

MOST_EXPECTED = 200  # characters of what was asked for, in a message
Kept = bool | int | float | str | None


class Target(msgspec.Struct, frozen=True):
    """One row of the input that can be fetched.

    Attributes:
        seq: ordinal of the selected row over all inputs, from 1.
        url: what to fetch.
        source: the file that the row stands in, ``-`` for stdin, empty for an argument.
        line: line number in the source, from 1; 0 where there are no lines.
        request: what is sent; None for the request of the run.
        own: what the row says of it.
        tag: the row's name for itself, or empty.
        kept: values of the columns that ``--keep`` carries into the output.
        expect: what is expected of it, where it says something of that itself.
        round: of a list that is fetched again and again, from 1.
    """

    seq: int
    url: HttpUrl
    source: str = ""
    line: int = 0
    request: Request | None = None
    own: RowRequest | None = None
    tag: str = ""
    kept: tuple[Kept, ...] = ()
    expect: Expected | None = None
    round: int = 1

    @property
    def text(self) -> str:
        """The URL as it may be shown: credentials masked."""
        return self.url.text

    @property
    def method(self) -> str | None:
        """The method it is asked with, where that is known."""
        return self.request.method if self.request is not None else None

    @property
    def host(self) -> str:
        """Host, and the port where it is not the scheme's default."""
        return self.url.authority


class Rejected(msgspec.Struct, frozen=True):
    """One row of the input that cannot be fetched; the other fields are as in `Target`.

    Attributes:
        text: the URL as it was written, credentials masked.
        reason: why not.
        kind: whether it is the URL, or what else the row says.
    """

    seq: int
    text: str
    reason: str
    source: str = ""
    line: int = 0
    own: RowRequest | None = None
    tag: str = ""
    kept: tuple[Kept, ...] = ()
    expect: Expected | None = None
    round: int = 1
    kind: ErrorKind = ErrorKind.INVALID_URL

    @property
    def host(self) -> str:
        """A rejected row has none."""
        return ""

    @property
    def method(self) -> str | None:
        """As the row says; it may be what the row is rejected for."""
        return self.own.method if self.own is not None else None

    @property
    def message(self) -> str:
        """File, line and reason: ``urls.txt:17: no scheme``."""
        source = "stdin" if self.source == "-" else self.source
        return f"{source}:{self.line}: {self.reason}" if source else self.reason


class Passed(Target, frozen=True):
    """One row of the input that could be fetched and is not.

    Attributes:
        reason: why; it is no fault of the row.
    """

    reason: str = ""

    @classmethod
    def over(cls, row: Target, reason: str) -> "Passed":
        """The row, passed over."""
        return cls(**{name: getattr(row, name) for name in row.__struct_fields__}, reason=reason)


Row = Target | Rejected


class Timings(msgspec.Struct, frozen=True):
    """Seconds since the attempt began, named as curl's ``-w`` variables.

    A phase that did not take place on the last hop (a reused connection) is 0.
    """

    namelookup: float = 0.0
    connect: float = 0.0
    appconnect: float = 0.0
    starttransfer: float = 0.0
    total: float = 0.0


@final  # never falsy: `response and response.status` is a status or None
class Response(msgspec.Struct, frozen=True):
    """A complete response: every byte of the body arrived and was decoded.

    Attributes:
        status: status code of the last hop.
        url: the URL that answered last.
        redirects: the hops before it, in order.
        content_type: the Content-Type field, empty where there is none.
        remote_ip: the address that answered.
        timings: see `Timings`.
        size_download: body bytes on the wire, without framing.
        size_decoded: body bytes after content decoding.
        sha256: of the decoded body, hexadecimal.
        length_verified: whether framing proved the body complete (RFC 9112 section 6.3); a body
            that ends only because the connection closed proves nothing.
        headers: values by name in lower case, as they came.
        unknown_coding: the Content-Encoding that was not undone because nobody here knows it.
        body: the decoded body as far as it was to be kept, or None.
        cert_expires: when the server's certificate does, in seconds since the epoch; 0 where none was checked.
    """

    status: int
    url: str
    timings: Timings
    redirects: tuple[Redirect, ...] = ()
    content_type: str = ""
    remote_ip: str = ""
    size_download: int = 0
    size_decoded: int = 0
    sha256: str = ""
    length_verified: bool = True
    unknown_coding: str = ""
    headers: Fields = {}
    body: bytes | None = None
    cert_expires: float = 0.0


class FailedCheck(msgspec.Struct, frozen=True):
    """One thing that a response was not.

    Attributes:
        check: what was looked at: ``status``, or one of `expectations.KEYS`.
        expected: as it was asked for.
        actual: what was there instead, cut to one line.
    """

    check: str
    expected: str
    actual: str

    @property
    def text(self) -> str:
        """``body: expected 'ok', got "down" (4 B)``."""
        return f"{self.check}: expected {shorten(self.expected, MOST_EXPECTED)}, got {self.actual}"


class Attempt(msgspec.Struct, frozen=True):
    """One try at a target.

    Attributes:
        number: from 1.
        started_at: seconds since the epoch; wall-clock jumps during a run do not move it.
        elapsed: seconds from holding a slot to the end, whichever way it ended.
        result: what came of it.
        failed_checks: the checks that its response did not pass.
    """

    number: int
    started_at: float
    elapsed: float
    result: Response | Failure
    failed_checks: tuple[FailedCheck, ...] = ()


class Verdict(StrEnum):
    """What became of a row."""

    OK = "OK"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


class Outcome(msgspec.Struct, frozen=True):
    """The one end of one row.

    Attributes:
        row: the row itself.
        verdict: accepted or not, and if not, in which way.
        attempts: every try, in order; none for a rejected row.
        failed_checks: the checks that the response did not pass.
        queued: seconds the row waited before its first attempt.
        flaky: it was accepted after it had failed.
        note: why a row was skipped, or not tried again although it could have been; or empty.
    """

    row: Row
    verdict: Verdict
    attempts: tuple[Attempt, ...] = ()
    failed_checks: tuple[FailedCheck, ...] = ()
    queued: float = 0.0
    flaky: bool = False
    note: str = ""

    @property
    def result(self) -> Response | Failure:
        """What the last attempt brought; for a rejected or skipped row, why there was none."""
        if isinstance(self.row, Rejected):
            return Failure(self.row.kind, self.row.message)
        return self.attempts[-1].result if self.attempts else Failure(ErrorKind.CANCELLED, self.note)

    @property
    def response(self) -> Response | None:
        """The result, where it is a response."""
        result = self.result
        return result if isinstance(result, Response) else None

    @property
    def failure(self) -> Failure | None:
        """The result, where it is a failure."""
        result = self.result
        return result if isinstance(result, Failure) else None
