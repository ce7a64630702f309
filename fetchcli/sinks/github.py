"""``github``: annotations, as commands to the runner of a GitHub workflow, on the line of the list.

::error file=urls.txt,line=17,title=status::GET http://h/: status: expected 200..399, got 404
"""

from fetchcli.core.changes import Change, Noted
from fetchcli.core.model import Outcome
from fetchcli.core.report import Report, kind_of, problem_of, title_of
from fetchcli.core.text import visible
from fetchcli.core.totals import totals_text

MOST_ANNOTATIONS = 10  # of a kind in a step: GitHub shows no more


def github(report: Report) -> str:
    """The report."""
    lines = [_annotation("error", outcome, report) for outcome in report.problems[:MOST_ANNOTATIONS]]
    lines += [_annotation("warning", outcome, report) for outcome in report.flaky[:MOST_ANNOTATIONS]]
    for measured in report.summary.measured:
        if not measured.met:
            lines.append(_command("error", {"title": "threshold"}, f"{measured.threshold.text}: {measured.text}"))
    if (changes := report.summary.changes) is not None:
        told = [noted for noted in changes.noted if noted.change is not Change.NEW_FAILURE]  # which are errors already
        lines += [_change(noted) for noted in told[:MOST_ANNOTATIONS]]
    said = totals_text(report.summary)
    if (rest := report.summary.not_accepted - MOST_ANNOTATIONS) > 0:
        said += f"; {rest:,} more than are annotated"
    if changes is not None:
        said += f"; since the baseline: {changes.text}"
    lines.append(_command("notice", {"title": "fetchcli"}, said))
    return "".join(f"{line}\n" for line in lines)


def _change(noted: Noted) -> str:
    where = {"file": noted.source, "line": str(noted.line)} if _is_file(noted.source) and noted.line else {}
    return _command("notice", {**where, "title": f"baseline {noted.change}"}, f"{noted.what}: {noted.detail}")


def _annotation(level: str, outcome: Outcome, report: Report) -> str:
    row, where = outcome.row, {}
    if _is_file(row.source):
        where["file"] = row.source
        if row.line:
            where["line"] = str(row.line)
            if (column := report.column(row)) is not None:
                where["col"] = str(column)
    where["title"] = "flaky" if outcome.flaky else kind_of(outcome)
    return _command(level, where, f"{title_of(outcome)}: {problem_of(outcome)}")


def _is_file(source: str) -> bool:
    return source not in ("", "-") and "://" not in source


def _command(name: str, properties: dict[str, str], message: str) -> str:
    """One command; what could end a part of it is escaped (the runner's own rules)."""
    said = ",".join(f"{key}={_property(visible(value))}" for key, value in properties.items())
    return f"::{name} {said}::{_data(visible(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
