"""``tap``: the Test Anything Protocol, version 14 (testanything.org): one test point per row."""

import msgspec

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import (
    Report,
    State,
    attempt_text,
    problem_text,
    row_group,
    row_place,
    row_title,
    seconds_of,
    state_of,
)
from fetchcli.core.summary.totals import totals_text
from fetchcli.core.text import visible


def tap(report: Report) -> str:
    """Render the report."""
    results = report.summary.threshold_results
    lines = ["TAP version 14", f"1..{len(report.outcomes) + len(results)}"]
    for number, outcome in enumerate(report.outcomes, 1):
        lines += _point(number, outcome)
    for number, result in enumerate(results, len(report.outcomes) + 1):
        ok = "ok" if result.met else "not ok"
        lines += [f"{ok} {number} - threshold {_escaped(result.threshold.text)}"]
        lines += ["  ---", f"  measured: {_yaml(result.text)}", "  ..."]
    lines.append(f"# {visible(totals_text(report.summary))}")
    if report.omitted:
        lines.append(f"# {report.omitted} rows are not listed")
    if (changes := report.summary.changes) is not None:
        lines.append(f"# since the baseline: {changes.text}")
        lines += [f"# {listed.change}: {visible(f'{listed.subject}: {listed.detail}')}" for listed in changes.listed]
    return "\n".join([*lines, ""])


def _point(number: int, outcome: Outcome) -> list[str]:
    state = state_of(outcome)
    ok = "not ok" if state in (State.FAILED, State.ERROR) else "ok"
    skip = f" # SKIP {_escaped(outcome.note)}" if state is State.SKIPPED else ""
    line = f"{ok} {number} - {_escaped(row_title(outcome))}{skip}"
    if state is State.PASSED:
        return [line]
    details: dict[str, object] = {"message": problem_text(outcome), "group": row_group(outcome)}
    if place := row_place(outcome):
        details["at"] = place
    details["duration_ms"] = round(1000 * seconds_of(outcome), 3)
    details["attempts"] = [attempt_text(attempt) for attempt in outcome.attempts]
    return [line, "  ---", *(f"  {name}: {_yaml(value)}" for name, value in details.items()), "  ..."]


def _escaped(text: str) -> str:
    r"""A description with ``#`` as a hexadecimal escape: not every parser knows ``\#``."""
    return visible(text).replace("#", "\\x23").replace("\\", "\\\\")


def _yaml(value: object) -> str:
    """A value as JSON, which is YAML, with controls escaped."""
    shown = visible(value) if isinstance(value, str) else value
    if isinstance(value, list):
        shown = [visible(item) for item in value]
    return msgspec.json.encode(shown).decode()
