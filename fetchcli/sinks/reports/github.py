"""``github``: annotations for a GitHub workflow, at the line of the list.

::error file=urls.txt,line=17,title=status::GET http://h/: status: expected 200..399, got 404
"""

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import Report, problem_kind, problem_text, row_title
from fetchcli.core.summary.changes import Change, RowChange
from fetchcli.core.summary.totals import totals_text
from fetchcli.core.text import visible
from fetchcli.sinks.reports.places import Places, is_file

MAX_ANNOTATIONS = 10  # GitHub shows no more of a kind per step


def github(report: Report) -> str:
    """Render the report."""
    places = Places()
    lines = [_annotation("error", outcome, report, places) for outcome in report.problems[:MAX_ANNOTATIONS]]
    lines += [_annotation("warning", outcome, report, places) for outcome in report.flaky[:MAX_ANNOTATIONS]]
    for measured in report.summary.threshold_results:
        if not measured.met:
            lines.append(_command("error", {"title": "threshold"}, f"{measured.threshold.text}: {measured.text}"))
    if (changes := report.summary.changes) is not None:
        listed = [
            row_change for row_change in changes.listed if row_change.change is not Change.NEW_FAILURE
        ]  # these are errors already
        lines += [_change(row_change, places) for row_change in listed[:MAX_ANNOTATIONS]]
    said = totals_text(report.summary)
    if (rest := report.summary.not_accepted - MAX_ANNOTATIONS) > 0:
        said += f"; {rest:,} more than are annotated"
    if changes is not None:
        said += f"; since the baseline: {changes.text}"
    lines.append(_command("notice", {"title": "fetchcli"}, said))
    return "".join(f"{line}\n" for line in lines)


def _change(row_change: RowChange, places: Places) -> str:
    location = (
        {"file": places.path(row_change.source), "line": str(row_change.line)}
        if is_file(row_change.source) and row_change.line
        else {}
    )
    return _command(
        "notice", {**location, "title": f"baseline {row_change.change}"}, f"{row_change.subject}: {row_change.detail}"
    )


def _annotation(level: str, outcome: Outcome, report: Report, places: Places) -> str:
    row, location = outcome.row, {}
    if is_file(row.source):
        location["file"] = places.path(row.source)
        if row.line:
            location["line"] = str(row.line)
            if (column := report.column(row)) is not None:
                location["col"] = str(column)
    location["title"] = "flaky" if outcome.flaky else problem_kind(outcome)
    return _command(level, location, f"{row_title(outcome)}: {problem_text(outcome)}")


def _command(name: str, properties: dict[str, str], message: str) -> str:
    """One workflow command, with its parts escaped by the runner's rules."""
    said = ",".join(f"{key}={_property(visible(value))}" for key, value in properties.items())
    return f"::{name} {said}::{_data(visible(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
