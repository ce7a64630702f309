"""One attempt at a row: send the request, then check the response."""

import asyncio
import time

import msgspec

from fetchcli.core.checks.evaluate import Evidence, checks_for, failed_checks, is_accepted, reads_body, takes_long
from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.core.expect.expectations import Check
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.redacted import redacted, redactor_of
from fetchcli.core.model.target import Target
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.revalidation.conditions import NOT_MODIFIED, conditions, may_be_known, unasked, with_earlier
from fetchcli.core.schedule.lane import Launch
from fetchcli.engine.bodies import Bodies
from fetchcli.transport.base import Conditions, Transport


class Attempts:
    """Makes attempts. Whatever the transport raises, except a cancellation, becomes a result.

    Args:
        transport: sends the requests.
        policy: the expectations, and how much of a body they may look at.
        epoch: added to `time.monotonic` to get seconds since the epoch.
        bodies: takes bodies.

    Attributes:
        cancel_failure: the result of cancelled requests; None until some are cancelled.
    """

    def __init__(self, transport: Transport, policy: Policy, epoch: float, bodies: Bodies) -> None:
        self._transport = transport
        self._policy = policy
        self._epoch = epoch
        self._bodies = bodies
        self._redactor = policy.credentials.redactor
        self._check_lock = asyncio.Semaphore()
        self.cancel_failure: Failure | None = None

    async def make(self, launch: Launch) -> Attempt:
        """Make an attempt; what it brings of a body is kept only if the row keeps it."""
        try:
            attempt = await self._make(launch)
        except asyncio.CancelledError:
            if self.cancel_failure is None:  # only `Fetcher.stop` and `Fetcher.halt` cancel
                raise
            attempt = self.failed(launch, self.cancel_failure)
        self._bodies.settle_attempt(launch, attempt)
        return attempt

    async def _make(self, launch: Launch) -> Attempt:
        """Send the request of a row, check its response, and remove the secrets that it echoes."""
        started, number, row = launch.began, len(launch.attempts) + 1, launch.row
        checks, redactor = checks_for(row, self._policy), redactor_of(row, self._redactor)
        policy = self._policy
        if row.network is not None:
            policy = msgspec.structs.replace(policy, network=row.network)
        if not policy.limits.hash and any(check.kind == "sha256" for check in checks):  # one of the row alone
            policy = msgspec.structs.replace(policy, limits=msgspec.structs.replace(policy.limits, hash=True))
        limits, request = policy.limits, row.request or policy.request
        buffered = max(limits.check, limits.keep) if checks and reads_body(checks) else 0
        conditions = None if row.earlier is None else _conditions(row, row.earlier, request, checks)
        resume, launch.resume = launch.resume, None
        result: Response | Failure
        try:
            plan = await self._bodies.plan(launch, buffered, conditions, to_head_request=request.method == "HEAD")
            result = await self._transport.send(
                row.url, policy, request=row.request, fresh=resume or launch.fresh, body=plan
            )
        except TransportError as error:
            result, launch.resume = error.failure, error.resume
            if error.partial is not None:
                self._bodies.note_cut(launch, error.partial)
        except Exception as error:  # noqa: BLE001 - a bug becomes one outcome and leaves the other rows alone
            result = internal_failure(error)
        attempt = Attempt(number, self._epoch + started, time.monotonic() - started, result)
        if isinstance(result, Failure):
            return attempt if redactor is None else redacted(attempt, redactor)
        judged = result
        if conditions is not None and row.earlier is not None and result.status == NOT_MODIFIED:
            result = with_earlier(result, row.earlier)
            attempt = msgspec.structs.replace(attempt, result=result)
            stands = result.not_modified and NOT_MODIFIED not in self._policy.accept
            judged = msgspec.structs.replace(result, status=row.earlier.status) if stands else result
        evidence = self._evidence(launch, attempt, judged, checks, redactor)
        if evidence is not None:
            attempt = await self._checked(attempt, evidence, checks)
        return attempt if redactor is None else redacted(attempt, redactor)

    def _evidence(
        self,
        launch: Launch,
        attempt: Attempt,
        response: Response,
        checks: tuple[Check, ...],
        redactor: Redactor | None,
    ) -> Evidence | None:
        """What the checks look at, or None if there is nothing to check; a 304 stands for the earlier response."""
        row, body = launch.row, self._bodies.received(launch, response)
        request = row.request or self._policy.request
        wrong = unasked(response, request)
        if is_accepted(response, self._policy) and not checks and not wrong:
            return None
        if body is not None:
            response = msgspec.structs.replace(response, body=body)
        return Evidence(
            response,
            attempt.elapsed,
            attempt.started_at + attempt.elapsed,
            request.method == "HEAD",
            wrong,
            redactor or str,
        )

    def failed(self, launch: Launch, failure: Failure) -> Attempt:
        """The attempt that ends now with a failure."""
        number, elapsed = len(launch.attempts) + 1, time.monotonic() - launch.began
        return Attempt(number, self._epoch + launch.began, elapsed, failure)

    async def _checked(self, attempt: Attempt, evidence: Evidence, checks: tuple[Check, ...]) -> Attempt:
        """The attempt with the checks that its response fails."""
        response = evidence.response
        try:
            if takes_long(checks, response):
                failed = await self._in_thread(evidence, checks)
            else:
                try:
                    failed = failed_checks(evidence, self._policy, checks, time_limited=True)
                except TimeoutError:  # rare, and then it takes up to seconds
                    failed = await self._in_thread(evidence, checks)
        except Exception as error:  # noqa: BLE001 - as above
            return msgspec.structs.replace(attempt, result=internal_failure(error))
        return msgspec.structs.replace(attempt, failed_checks=failed)

    async def _in_thread(self, evidence: Evidence, checks: tuple[Check, ...]) -> tuple[FailedCheck, ...]:
        """Check in a thread, so that the event loop runs on; one at a time, because time limits count all threads."""
        async with self._check_lock:
            return await asyncio.to_thread(failed_checks, evidence, self._policy, checks)


def _conditions(row: Target, earlier: Earlier, request: RequestOptions, checks: tuple[Check, ...]) -> Conditions | None:
    """The conditions of the request of a row, if an earlier response may stand for a new one."""
    if not may_be_known(request, checks):
        return None
    fields = conditions(earlier)
    return Conditions(earlier.url or row.url.text, fields) if fields else None


def internal_failure(error: Exception) -> Failure:
    """A bug in this program, as the result of one row."""
    return Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
