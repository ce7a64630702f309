"""``prometheus``: the text format, for the textfile collector of the node exporter."""

from collections.abc import Iterable, Mapping
from typing import Any

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Skipped
from fetchcli.core.report.data import Report
from fetchcli.core.summary.changes import Change
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import visible

MAX_SERIES = 1_000  # of rows
QUANTILES = (0.5, 0.9, 0.95, 0.99)

Sample = tuple[dict[str, str], float]


def prometheus(report: Report) -> str:
    """Render the report."""
    summary = report.summary
    families = [
        _family("rows", "Rows by verdict.", [({"verdict": result}, summary.verdicts[result]) for result in Verdict]),
        _family("responses", "Responses by status.", _counted("status", summary.statuses)),
        _family("errors", "Rows without a response, by error kind.", _counted("kind", summary.kinds)),
        _family("failed_checks", "Rows that failed a check.", _counted("check", summary.checks)),
        _family("flaky_rows", "Rows that were accepted after a failure.", [({}, summary.flaky)]),
        _family("received_bytes", "Bytes of bodies on the wire.", [({}, summary.size_download)]),
        _family("elapsed_seconds", "Duration of the run in seconds.", [({}, summary.elapsed)]),
        _family("latency_seconds", "Seconds to the last byte, by quantile.", _latency(summary)),
        *_threshold_families(summary),
        *_baseline_families(summary),
        *_row_families(report.outcomes),
    ]
    if (rest := summary.total - MAX_SERIES) > 0:
        families.append(f"# rows have {MAX_SERIES:,} series at most; {rest:,} rows or more have none of their own\n")
    if report.started_at is not None:
        families.append(
            _family(
                "start_timestamp_seconds", "Start of the run, in seconds since the epoch.", [({}, report.started_at)]
            )
        )
    return "".join(families)


def _family(name: str, help_text: str, samples: Iterable[Sample]) -> str:
    """One metric, as a gauge, because each run starts at zero; empty without samples."""
    lines = [f"fetchcli_{name}{_labels(labels)} {_number(value)}\n" for labels, value in samples]
    if not lines:
        return ""
    return f"# HELP fetchcli_{name} {help_text}\n# TYPE fetchcli_{name} gauge\n{''.join(lines)}"


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return visible(value).replace("\\", "\\\\").replace('"', '\\"')


def _counted(label: str, counts: Mapping[Any, int]) -> list[Sample]:
    return [({label: str(key)}, count) for key, count in sorted(counts.items())]


def _latency(summary: Summary) -> list[Sample]:
    if not summary.latency:
        return []
    return [({"quantile": f"{share:g}"}, summary.latency.quantile(share)) for share in QUANTILES]


def _threshold_families(summary: Summary) -> list[str]:
    named = {result.threshold.text: result for result in summary.threshold_results}
    met = [({"threshold": text}, float(result.met)) for text, result in named.items()]
    values = [({"threshold": text}, result.value) for text, result in named.items() if result.value is not None]
    return [
        _family("threshold_met", "1 if the threshold was met, else 0.", met),
        _family("threshold_value", "Measured value: seconds, bytes, a share, or rows per second.", values),
    ]


def _baseline_families(summary: Summary) -> list[str]:
    if (changes := summary.changes) is None:
        return []
    counted = [({"change": change.replace(" ", "_")}, changes.counts.get(change, 0)) for change in Change]
    return [_family("baseline_changes", "Changes since the baseline, by kind.", counted)]


def _row_families(rows: Iterable[Outcome]) -> list[str]:
    """One series per URL, method and tag; if rows share these, the worst one."""
    accepted: dict[tuple[str, str, str], float] = {}
    seconds: dict[tuple[str, str, str], float] = {}
    for outcome in rows:
        row = outcome.row
        key = (visible(row.text), row.method or "", visible(row.tag))
        if isinstance(row, Skipped) or (key not in accepted and len(accepted) >= MAX_SERIES):
            continue
        accepted[key] = min(accepted.get(key, 1.0), float(outcome.verdict is Verdict.OK))
        if outcome.response is not None:
            seconds[key] = max(seconds.get(key, 0.0), outcome.attempts[-1].elapsed)

    def labelled(values: dict[tuple[str, str, str], float]) -> list[Sample]:
        return [({"url": url, "method": method, "tag": tag}, value) for (url, method, tag), value in values.items()]

    return [
        _family(
            "row_accepted",
            "1 if the row was accepted, else 0; the minimum of duplicates.",
            labelled(accepted),
        ),
        _family("row_seconds", "Seconds to the last byte of a row's last attempt.", labelled(seconds)),
    ]
