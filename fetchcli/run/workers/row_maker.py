"""Rows as their output has them, made in a worker."""

from fetchcli.core.checks.evaluate import is_accepted
from fetchcli.core.checks.verdict import outcome_of
from fetchcli.core.http1.retry_after import may_ask_for_pause
from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.revalidation.conditions import unasked
from fetchcli.run.workers.calls import Lines, RowCall
from fetchcli.sinks.formats import BY_NAME


class RowMaker:
    """Encodes the rows that are simply accepted.

    Args:
        lines: how rows are encoded.
        policy: says what is accepted.
    """

    def __init__(self, lines: Lines, policy: Policy) -> None:
        self._epoch, self._policy = lines.epoch, policy
        self._written: list[bytes] = []
        self._sink = BY_NAME[lines.format].load()(self, lines.schema)

    def write(self, data: bytes) -> None:
        """See `sinks.base.ByteSink`."""
        self._written.append(data)

    def accepted(self, call: RowCall, response: Response, now: float) -> AcceptedRow | None:
        """The row of a response, or None if the run must see the response.

        Args:
            call: the row.
            response: the response.
            now: when it was complete (`time.monotonic`).
        """
        policy = self._policy
        strange = unasked(response, policy.request) or may_ask_for_pause(response.headers)
        if strange or not is_accepted(response, policy):
            return None
        row = Target(
            call.seq,
            call.url,
            call.source,
            call.line,
            policy.request,
            tag=call.tag,
            carried=call.carried,
            round=call.round,
            variant=call.variant,
        )
        attempt = Attempt(1, self._epoch + call.began, now - call.began, response)
        self._sink.handle(outcome_of(row, (attempt,), call.queued))
        line = b"".join(self._written)
        self._written.clear()
        return AcceptedRow(response.status, attempt.elapsed, response.size_download, line)
