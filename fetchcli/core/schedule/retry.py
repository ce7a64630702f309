"""Decide whether a row is retried, and when."""

from collections.abc import Callable

import msgspec

from fetchcli.core.errors import Failure, Remedy
from fetchcli.core.http1.retry_after import may_ask_for_pause, requested_seconds
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import is_stale
from fetchcli.core.model.policy import Policy
from fetchcli.core.request.request import RequestOptions

MAX_DELAY = 60.0  # maximum seconds of the exponential back-off
WAIT_DELAY = 1.0  # maximum seconds between attempts while waiting for a deployment


class RetryAfter(msgspec.Struct, frozen=True):
    """Retry after a delay.

    Attributes:
        delay: seconds from now.
    """

    delay: float


class GiveUp(msgspec.Struct, frozen=True):
    """Do not retry.

    Attributes:
        reason: why not, although it would be possible; or empty.
    """

    reason: str = ""


def requested_pause(response: Response, policy: Policy, wall: float) -> float:
    """Seconds for which the host is to be paused; 0 for none, or if the policy does not respect it."""
    seconds = _requested_pause_seconds(response, policy, wall)
    return seconds if seconds <= policy.retry.max_retry_after else 0.0


def _requested_pause_seconds(response: Response, policy: Policy, wall: float) -> float:
    """The pause that the server requests, in seconds; 0 for none."""
    if not policy.retry.respect_retry_after or not may_ask_for_pause(response.headers):
        return 0.0
    return requested_seconds(response.headers, wall, accepted=response.status in policy.accept) or 0.0


def decide(  # noqa: PLR0913 - all inputs of the decision
    attempts: tuple[Attempt, ...],
    policy: Policy,
    *,
    run_seconds: float,
    wall: float,
    chance: Callable[[], float],
    request: RequestOptions | None = None,
) -> RetryAfter | GiveUp:
    """Decide whether a row is retried after its last attempt.

    Args:
        attempts: all attempts so far.
        policy: its ``retry`` applies.
        run_seconds: duration of the run so far, for ``--wait``.
        wall: seconds since the epoch.
        chance: returns a random number from 0 to 1 (full jitter).
        request: the row's own request, or None.
    """
    result, retry = attempts[-1].result, policy.retry
    if isinstance(result, Response) and not attempts[-1].failed_checks:
        return GiveUp()
    if not ((request or policy.request).idempotent or retry.all_errors):
        waits = retry.wait is not None and run_seconds < retry.wait
        method = (request or policy.request).method
        return GiveUp(f"{method} is retried only with --retry-all-errors" if waits else "")
    if retry.wait is not None and run_seconds < retry.wait and _may_be_deploying(result):
        return RetryAfter(min(WAIT_DELAY, retry.wait - run_seconds))
    failures = sum(1 for attempt in attempts if not is_stale(attempt))
    if not _is_transient(attempts[-1], policy) or failures > retry.count:
        return GiveUp()
    requested = _requested_pause_seconds(result, policy, wall) if isinstance(result, Response) else 0.0
    if requested > retry.max_retry_after:
        return GiveUp(f"the requested pause of {requested:g} s exceeds --max-retry-after {retry.max_retry_after:g}s")
    delay = requested or chance() * _max_delay(attempts, retry.delay)
    taken = attempts[-1].started_at + attempts[-1].elapsed - attempts[0].started_at
    if retry.max_time is not None and taken + delay > retry.max_time:
        return GiveUp(f"a retry would exceed --retry-max-time {retry.max_time:g}s")
    return RetryAfter(delay)


def _max_delay(attempts: tuple[Attempt, ...], first: float) -> float:
    """The exponential back-off in seconds; an attempt that brought new bytes of a body sets it back to none."""
    in_vain = 0
    for attempt in reversed(attempts):
        if isinstance(attempt.result, Failure) and attempt.result.brought:
            break
        in_vain += not is_stale(attempt)
    return min(MAX_DELAY, first * 2 ** min(in_vain - 1, 30)) if in_vain else 0.0


def overdue(attempts: tuple[Attempt, ...], policy: Policy, wall: float) -> str:
    """Why a retry must not start now, or empty."""
    max_seconds = policy.retry.max_time
    late = bool(attempts) and max_seconds is not None and wall - attempts[0].started_at > max_seconds
    return f"--retry-max-time {max_seconds:g}s has passed" if late else ""


def _is_transient(attempt: Attempt, policy: Policy) -> bool:
    result = attempt.result
    if isinstance(result, Response):
        # If only other checks failed, retry with all_errors only.
        refused = attempt.failed_checks[0].check == "status"
        return result.status in policy.retry.statuses if refused else policy.retry.all_errors
    return result.remedy is Remedy.LATER or policy.retry.all_errors


def _may_be_deploying(result: Response | Failure) -> bool:
    return isinstance(result, Response) or result.remedy is Remedy.LATER
