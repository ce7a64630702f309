"""The outcome of a row: its verdict and its attempts."""

from enum import StrEnum

import msgspec

from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Rejected, Row, SkipCause, Skipped

NOT_RETRIED = "not retried: "  # start of the note of a row that the end of the run kept from a retry


class Verdict(StrEnum):
    """How a row ended."""

    OK = "OK"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


_SKIPPED = Verdict.SKIPPED  # found sooner than the member of its class


class Outcome(msgspec.Struct, frozen=True):
    """The one outcome of a row.

    Attributes:
        row: the row.
        verdict: how it ended.
        attempts: every attempt, in order; none for a rejected row.
        failed_checks: the checks that the response failed.
        queued: seconds before the first attempt.
        flaky: it was accepted after a failure.
        note: why it was skipped, or not retried although it could have been; or empty.
        saved: where its body was saved, or None.
    """

    row: Row
    verdict: Verdict
    attempts: tuple[Attempt, ...] = ()
    failed_checks: tuple[FailedCheck, ...] = ()
    queued: float = 0.0
    flaky: bool = False
    note: str = ""
    saved: Saved | None = None

    @property
    def result(self) -> Response | Failure:
        """The result of the last attempt; for a row without attempts, why there was none."""
        if isinstance(self.row, Rejected):
            return Failure(self.row.kind, self.row.message)
        return self.attempts[-1].result if self.attempts else Failure(ErrorKind.CANCELLED, self.note)

    @property
    def attempt_count(self) -> int:
        """Number of attempts; of a row that comes from results, only the last one is known."""
        return self.attempts[-1].number if self.attempts else 0

    @property
    def skip_cause(self) -> SkipCause | None:
        """Why the row was skipped; None if it was not."""
        if self.verdict is not _SKIPPED:
            return None
        return self.row.cause if isinstance(self.row, Skipped) else SkipCause.HOST

    @property
    def response(self) -> Response | None:
        """The result if it is a response, else None."""
        result = self.result
        return result if isinstance(result, Response) else None

    @property
    def failure(self) -> Failure | None:
        """The result if it is a failure, else None."""
        result = self.result
        return result if isinstance(result, Failure) else None


def with_body(outcome: Outcome, body: Saved | Failure) -> Outcome:
    """The outcome of a row whose body was saved, or could not be: that is a failure of the row."""
    if isinstance(body, Saved):
        return msgspec.structs.replace(outcome, saved=body)
    *earlier, last = outcome.attempts
    if isinstance(last.result, Response):
        response = last.result
        body = msgspec.structs.replace(
            body, url=response.url, redirects=response.redirects, remote_ip=response.remote_ip, timings=response.timings
        )
    attempts = (*earlier, msgspec.structs.replace(last, result=body, failed_checks=()))
    return msgspec.structs.replace(outcome, verdict=Verdict.FAILED, attempts=attempts, failed_checks=(), flaky=False)


def is_flaky(attempts: tuple[Attempt, ...]) -> bool:
    """Whether an accepted row had failed before; a stale connection is not a failure of the server."""
    return any(not is_stale(attempt) for attempt in attempts[:-1])


def is_stale(attempt: Attempt) -> bool:
    """Whether an attempt failed only because the server had closed a kept connection."""
    return isinstance(attempt.result, Failure) and attempt.result.remedy is Remedy.FRESH
