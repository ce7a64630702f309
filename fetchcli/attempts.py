"""One attempt at a row: send, then look whether the response is what was expected."""

import asyncio
import time

import msgspec

from fetchcli.core.checks import Evidence, checks_for, failed_checks, reads_body, takes_long
from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.core.expectations import Check
from fetchcli.core.lane import Launch
from fetchcli.core.model import Attempt, FailedCheck, Response
from fetchcli.core.policy import Policy
from fetchcli.transport.base import Transport


class Attempts:
    """Makes them; whatever the transport raises, but for a cancellation, is a result.

    Args:
        transport: sends the requests.
        policy: what is expected, and how much of a body may be looked at for that.
        epoch: what makes wall-clock time of `time.monotonic`.
    """

    def __init__(self, transport: Transport, policy: Policy, epoch: float) -> None:
        self._transport = transport
        self._policy = policy
        self._epoch = epoch
        self._one = asyncio.Semaphore()
        limits = policy.limits
        kept = msgspec.structs.replace(limits, keep=max(limits.keep, limits.check))
        self._reading = msgspec.structs.replace(policy, limits=kept)

    async def make(self, launch: Launch) -> Attempt:
        """Send, and check."""
        started, number, row = time.monotonic(), len(launch.attempts) + 1, launch.row
        checks = checks_for(row, self._policy)
        policy = self._reading if checks and reads_body(checks) else self._policy
        result: Response | Failure
        try:
            result = await self._transport.send(row.url, policy, request=row.request, fresh=launch.fresh)
        except TransportError as error:
            result = error.failure
        except Exception as error:  # noqa: BLE001 - a bug is one outcome and takes no neighbour down
            result = bug(error)
        attempt = Attempt(number, self._epoch + started, time.monotonic() - started, result)
        if isinstance(result, Failure) or (not checks and result.status in self._policy.accept):
            return attempt
        head = (row.request or self._policy.request).method == "HEAD"
        return await self._examined(attempt, result, checks, head=head)

    async def _examined(
        self, attempt: Attempt, response: Response, checks: tuple[Check, ...], *, head: bool
    ) -> Attempt:
        """The attempt with the checks that its response does not pass, and without the body that they looked at."""
        evidence = Evidence(response, attempt.elapsed, attempt.started_at + attempt.elapsed, head)
        try:
            if takes_long(checks, response):
                failed = await self._aside(evidence, checks)
            else:
                try:
                    failed = failed_checks(evidence, self._policy, checks, hurry=True)
                except TimeoutError:  # rare, and then it is a matter of a second
                    failed = await self._aside(evidence, checks)
        except Exception as error:  # noqa: BLE001 - likewise
            return msgspec.structs.replace(attempt, result=bug(error))
        if response.body is not None:
            kept = self._policy.limits.keep
            response = msgspec.structs.replace(response, body=response.body[:kept] if kept else None)
        return msgspec.structs.replace(attempt, result=response, failed_checks=failed)

    async def _aside(self, evidence: Evidence, checks: tuple[Check, ...]) -> tuple[FailedCheck, ...]:
        """Examine in a thread, one at a time: the event loop needs its turns, and time limits count all threads."""
        async with self._one:
            return await asyncio.to_thread(failed_checks, evidence, self._policy, checks)


def bug(error: Exception) -> Failure:
    """A fault of this program as what became of one row."""
    return Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
