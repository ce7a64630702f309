"""Count rows for a summary: most of them need no outcome for that, which is several times faster."""

from collections.abc import Callable

from fetchcli.core.journal.restore import restored
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary.summary import Summary


class RowTally:
    """Adds rows to a summary.

    Args:
        summary: counts the rows.
        outcome: makes the outcome of a row.
        listener: is told every outcome; then every row has one. Or None.
    """

    def __init__(
        self,
        summary: Summary,
        outcome: Callable[[StoredRow], Outcome] = restored,
        listener: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._summary, self._outcome, self._listener = summary, outcome, listener
        self._is_plain = listener is None and not summary.meters

    def add(self, row: StoredRow) -> None:
        """Count a row."""
        if (
            self._is_plain
            and row.verdict is Verdict.OK
            and row.status is not None
            and row.saved_as is None
            and not (row.flaky or row.failed_checks or row.not_modified or row.from_cache)
        ):
            self._summary.add_accepted(row.status, row.time_total or 0.0, row.size_download or 0, row)
            return
        outcome = self._outcome(row)
        self._summary.add(outcome)
        if self._listener is not None:
            self._listener(outcome)
