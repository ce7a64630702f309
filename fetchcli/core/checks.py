"""Expectations: what a finished target must satisfy to be accepted."""

from fetchcli.core.errors import ErrorKind
from fetchcli.core.model import Attempt, Outcome, Passed, Rejected, Response, Target, Verdict
from fetchcli.core.policy import Policy
from fetchcli.core.retry import is_flaky


def judge(target: Target, attempts: tuple[Attempt, ...], queued: float, policy: Policy, *, note: str = "") -> Outcome:
    """Give a target its verdict, from what its last attempt brought; one without attempts was skipped."""
    if not attempts:
        return Outcome(target, Verdict.SKIPPED, (), (), queued, False, note)
    result = attempts[-1].result
    if isinstance(result, Response):
        failed = () if result.status in policy.accept else ("status",)
        verdict = Verdict.FAILED if failed else Verdict.OK
        flaky = len(attempts) > 1 and not failed and is_flaky(attempts)
        return Outcome(target, verdict, attempts, failed, queued, flaky, note)
    verdict = Verdict.CANCELLED if result.kind is ErrorKind.CANCELLED else Verdict.FAILED
    return Outcome(target, verdict, attempts, (), queued, False, note)


def reject(row: Rejected | Passed) -> Outcome:
    """The outcome of a row that cannot be fetched, or is not to be."""
    if isinstance(row, Passed):
        return Outcome(row, Verdict.SKIPPED, note=row.reason)
    return Outcome(row, Verdict.REJECTED)
