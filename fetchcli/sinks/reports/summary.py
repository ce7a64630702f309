"""``summary``: one JSON object for the whole run."""

from typing import Any

import msgspec

from fetchcli._version import __version__
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.report.data import Report, problem_kind, problem_text, row_group
from fetchcli.core.rows.values import iso
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import inert_json, without_surrogates

MAX_LISTED = 100
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


def summary(report: Report) -> str:
    """Render the report."""
    counted, started = report.summary, report.started_at
    rows: dict[str, Any] = {
        "version": __version__,
        "started_at": None if started is None else iso(started),
        "elapsed": round(counted.elapsed, 6),
        "total": counted.total,
        "accepted": counted.verdicts[Verdict.OK],
        "flaky": counted.flaky,
        "verdicts": {verdict: counted.verdicts[verdict] for verdict in Verdict},
        "statuses": {str(status): count for status, count in sorted(counted.statuses.items())},
        "errors": dict(sorted(counted.kinds.items())),
        "failed_checks": dict(sorted(counted.checks.items())),
        "size_download": counted.size_download,
        "latency": _latency(counted),
        "thresholds": [_threshold(one) for one in counted.threshold_results],
        "problems": [_outcome(outcome) for outcome in report.problems[:MAX_LISTED]],
        "problems_not_listed": max(0, counted.not_accepted - MAX_LISTED),
        "flaky_rows": [_outcome(outcome) for outcome in report.flaky[:MAX_LISTED]],
        "baseline": _baseline(counted),
    }
    encoded = msgspec.json.encode(without_surrogates(rows))
    return inert_json(msgspec.json.format(encoded).decode()) + "\n"


def _latency(counted: Summary) -> dict[str, float] | None:
    if not counted.latency:
        return None
    named = {name: round(counted.latency.quantile(share), 6) for name, share in QUANTILES.items()}
    return {**named, "max": round(counted.latency.max, 6)}


def _threshold(measured: Any) -> dict[str, Any]:
    return {
        "threshold": measured.threshold.text,
        "met": measured.met,
        "value": measured.value,
        "measured": measured.text,
        "hosts": [{"host": host, "value": value} for host, value in measured.hosts],
        "hosts_missed": measured.missed,
        "hosts_judged": measured.judged,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    row = outcome.row
    return {
        "url": row.text,
        "method": row.method,
        "tag": row.tag or None,
        "group": row_group(outcome),
        "source": row.source or None,
        "line": row.line or None,
        "round": row.round,
        "kind": "flaky" if outcome.flaky else problem_kind(outcome),
        "status": outcome.response and outcome.response.status,
        "problem": problem_text(outcome),
        "attempts": outcome.attempt_count,
    }


def _baseline(counted: Summary) -> dict[str, Any] | None:
    if (changes := counted.changes) is None:
        return None
    return {
        "counts": {change.replace(" ", "_"): count for change, count in changes.counts.items()},
        "pairs": changes.pairs,
        "changes": [
            {
                "change": listed.change,
                "what": listed.subject,
                "detail": listed.detail,
                "source": listed.source or None,
                "line": listed.line or None,
            }
            for listed in changes.listed
        ],
    }
