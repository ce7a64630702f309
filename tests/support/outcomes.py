"""Outcomes made by hand."""

import msgspec

from fetchcli.core.checks.evaluate import Evidence, failed_checks
from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import CarriedValue, Rejected, Target
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url

NOT_ACCEPTED = FailedCheck("status", "200..399", "404")
STARTED = 1_767_225_600.25  # 2026-01-01T00:00:00.25Z


def target(seq: int = 1, url: str = "http://example.com/a", carried: tuple[CarriedValue, ...] = ()) -> Target:
    return Target(seq, parse_url(url), "urls.txt", seq + 1, carried=carried)


def answered(
    status: int = 200,
    seq: int = 1,
    url: str = "http://example.com/a",
    elapsed: float = 0.25,
    content_type: str = "text/html",
    carried: tuple[CarriedValue, ...] = (),
) -> Outcome:
    response = Response(
        status=status,
        url=url,
        timings=Timings(0.001, 0.002, 0.0, 0.2, elapsed),
        redirects=(Redirect("http://example.com/old", 301),),
        content_type=content_type,
        remote_ip="192.0.2.1",
        size_download=1234,
        size_decoded=5000,
        sha256="ab" * 32,
    )
    failed = () if 200 <= status < 400 else (FailedCheck("status", "200..399", str(status)),)
    return Outcome(
        target(seq, url, carried),
        Verdict.FAILED if failed else Verdict.OK,
        (Attempt(1, STARTED, elapsed, response, failed),),
        failed,
        0.01,
    )


def failed_by(result: Response | Failure) -> tuple[FailedCheck, ...]:
    """What a response is not, by the defaults."""
    return failed_checks(Evidence(result, 0.5, STARTED), Policy(), ()) if isinstance(result, Response) else ()


def flaky(seq: int = 1) -> Outcome:
    """Accepted on its third attempt."""
    passed = answered(seq=seq)
    refused = Attempt(1, STARTED, 0.25, Failure(ErrorKind.CONNECT, "connection refused"))
    busy = msgspec.structs.replace(answered(503).attempts[0], number=2)
    last = msgspec.structs.replace(passed.attempts[0], number=3)
    return msgspec.structs.replace(passed, attempts=(refused, busy, last), flaky=True)


def failed(kind: ErrorKind = ErrorKind.CONNECT, seq: int = 1, detail: str = "connection refused") -> Outcome:
    verdict = Verdict.CANCELLED if kind is ErrorKind.CANCELLED else Verdict.FAILED
    return Outcome(target(seq), verdict, (Attempt(1, STARTED, 0.5, Failure(kind, detail)),), (), 0.0)


def rejected(seq: int = 1, text: str = "ftp://x", reason: str = "the scheme is 'ftp', not http or https") -> Outcome:
    return Outcome(Rejected(seq, text, reason, "urls.txt", seq + 1), Verdict.REJECTED)
