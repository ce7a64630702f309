"""What is said of an outcome: what it came to in a word, and why."""

from fetchcli.core.checks.evaluate import LOCATION
from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.model.outcome import Outcome, Verdict, is_stale

STATUS = "status"


def what_of(outcome: Outcome) -> str:
    """``200``, the error kind, or the check that an accepted status does not make up for: ``body``."""
    if outcome.verdict is Verdict.SKIPPED:
        return "skipped"
    if outcome.response is None:
        return outcome.failure.kind.value if outcome.failure else "-"
    named = _named_check(outcome)
    return str(outcome.response.status) if named is None else named.check


def reason_of(outcome: Outcome) -> str:
    """Why the row failed, or what is worth saying about it; empty if `what_of` says it all."""
    if outcome.verdict is Verdict.SKIPPED:
        return outcome.note
    named = _named_check(outcome)
    parts = [outcome.failure.detail] if outcome.failure else []
    for failed in outcome.failed_checks:
        if failed is named:
            parts.append(failed.text.removeprefix(f"{failed.check}: "))
        elif failed.check != STATUS or failed.expected == LOCATION:  # the status says all but that it leads nowhere
            parts.append(failed.text)
    if outcome.note:
        parts.append(outcome.note)
    if outcome.flaky:
        parts.append(f"flaky: accepted on attempt {outcome.attempt_count}")
    return "; ".join(parts)


def remarks_on(outcome: Outcome) -> str:
    """What went on below the outcome, for ``-v``: stale connections, and header lines that were skipped."""
    stale = [attempt.number for attempt in outcome.attempts if is_stale(attempt)]
    parts = [f"sent on a new connection (attempt {n + 1}), because the server had closed the kept one" for n in stale]
    if outcome.response is not None:
        parts += [f"skipped the header line {line}" for line in outcome.response.skipped_headers]
    return "; ".join(parts)


def _named_check(outcome: Outcome) -> FailedCheck | None:
    """The check that says more than the status: the first that failed, if the status is not among them."""
    failed = outcome.failed_checks
    return failed[0] if failed and all(check.check != STATUS for check in failed) else None
