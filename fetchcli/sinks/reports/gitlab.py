"""``gitlab``: a Code Quality report (JSON), which merge requests show at the line of the list."""

from hashlib import sha256
from typing import Any

import msgspec

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import Report, problem_kind, problem_text, row_group, row_title
from fetchcli.core.text import inert_json, visible


def gitlab(report: Report) -> str:
    """Render the report."""
    seen: dict[str, int] = {}
    issues = [_issue(outcome, seen) for outcome in (*report.problems, *report.flaky)]
    for measured in report.summary.threshold_results:
        if not measured.met:
            text = f"threshold missed: {measured.threshold.text}: {measured.text}"
            issues.append(_made(text, "threshold", _once(seen, measured.threshold.text), "major", "fetchcli", 1))
    if (changes := report.summary.changes) is not None:
        for noted in changes.noted:
            text = f"since the baseline: {noted.change}: {noted.what}: {noted.detail}"
            place = (noted.source if noted.source not in ("", "-") else "baseline", max(noted.line, 1))
            issues.append(_made(text, "baseline", _once(seen, f"{noted.change} {noted.what}"), "info", *place))
    return inert_json(msgspec.json.format(msgspec.json.encode(issues)).decode()) + "\n"


def _issue(outcome: Outcome, seen: dict[str, int]) -> dict[str, Any]:
    row = outcome.row
    kind = "flaky" if outcome.flaky else problem_kind(outcome)
    what = _once(seen, f"{row.method} {row.text} {row.tag} {kind}")
    path = row.source if row.source not in ("", "-") else row_group(outcome)
    severity = "minor" if outcome.flaky else "major"
    text = f"{row_title(outcome)}: {problem_text(outcome)}"
    return _made(text, kind, what, severity, path, max(row.line, 1))


def _once(seen: dict[str, int], what: str) -> str:
    """The basis of a fingerprint, numbered if it repeats: fingerprints must be unique."""
    seen[what] = number = seen.get(what, 0) + 1
    return f"{what} {number}"


def _made(text: str, check: str, what: str, severity: str, path: str, line: int) -> dict[str, Any]:  # noqa: PLR0913, PLR0917
    """One issue, as GitLab reads the Code Climate specification."""
    return {
        "description": visible(text),
        "check_name": check,
        "fingerprint": sha256(f"{check} {what}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "severity": severity,
        "location": {"path": visible(path), "lines": {"begin": line}},
    }
