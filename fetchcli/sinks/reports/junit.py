"""``junit``: XML for CI systems: one suite, one test case per row.

The format is Jenkins' ``junit-10.xsd``. Flaky rows and further attempts are marked as by Maven
Surefire: ``flakyFailure`` for failures before a row was accepted, ``rerunFailure`` for those after the
first.
"""

from collections import Counter
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import (
    Report,
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
from fetchcli.core.summary.totals import totals_text
from fetchcli.core.text import visible


def junit(report: Report) -> str:
    """Render the report."""
    states, results = Counter(map(state_of, report.outcomes)), report.summary.threshold_results
    suite = Element(
        "testsuite",
        name="fetchcli",
        tests=str(len(report.outcomes) + len(results)),
        failures=str(states[State.FAILED] + sum(not threshold_result.met for threshold_result in results)),
        errors=str(states[State.ERROR]),
        skipped=str(states[State.SKIPPED]),
        time=_time(report.summary.elapsed),
    )
    if report.started_at is not None:
        suite.set("timestamp", datetime.fromtimestamp(int(report.started_at), UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    _add_properties(suite, report)
    names: Counter[tuple[str, str]] = Counter()
    for outcome in report.outcomes:
        _add_case(suite, outcome, names)
    for threshold_result in results:
        case = SubElement(
            suite, "testcase", name=visible(threshold_result.threshold.text), classname="thresholds", time=_time(0)
        )
        if not threshold_result.met:
            SubElement(case, "failure", type="threshold", message=visible(f"missed: {threshold_result.text}"))
    indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suite, encoding="unicode")}\n'


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _add_properties(suite: Element, report: Report) -> None:
    properties = SubElement(suite, "properties")

    def add(name: str, value: str) -> None:
        SubElement(properties, "property", name=name, value=visible(value))

    add("totals", totals_text(report.summary))
    if report.omitted:
        add("rows not listed", str(report.omitted))
    for results in report.summary.threshold_results:
        add(f"threshold {results.threshold.text}", f"{'met' if results.met else 'missed'}: {results.text}")
    if (changes := report.summary.changes) is not None:
        add("since the baseline", changes.text)
        for number, row_change in enumerate(changes.listed, 1):
            add(f"baseline {number}: {row_change.change}", f"{row_change.subject}: {row_change.detail}")


def _add_case(suite: Element, outcome: Outcome, names: Counter[tuple[str, str]]) -> None:
    """Add the case of a row; of two cases with one class name and name, readers keep only one."""
    group, name = visible(row_group(outcome)), visible(row_title(outcome))
    names[group, name] += 1
    while (number := names[group, name]) > 1:
        name = f"{name} ({number})"
        names[group, name] += 1
    case = SubElement(suite, "testcase", name=name, classname=group, time=_time(seconds_of(outcome)))
    problem, kind, state = visible(problem_text(outcome)), problem_kind(outcome), state_of(outcome)
    if state is State.SKIPPED:
        SubElement(case, "skipped", message=problem)
    elif state in (State.FAILED, State.ERROR):
        first = "failure" if state is State.FAILED else "error"
        place = visible(row_place(outcome))
        SubElement(case, first, type=kind, message=problem).text = f"{place}: {problem}" if place else problem
        for attempt in outcome.attempts[1:]:
            _add_rerun(case, "rerun", attempt)
    elif state is State.FLAKY:
        for attempt in outcome.attempts[:-1]:
            _add_rerun(case, "flaky", attempt)
    if outcome.attempts:
        lines = [visible(attempt_text(attempt)) for attempt in outcome.attempts]
        SubElement(case, "system-out").text = "\n".join(lines)


def _add_rerun(case: Element, prefix: str, attempt: Attempt) -> None:
    result = attempt.result
    if isinstance(result, Response):
        name, kind = f"{prefix}Failure", attempt.failed_checks[0].check if attempt.failed_checks else "status"
    else:
        name, kind = f"{prefix}Error", str(result.kind)
    text = visible(attempt_text(attempt))
    rerun = SubElement(case, name, type=kind, message=text)
    SubElement(rerun, "stackTrace").text = text
