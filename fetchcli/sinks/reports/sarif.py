"""``sarif``: SARIF 2.1.0 (OASIS): one result per problem, at the line of the list."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import msgspec

from fetchcli._version import __version__
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.target import Skipped
from fetchcli.core.report.data import Report, State, problem_kind, problem_text, row_title, state_of
from fetchcli.core.summary.thresholds import ThresholdResult
from fetchcli.core.summary.totals import totals_text
from fetchcli.core.text import inert_json, visible
from fetchcli.sinks.reports.places import Places

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report) -> str:
    """Render the report."""
    places = Places()
    results = [_result(outcome, report, places) for outcome in report.outcomes if _is_reported(outcome)]
    source = report.outcomes[0].row.source if report.outcomes else ""
    results += [
        _threshold_result(measured, _place(places.path(source)))
        for measured in report.summary.threshold_results
        if not measured.met
    ]
    rules = sorted({result["ruleId"] for result in results})
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "fetchcli",
                "version": __version__,
                "rules": [{"id": rule, "shortDescription": {"text": _rule_text(rule)}} for rule in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
        "properties": _properties(report),
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return inert_json(msgspec.json.format(msgspec.json.encode(document)).decode()) + "\n"


def _is_reported(outcome: Outcome) -> bool:
    return state_of(outcome) is not State.PASSED and not isinstance(outcome.row, Skipped)


def _rule_text(rule: str) -> str:
    fixed = {
        "threshold": "a condition on the whole run",
        "flaky": "accepted only after a failure",
        "skipped": "not fetched, because its host was down",
    }
    return fixed.get(rule, f"check or error kind: {rule}")


def _invocation(report: Report) -> dict[str, Any]:
    about: dict[str, Any] = {"executionSuccessful": True}
    if report.started_at is not None:
        about["startTimeUtc"] = _iso(report.started_at)
        about["endTimeUtc"] = _iso(report.started_at + report.summary.elapsed)
    return about


def _iso(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _result(outcome: Outcome, report: Report, places: Places) -> dict[str, Any]:
    state, row = state_of(outcome), outcome.row
    rule = "flaky" if state is State.FLAKY else problem_kind(outcome)
    return {
        "ruleId": rule,
        "level": "warning" if state in (State.FLAKY, State.SKIPPED) else "error",
        "message": {"text": _message(f"{row_title(outcome)}: {problem_text(outcome)}")},
        "partialFingerprints": {"fetchcli/v1": _fingerprint(outcome, rule)},
        "properties": {"url": visible(row.text), "attempts": outcome.attempt_count, "failedChecks": _checks(outcome)},
        "locations": [_place(places.path(row.source), row.line, report.column(row))],
    }


def _threshold_result(measured: ThresholdResult, place: dict[str, Any]) -> dict[str, Any]:
    text = measured.threshold.text
    return {
        "ruleId": "threshold",
        "level": "error",
        "message": {"text": _message(f"threshold missed: {text}: {measured.text}")},
        "partialFingerprints": {"fetchcli/v1": sha256(f"threshold {text}".encode()).hexdigest()[:32]},
        "locations": [place],
    }


def _place(path: str, line: int = 0, column: int | None = None) -> dict[str, Any]:
    """A location with a relative URI, which GitHub requires of every result."""
    region = {"startLine": max(line, 1)} | ({} if column is None else {"startColumn": column})
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path, safe="/", errors="surrogateescape")},
            "region": region,
        }
    }


def _message(text: str) -> str:
    """Plain text in SARIF can contain links in brackets (section 3.11.6): escape them."""
    return visible(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _fingerprint(outcome: Outcome, rule: str) -> str:
    """A fingerprint that does not depend on where in the list the row is."""
    row = outcome.row
    return sha256(f"{row.method} {row.text} {row.tag} {rule}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _checks(outcome: Outcome) -> list[dict[str, str]]:
    return [
        {"check": check.check, "expected": visible(check.expected), "actual": visible(check.actual)}
        for check in outcome.failed_checks
    ]


def _properties(report: Report) -> dict[str, Any]:
    about: dict[str, Any] = {"totals": totals_text(report.summary), "rowsNotListed": report.omitted}
    about["thresholds"] = [
        {
            "threshold": visible(threshold_result.threshold.text),
            "met": threshold_result.met,
            "measured": visible(threshold_result.text),
        }
        for threshold_result in report.summary.threshold_results
    ]
    if (changes := report.summary.changes) is not None:
        about["baseline"] = [
            {"change": listed.change, "what": visible(listed.subject), "detail": visible(listed.detail)}
            for listed in changes.listed
        ]
    return about
