"""Judge a row of results again, by other expectations than those of its run."""

from collections.abc import Container, Iterable

import msgspec

from fetchcli.core.checks.evaluate import Evidence, failed_checks
from fetchcli.core.errors import UsageError
from fetchcli.core.expect.expectations import BODY_KINDS, Check
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy
from fetchcli.core.rows.columns import HEADER, HEADERS

_NO_POLICY = Policy()


def require_columns(checks: Iterable[Check], names: Container[str]) -> None:
    """Refuse expectations about what the results do not contain.

    Raises:
        UsageError: there is one.
    """
    for check in checks:
        option = f"--expect-{check.kind.replace('_', '-')}"
        if check.kind in BODY_KINDS:
            raise UsageError(f"{option}: results contain no bodies; give it to the run that fetches")
        if check.kind == "header" and HEADERS.name not in names and f"{HEADER}{check.subject}" not in names:
            raise UsageError(
                f"{option}: the results have no column {HEADER}{check.subject}; fetch with "
                f"--columns +{HEADER}{check.subject}"
            )


def judged_kinds(policy: Policy) -> set[str]:
    """The checks that a policy makes besides those of a run without options."""
    statuses = {"status"} if policy.accept != _NO_POLICY.accept else set()
    return statuses | {check.kind for check in policy.checks}


def rejudged(outcome: Outcome, policy: Policy) -> Outcome:
    """The outcome, with the checks of a policy in place of those of the same kind that its row had failed.

    Args:
        outcome: made from a row.
        policy: its accepted statuses apply if they are not the default ones, and its expectations.
    """
    response, judged = outcome.response, judged_kinds(policy)
    if response is None or not judged or outcome.verdict not in (Verdict.OK, Verdict.FAILED):
        return outcome
    *earlier, last = outcome.attempts
    evidence = Evidence(response, last.elapsed, last.started_at + last.elapsed)
    asked = msgspec.structs.replace(policy, redirects=msgspec.structs.replace(policy.redirects, follow=False))
    found = failed_checks(evidence, asked, policy.checks)  # whether redirects were followed, the row tells
    failed = (
        *(check for check in found if check.check in judged),
        *(check for check in outcome.failed_checks if check.check not in judged),
    )
    return msgspec.structs.replace(
        outcome,
        verdict=Verdict.FAILED if failed else Verdict.OK,
        attempts=(*earlier, msgspec.structs.replace(last, failed_checks=failed)),
        failed_checks=failed,
        flaky=not failed and (outcome.flaky or last.number > 1),
    )
