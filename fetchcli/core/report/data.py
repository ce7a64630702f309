"""The data of reports: outcomes as far as they fit, and the texts that reports share."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

import msgspec

from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Rejected, Row, Skipped
from fetchcli.core.summary.summary import Summary
from fetchcli.core.units import format_seconds

Columns = Mapping[tuple[str, int, str], int]
MAX_ROWS = 10_000  # accepted ones, and as many others


class State(StrEnum):
    """State of a row in a report."""

    PASSED = "passed"
    FLAKY = "flaky"
    FAILED = "failed"  # it answered, but not as expected
    ERROR = "error"  # no complete response
    SKIPPED = "skipped"


class Report(msgspec.Struct, frozen=True):
    """The data of every report.

    Attributes:
        summary: summary of the whole run.
        outcomes: the listed outcomes, by round and place in the input.
        columns: where in its line a URL starts (from 1), by source, line and URL, if known.
    """

    summary: Summary
    outcomes: tuple[Outcome, ...]
    columns: Columns = {}

    @property
    def omitted(self) -> int:
        """Number of rows that are not listed."""
        return self.summary.total - len(self.outcomes)

    def column(self, row: Row) -> int | None:
        """Where in its line the URL of a row starts, from 1, or None."""
        return self.columns.get((row.source, row.line, row.text))

    @property
    def started_at(self) -> float | None:
        """Seconds since the epoch at the first request, or None."""
        return min((row.attempts[0].started_at for row in self.outcomes if row.attempts), default=None)

    @property
    def problems(self) -> list[Outcome]:
        """The listed outcomes that were not accepted, without `Skipped` rows."""
        return [row for row in self.outcomes if row.verdict is not Verdict.OK and not isinstance(row.row, Skipped)]

    @property
    def flaky(self) -> list[Outcome]:
        """The listed outcomes that were accepted after a failure."""
        return [row for row in self.outcomes if row.flaky]


class OutcomeBuffer:
    """Keeps the outcomes that reports list, in bounded memory.

    Args:
        locate: finds where in their lines rows start.
    """

    def __init__(self, locate: Callable[[Iterable[Outcome]], Columns] = lambda _: {}) -> None:
        self._locate = locate
        self._accepted: list[Outcome] = []
        self._others: list[Outcome] = []
        self._last: Outcome | None = None
        self._report: Report | None = None

    def add(self, outcome: Outcome) -> None:
        """Add an outcome. All reports of a run share the buffer, and each of them adds every outcome."""
        if outcome is self._last:
            return
        self._last = outcome
        plain = outcome.verdict is Verdict.OK and not outcome.flaky
        rows = self._accepted if plain or isinstance(outcome.row, Skipped) else self._others
        if len(rows) < MAX_ROWS:
            rows.append(_without_headers(outcome))

    def clear(self) -> None:
        """Forget the outcomes, because all of them are added again."""
        self._accepted, self._others, self._last = [], [], None

    def report(self, summary: Summary) -> Report:
        """The data of the reports, once the run is over."""
        if self._report is None:
            rows = sorted((*self._accepted, *self._others), key=lambda outcome: (outcome.row.round, outcome.row.seq))
            self._report = Report(summary, tuple(rows), self._locate(self._others))
        return self._report


def _without_headers(outcome: Outcome) -> Outcome:
    """An outcome without response headers: no report shows them, and they would need most of the memory."""
    slim = tuple(
        msgspec.structs.replace(attempt, result=msgspec.structs.replace(attempt.result, headers={}))
        if isinstance(attempt.result, Response)
        else attempt
        for attempt in outcome.attempts
    )
    return msgspec.structs.replace(outcome, attempts=slim)


def state_of(outcome: Outcome) -> State:
    """The state of an outcome in reports."""
    if outcome.verdict is Verdict.OK:
        return State.FLAKY if outcome.flaky else State.PASSED
    if outcome.verdict is Verdict.SKIPPED:
        return State.SKIPPED
    return State.FAILED if outcome.failed_checks else State.ERROR


def row_title(outcome: Outcome) -> str:
    """``GET http://example.com/``, with the round if there are several."""
    row = outcome.row
    times = f" (round {row.round})" if row.round > 1 else ""
    return f"{row.method} {row.text}{times}" if row.method else f"{row.text}{times}"


def row_group(outcome: Outcome) -> str:
    """The group of a row: its tag, or else the list that it comes from."""
    row = outcome.row
    return row.tag or {"": "arguments", "-": "stdin"}.get(row.source, row.source)


def row_place(outcome: Outcome) -> str:
    """``urls.txt:17``, ``stdin:3``; empty for an argument."""
    row = outcome.row
    return f"{'stdin' if row.source == '-' else row.source}:{row.line}" if row.source and row.line else ""


def problem_kind(outcome: Outcome) -> str:
    """The first failed check, or the error kind, or else the state."""
    if outcome.failed_checks:
        return outcome.failed_checks[0].check
    state = state_of(outcome)
    return str(outcome.failure.kind) if state is State.ERROR and outcome.failure else str(state)


def problem_text(outcome: Outcome) -> str:
    """What is wrong, on one line; for a flaky row, which attempt was accepted."""
    if outcome.flaky:
        return f"flaky: accepted on attempt {outcome.attempt_count}"
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
    duration = f"in {format_seconds(attempt.elapsed)}"
    if isinstance(result, Response):
        said = "".join(f"; {check.text}" for check in attempt.failed_checks)
        return f"attempt {attempt.number}: {result.status} {duration}{said}"
    return f"attempt {attempt.number}: {result.kind} {duration}: {result.detail}"


def seconds_of(outcome: Outcome) -> float:
    """Seconds of all attempts."""
    return sum(attempt.elapsed for attempt in outcome.attempts)
