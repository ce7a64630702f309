"""One attempt at a target and its result: a `Response` or a `Failure`."""

from typing import final

import msgspec

from fetchcli.core.errors import Failure, Redirect
from fetchcli.core.http1.head import Fields
from fetchcli.core.text import shorten
from fetchcli.core.timings import Timings

MAX_EXPECTED = 200  # characters of the expectation in a message


@final  # never falsy: `response and response.status` is a status or None
class Response(msgspec.Struct, frozen=True):
    """A complete response: every byte of the body arrived and was decoded.

    Attributes:
        status: status of the last hop.
        url: URL of the last hop.
        redirects: the redirects before it, in order.
        content_type: the Content-Type field, or empty.
        remote_ip: the address that answered.
        timings: see `Timings`.
        size_download: body bytes on the wire, without framing.
        size_decoded: body bytes after content decoding.
        sha256: SHA-256 of the decoded body, hexadecimal.
        length_verified: framing proved the body complete (RFC 9112 section 6.3); a body that ends only
            because the connection closed proves nothing.
        headers: values by lower-case name, as received.
        unknown_coding: the Content-Encoding that could not be decoded, or empty.
        body: the start of the decoded body as far as it was asked for (`Limits.keep`), or None.
        cert_expires: when the server's verified certificate expires (seconds since the epoch), or 0.
        resumed_from: bytes of the body that came in an earlier attempt; this one brought the rest.
        not_modified: a 304 to a request that had conditions; type, size and hash are those of the earlier body.
        from_cache: nothing was asked; this is what an earlier run received.
        skipped_headers: the first header lines that were skipped, because they have no valid name.
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
    skipped_headers: tuple[str, ...] = ()
    resumed_from: int = 0
    not_modified: bool = False
    from_cache: bool = False

    @property
    def body_complete(self) -> bool:
        """True if ``body`` is the whole body, not cut by its limit."""
        return self.body is not None and len(self.body) == self.size_decoded


class FailedCheck(msgspec.Struct, frozen=True):
    """One check that a response failed.

    Attributes:
        check: one of `expectations.KEYS`.
        expected: the expectation as written.
        actual: what was found, on one line.
    """

    check: str
    expected: str
    actual: str

    @property
    def text(self) -> str:
        """``body: expected 'ok', got "down" (4 B)``."""
        return f"{self.check}: expected {shorten(self.expected, MAX_EXPECTED)}, got {self.actual}"


class Attempt(msgspec.Struct, frozen=True):
    """One attempt at a target.

    Attributes:
        number: from 1.
        started_at: seconds since the epoch; wall-clock jumps during a run do not affect it.
        elapsed: seconds from getting a slot to the end of the attempt.
        result: a response or a failure.
        failed_checks: the checks that the response failed.
    """

    number: int
    started_at: float
    elapsed: float
    result: Response | Failure
    failed_checks: tuple[FailedCheck, ...] = ()
