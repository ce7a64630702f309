"""``gitlab``: a Code Quality report (JSON), which merge requests show at the line of the list."""

from hashlib import sha256
from typing import Any

import msgspec

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import Report, problem_kind, problem_text, row_title
from fetchcli.core.text import inert_json, visible
from fetchcli.sinks.reports.places import Places


def gitlab(report: Report) -> str:
    """Render the report."""
    seen: dict[str, int] = {}
    places = Places()
    issues = [_issue(outcome, seen, places) for outcome in (*report.problems, *report.flaky)]
    for result in report.summary.threshold_results:
        if not result.met:
            text = f"threshold missed: {result.threshold.text}: {result.text}"
            issues.append(
                _code_quality_issue(text, "threshold", _unique_key(seen, result.threshold.text), "major", "fetchcli", 1)
            )
    if (changes := report.summary.changes) is not None:
        for row_change in changes.listed:
            text = f"since the baseline: {row_change.change}: {row_change.subject}: {row_change.detail}"
            place = (places.path(row_change.source) if row_change.source else "baseline", max(row_change.line, 1))
            issues.append(
                _code_quality_issue(
                    text, "baseline", _unique_key(seen, f"{row_change.change} {row_change.subject}"), "info", *place
                )
            )
    return inert_json(msgspec.json.format(msgspec.json.encode(issues)).decode()) + "\n"


def _issue(outcome: Outcome, seen: dict[str, int], places: Places) -> dict[str, Any]:
    row = outcome.row
    kind = "flaky" if outcome.flaky else problem_kind(outcome)
    identity = _unique_key(seen, f"{row.method} {row.text} {row.tag} {kind}")
    path = places.path(row.source)
    severity = "minor" if outcome.flaky else "major"
    text = f"{row_title(outcome)}: {problem_text(outcome)}"
    return _code_quality_issue(text, kind, identity, severity, path, max(row.line, 1))


def _unique_key(seen: dict[str, int], identity: str) -> str:
    """The basis of a fingerprint, numbered if it repeats: fingerprints must be unique."""
    seen[identity] = number = seen.get(identity, 0) + 1
    return f"{identity} {number}"


def _code_quality_issue(text: str, check: str, identity: str, severity: str, path: str, line: int) -> dict[str, Any]:  # noqa: PLR0913, PLR0917
    """One issue, as GitLab reads the Code Climate specification."""
    return {
        "description": visible(text),
        "check_name": check,
        "fingerprint": sha256(f"{check} {identity}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "severity": severity,
        "location": {"path": visible(path), "lines": {"begin": line}},
    }
