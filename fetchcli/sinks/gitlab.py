"""``gitlab``: a Code Quality report (JSON), so that merge requests show what went wrong in which line of the list."""

from hashlib import sha256
from typing import Any

import msgspec

from fetchcli.core.model import Outcome
from fetchcli.core.report import Report, group_of, kind_of, problem_of, title_of
from fetchcli.core.text import inert_json, visible


def gitlab(report: Report) -> str:
    """The report."""
    seen: dict[str, int] = {}
    issues = [_issue(outcome, seen) for outcome in (*report.problems, *report.flaky)]
    for measured in report.summary.measured:
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
    kind = "flaky" if outcome.flaky else kind_of(outcome)
    what = _once(seen, f"{row.method} {row.text} {row.tag} {kind}")
    path = row.source if row.source not in ("", "-") else group_of(outcome)
    severity = "minor" if outcome.flaky else "major"
    text = f"{title_of(outcome)}: {problem_of(outcome)}"
    return _made(text, kind, what, severity, path, max(row.line, 1))


def _once(seen: dict[str, int], what: str) -> str:
    """What a fingerprint is made of, numbered where it comes again: one may stand only once."""
    seen[what] = number = seen.get(what, 0) + 1
    return f"{what} {number}"


def _made(text: str, check: str, what: str, severity: str, path: str, line: int) -> dict[str, Any]:  # noqa: PLR0913, PLR0917
    """One issue, in the form of the Code Climate specification that GitLab reads."""
    return {
        "description": visible(text),
        "check_name": check,
        "fingerprint": sha256(f"{check} {what}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "severity": severity,
        "location": {"path": visible(path), "lines": {"begin": line}},
    }
