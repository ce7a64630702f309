"""What is said of a row in reports."""

import pytest

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Rejected, Skipped
from fetchcli.core.report.data import (
    MAX_ROWS,
    OutcomeBuffer,
    State,
    attempt_text,
    problem_kind,
    problem_text,
    row_group,
    row_place,
    row_title,
    seconds_of,
    state_of,
)
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.summary.summary import Summary
from fetchcli.core.timings import Timings
from tests.support.outcomes import NOT_ACCEPTED, STARTED, answered, failed, flaky, rejected, target


@pytest.mark.parametrize(
    ("outcome", "state", "kind", "problem"),
    [
        (answered(), State.PASSED, "passed", ""),
        (answered(404), State.FAILED, "status", "status: expected 200..399, got 404"),
        (failed(), State.ERROR, "connect", "connect: connection refused"),
        (failed(ErrorKind.CANCELLED, detail="halted"), State.ERROR, "cancelled", "cancelled: halted"),
        (rejected(), State.ERROR, "invalid_url", "invalid_url: the scheme is 'ftp', not http or https"),
        (flaky(), State.FLAKY, "flaky", "flaky: accepted on attempt 3"),
        (Outcome(target(), Verdict.SKIPPED, note="down"), State.SKIPPED, "skipped", "skipped: down"),
    ],
)
def test_states(outcome: Outcome, state: State, kind: str, problem: str) -> None:
    assert (state_of(outcome), problem_kind(outcome), problem_text(outcome)) == (state, kind, problem)


def test_notes_are_said() -> None:
    outcome = Outcome(target(), Verdict.FAILED, answered(404).attempts, (NOT_ACCEPTED,), note="not tried again")
    assert problem_text(outcome) == "status: expected 200..399, got 404 (not tried again)"


def test_titles_and_groups() -> None:
    assert row_title(answered()) == "http://example.com/a"
    row = target()
    asked = Outcome(type(row)(1, row.url, request=RequestOptions("PUT"), tag="t", round=3), Verdict.OK)
    assert row_title(asked) == "PUT http://example.com/a (round 3)"
    assert row_group(asked) == "t"
    assert row_group(answered()) == "urls.txt"
    assert row_group(Outcome(Rejected(1, "x", "y"), Verdict.REJECTED)) == "arguments"
    assert row_group(Outcome(Rejected(1, "x", "y", "-"), Verdict.REJECTED)) == "stdin"
    assert row_place(answered()) == "urls.txt:2"
    assert row_place(Outcome(Rejected(1, "x", "y", "-", 3), Verdict.REJECTED)) == "stdin:3"
    assert row_place(Outcome(Rejected(1, "x", "y"), Verdict.REJECTED)) == ""


def test_what_was_expected_is_cut_in_messages() -> None:
    assert len(FailedCheck("body", "x" * 5000, "y").text) < 300


def test_attempts() -> None:
    ok = Attempt(1, 0.0, 0.25, Response(200, "", Timings()))
    assert attempt_text(ok) == "attempt 1: 200 in 250 ms"
    assert attempt_text(answered(404).attempts[0]).endswith("404 in 250 ms; status: expected 200..399, got 404")
    refused = Attempt(2, 0.0, 0.5, Failure(ErrorKind.DNS, "no such host"))
    assert attempt_text(refused) == "attempt 2: dns in 500 ms: no such host"
    assert seconds_of(flaky()) == pytest.approx(0.75)


def test_rows_are_in_order_and_memory_is_bounded() -> None:
    kept, summary = OutcomeBuffer(), Summary()
    for seq in range(2 * MAX_ROWS, 0, -1):
        for outcome in (answered(seq=seq), answered(404, seq=seq)):
            kept.add(outcome)
            summary.add(outcome)
    passed = Outcome(Skipped.from_target(target(), "again"), Verdict.SKIPPED)
    kept.add(passed)
    summary.add(passed)
    kept.add(passed)  # several reports hand in the same
    report = kept.report(summary)
    assert kept.report(summary) is report
    assert len(report.outcomes) == 2 * MAX_ROWS
    assert report.omitted == 2 * MAX_ROWS + 1
    assert len(report.problems) == MAX_ROWS
    assert not any(row.response.headers for row in report.outcomes if row.response)
    assert [row.row.seq for row in report.outcomes] == sorted(row.row.seq for row in report.outcomes)
    assert report.started_at == STARTED


def test_the_column_of_a_row_is_known_or_not() -> None:
    kept = OutcomeBuffer(lambda rows: {(row.row.source, row.row.line, row.row.text): 7 for row in rows})
    kept.add(answered(404))
    kept.add(answered())
    report = kept.report(Summary())
    assert report.column(report.problems[0].row) == 7
    assert report.column(Rejected(1, "x", "y")) is None


def test_an_empty_report() -> None:
    report = OutcomeBuffer().report(Summary())
    assert (report.outcomes, report.started_at, report.omitted, report.flaky) == ((), None, 0, [])


def test_a_buffer_can_be_filled_anew() -> None:
    buffer = OutcomeBuffer()
    for seq in (1, 2):
        buffer.add(answered(404, seq))
    buffer.clear()
    buffer.add(answered(404, 2))
    assert [outcome.row.seq for outcome in buffer.report(Summary()).outcomes] == [2]
