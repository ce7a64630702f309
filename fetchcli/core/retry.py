"""What is tried again, and when. Pure: time and chance are handed in."""

from collections.abc import Callable

import msgspec

from fetchcli.core.errors import Failure, Remedy
from fetchcli.core.model import Attempt, Response
from fetchcli.core.pauses import quota_reset, retry_after
from fetchcli.core.policy import Policy
from fetchcli.core.request import Request

MOST_DELAY = 60.0  # seconds that the exponential backoff grows to
WAIT_DELAY = 1.0  # seconds between tries while waiting for a deployment, at most


class Again(msgspec.Struct, frozen=True):
    """Try once more.

    Attributes:
        delay: seconds from now.
    """

    delay: float


class Final(msgspec.Struct, frozen=True):
    """This was the last attempt.

    Attributes:
        reason: why it is not tried again although it could be, or empty.
    """

    reason: str = ""


def told_pause(response: Response, policy: Policy, wall: float) -> float:
    """Seconds that the whole host is to be left alone, as far as the policy respects that; 0 for none."""
    told = _told(response, policy, wall)
    return told if told <= policy.retry.max_retry_after else 0.0


def _told(response: Response, policy: Policy, wall: float) -> float:
    """Seconds that a server asks to be left alone for."""
    if not policy.retry.respect_retry_after:
        return 0.0
    fields = response.headers
    told = retry_after(fields, wall) if response.status not in policy.accept else None
    return (quota_reset(fields, wall) if told is None else told) or 0.0


def decide(  # noqa: PLR0913 - all that a decision hangs on
    attempts: tuple[Attempt, ...],
    policy: Policy,
    *,
    run_seconds: float,
    wall: float,
    chance: Callable[[], float],
    request: Request | None = None,
) -> Again | Final:
    """Whether a row is tried again after its last attempt.

    Args:
        attempts: all so far, the last of them new.
        policy: whose ``retry`` rules.
        run_seconds: how long the run has taken, for ``--wait``.
        wall: seconds since the epoch.
        chance: a number from 0 to 1, evenly distributed (full jitter).
        request: the row's own, where it has one.
    """
    result, retry = attempts[-1].result, policy.retry
    if isinstance(result, Response) and not attempts[-1].failed_checks:
        return Final()
    if not ((request or policy.request).idempotent or retry.all_errors):
        waits = retry.wait is not None and run_seconds < retry.wait
        method = (request or policy.request).method
        return Final(f"{method} is tried again only with --retry-all-errors" if waits else "")
    if retry.wait is not None and run_seconds < retry.wait and _may_be_deploying(result):
        return Again(min(WAIT_DELAY, retry.wait - run_seconds))
    failures = sum(1 for attempt in attempts if not _is_stale(attempt))
    if not _is_transient(attempts[-1], policy) or failures > retry.count:
        return Final()
    told = _told(result, policy, wall) if isinstance(result, Response) else 0.0
    if told > retry.max_retry_after:
        return Final(f"to be left alone for {told:g} s is more than --max-retry-after {retry.max_retry_after:g}s")
    delay = told or chance() * min(MOST_DELAY, retry.delay * 2 ** min(failures - 1, 30))
    taken = attempts[-1].started_at + attempts[-1].elapsed - attempts[0].started_at
    if retry.max_time is not None and taken + delay > retry.max_time:
        return Final(f"another try would end after --retry-max-time {retry.max_time:g}s")
    return Again(delay)


def overdue(attempts: tuple[Attempt, ...], policy: Policy, wall: float) -> str:
    """Why a row that was tried before must not be tried now, or nothing."""
    most = policy.retry.max_time
    late = bool(attempts) and most is not None and wall - attempts[0].started_at > most
    return f"--retry-max-time {most:g}s was over" if late else ""


def is_flaky(attempts: tuple[Attempt, ...]) -> bool:
    """Whether a row that is accepted had failed before; a stale connection of ours is no failure of the server."""
    return any(not _is_stale(attempt) for attempt in attempts[:-1])


def _is_stale(attempt: Attempt) -> bool:
    return isinstance(attempt.result, Failure) and attempt.result.remedy is Remedy.FRESH


def _is_transient(attempt: Attempt, policy: Policy) -> bool:
    result = attempt.result
    if isinstance(result, Response):
        # A status that was accepted does not pass for the sake of something else.
        refused = attempt.failed_checks[0].check == "status"
        return result.status in policy.retry.statuses if refused else policy.retry.all_errors
    return result.remedy is Remedy.LATER or policy.retry.all_errors


def _may_be_deploying(result: Response | Failure) -> bool:
    return isinstance(result, Response) or result.remedy is Remedy.LATER
