"""Expectations: what a finished target must satisfy to be accepted."""

from fetchcli.core.errors import ErrorKind
from fetchcli.core.model import Attempt, Outcome, Rejected, Response, Target, Verdict
from fetchcli.core.policy import Policy


def judge(target: Target, attempts: tuple[Attempt, ...], queued: float, policy: Policy) -> Outcome:
    """Give a target its verdict, from what its last attempt brought."""
    result = attempts[-1].result
    if isinstance(result, Response):
        failed = () if result.status in policy.accept else ("status",)
        verdict = Verdict.FAILED if failed else Verdict.OK
        return Outcome(target, verdict, attempts, failed, queued)
    verdict = Verdict.CANCELLED if result.kind is ErrorKind.CANCELLED else Verdict.FAILED
    return Outcome(target, verdict, attempts, (), queued)


def reject(row: Rejected) -> Outcome:
    """The outcome of a row that cannot be fetched."""
    return Outcome(row, Verdict.REJECTED)
