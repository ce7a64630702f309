"""Give a row its outcome."""

from fetchcli.core.errors import ErrorKind
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import Outcome, Verdict, is_flaky
from fetchcli.core.model.target import Known, Rejected, Skipped, Target
from fetchcli.core.revalidation.conditions import from_cache

OK, FAILED = Verdict.OK, Verdict.FAILED  # found sooner than the members of their class


def outcome_of(target: Target, attempts: tuple[Attempt, ...], queued: float, *, note: str = "") -> Outcome:
    """The outcome of a target, from its last attempt; without attempts it is SKIPPED."""
    if not attempts:
        return Outcome(target, Verdict.SKIPPED, (), (), queued, False, note)
    last = attempts[-1]
    if isinstance(last.result, Response):
        failed = last.failed_checks
        verdict = FAILED if failed else OK
        flaky = len(attempts) > 1 and not failed and is_flaky(attempts)
        saved = target.earlier.saved if last.result.not_modified and target.earlier is not None else None
        return Outcome(target, verdict, attempts, failed, queued, flaky, note, saved)
    verdict = Verdict.CANCELLED if last.result.kind is ErrorKind.CANCELLED else Verdict.FAILED
    return Outcome(target, verdict, attempts, (), queued, False, note)


def outcome_without_attempt(row: Rejected | Skipped | Known) -> Outcome:
    """The outcome of a row that is invalid, skipped, or known well enough."""
    if isinstance(row, Known):
        assert row.earlier is not None, "that is what is known"  # noqa: S101
        attempt = Attempt(0, row.earlier.seconds, 0.0, from_cache(row.earlier))
        return Outcome(row, Verdict.OK, (attempt,), saved=row.earlier.saved)
    if isinstance(row, Skipped):
        return Outcome(row, Verdict.SKIPPED, note=row.reason)
    return Outcome(row, Verdict.REJECTED)
