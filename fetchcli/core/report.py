"""What reports are made of: the rows of a run, as many as fit, what they came to, and what is to be said of each."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

import msgspec

from fetchcli.core.model import Attempt, Outcome, Passed, Rejected, Response, Row, Verdict
from fetchcli.core.summary import Summary
from fetchcli.core.units import format_seconds

Columns = Mapping[tuple[str, int, str], int]
MOST_ROWS = 10_000  # accepted ones, and as many of the others


class State(StrEnum):
    """What a row is in a report."""

    PASSED = "passed"
    FLAKY = "flaky"
    FAILED = "failed"  # it answered, and the answer was not what was expected
    ERROR = "error"  # it brought no answer
    SKIPPED = "skipped"


class Report(msgspec.Struct, frozen=True):
    """The data of every report.

    Attributes:
        summary: of the whole run.
        rows: outcomes by round and place in the input.
        columns: where in its line a URL begins (from 1), by source, line and URL, where that is known.
    """

    summary: Summary
    rows: tuple[Outcome, ...]
    columns: Columns = {}

    @property
    def omitted(self) -> int:
        """Rows that are not listed."""
        return self.summary.total - len(self.rows)

    def column(self, row: Row) -> int | None:
        """Where in its line the URL of a row begins, from 1, where that is known."""
        return self.columns.get((row.source, row.line, row.text))

    @property
    def started_at(self) -> float | None:
        """Seconds since the epoch at the first request; None where there was none."""
        return min((row.attempts[0].started_at for row in self.rows if row.attempts), default=None)

    @property
    def problems(self) -> list[Outcome]:
        """The listed rows that were not accepted, but for those that were passed over."""
        return [row for row in self.rows if row.verdict is not Verdict.OK and not isinstance(row.row, Passed)]

    @property
    def flaky(self) -> list[Outcome]:
        """The listed rows that passed after they had failed."""
        return [row for row in self.rows if row.flaky]


class RowsKept:
    """Keeps the outcomes that reports list, in memory that does not grow with the run.

    Args:
        locate: finds out where in their lines rows begin.
    """

    def __init__(self, locate: Callable[[Iterable[Outcome]], Columns] = lambda _: {}) -> None:
        self._locate = locate
        self._accepted: list[Outcome] = []
        self._others: list[Outcome] = []
        self._last: Outcome | None = None
        self._report: Report | None = None

    def add(self, outcome: Outcome) -> None:
        """Take one; several reports of a run share this, and all of them hand it in."""
        if outcome is self._last:
            return
        self._last = outcome
        plain = outcome.verdict is Verdict.OK and not outcome.flaky
        rows = self._accepted if plain or isinstance(outcome.row, Passed) else self._others
        if len(rows) < MOST_ROWS:
            rows.append(_without_headers(outcome))

    def report(self, summary: Summary) -> Report:
        """The data, once the run is over."""
        if self._report is None:
            rows = sorted((*self._accepted, *self._others), key=lambda outcome: (outcome.row.round, outcome.row.seq))
            self._report = Report(summary, tuple(rows), self._locate(self._others))
        return self._report


def _without_headers(outcome: Outcome) -> Outcome:
    """What no report shows would be most of what is kept."""
    slim = tuple(
        msgspec.structs.replace(attempt, result=msgspec.structs.replace(attempt.result, headers={}))
        if isinstance(attempt.result, Response)
        else attempt
        for attempt in outcome.attempts
    )
    return msgspec.structs.replace(outcome, attempts=slim)


def state_of(outcome: Outcome) -> State:
    """What a row is in a report."""
    if outcome.verdict is Verdict.OK:
        return State.FLAKY if outcome.flaky else State.PASSED
    if outcome.verdict is Verdict.SKIPPED:
        return State.SKIPPED
    return State.FAILED if outcome.failed_checks else State.ERROR


def title_of(outcome: Outcome) -> str:
    """``GET http://example.com/``, and the round where there are several."""
    row = outcome.row
    times = f" (round {row.round})" if row.round > 1 else ""
    return f"{row.method} {row.text}{times}" if row.method else f"{row.text}{times}"


def group_of(outcome: Outcome) -> str:
    """What rows are grouped by: their tag, or else the list that they stand in."""
    row = outcome.row
    return row.tag or {"": "arguments", "-": "stdin"}.get(row.source, row.source)


def place_of(outcome: Outcome) -> str:
    """``urls.txt:17``, ``stdin:3``; empty for an argument."""
    row = outcome.row
    return f"{'stdin' if row.source == '-' else row.source}:{row.line}" if row.source and row.line else ""


def kind_of(outcome: Outcome) -> str:
    """The first failed check, or the error kind; for others the state."""
    if outcome.failed_checks:
        return outcome.failed_checks[0].check
    state = state_of(outcome)
    return str(outcome.failure.kind) if state is State.ERROR and outcome.failure else str(state)


def problem_of(outcome: Outcome) -> str:
    """What is wrong, in one line; for a flaky row, on which attempt it passed."""
    if outcome.flaky:
        return f"flaky: passed on attempt {len(outcome.attempts)}"
    if outcome.verdict is Verdict.SKIPPED:
        return f"skipped: {outcome.note}"
    said = [check.text for check in outcome.failed_checks]
    if outcome.failure is not None:
        reason = outcome.row.reason if isinstance(outcome.row, Rejected) else outcome.failure.detail
        said = [f"{outcome.failure.kind}: {reason}"]
    note = f" ({outcome.note})" if outcome.note else ""
    return "; ".join(said) + note


def attempt_text(attempt: Attempt) -> str:
    """``attempt 1: 503 in 12 ms; status: expected 200..399, got 503``."""
    result = attempt.result
    took = f"in {format_seconds(attempt.elapsed)}"
    if isinstance(result, Response):
        said = "".join(f"; {check.text}" for check in attempt.failed_checks)
        return f"attempt {attempt.number}: {result.status} {took}{said}"
    return f"attempt {attempt.number}: {result.kind} {took}: {result.detail}"


def seconds_of(outcome: Outcome) -> float:
    """Seconds that all attempts took."""
    return sum(attempt.elapsed for attempt in outcome.attempts)
