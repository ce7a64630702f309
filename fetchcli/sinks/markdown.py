"""``markdown``: for a pull request, a wiki, or the step summary of a CI job (GitHub Flavored Markdown)."""

import re
from collections.abc import Iterable

from fetchcli.core.model import Outcome, Verdict
from fetchcli.core.report import Report, place_of, problem_of, title_of
from fetchcli.core.text import shorten, visible
from fetchcli.core.totals import totals_text

MOST_LISTED = 50
LONGEST = 300  # characters of a cell
_TICKS = re.compile("`+")


def markdown(report: Report) -> str:
    """The report."""
    summary = report.summary
    bad = summary.not_accepted
    head = f"{bad:,} of {summary.total:,} rows not accepted" if bad else "all rows accepted"
    if missed := sum(not one.met for one in summary.measured):
        head += f", {missed} threshold{'s' * (missed > 1)} missed"
    parts = [f"## fetchcli: {head}", totals_text(summary)]
    if summary.measured:
        rows = [
            ("met" if one.met else "**missed**", code(one.threshold.text), code(one.text)) for one in summary.measured
        ]
        parts += ["### Thresholds", table(("", "threshold", "measured"), rows)]
    if report.problems:
        parts += ["### Not accepted", _outcomes(report.problems, bad)]
    if report.flaky:
        parts += ["### Flaky", _outcomes(report.flaky, summary.flaky)]
    if (changes := summary.changes) is not None:
        parts += ["### Since the baseline", changes.text]
        if changes.noted:
            rows = [(str(noted.change), code(noted.what), code(noted.detail)) for noted in changes.noted]
            parts.append(table(("change", "what", "how"), rows))
            if (rest := sum(changes.counts.values()) - len(changes.noted)) > 0:
                parts.append(f"and {rest:,} changes more")
    return "\n\n".join(parts) + "\n"


def _outcomes(outcomes: list[Outcome], total: int) -> str:
    listed = outcomes[:MOST_LISTED]
    rows = [(_result(one), code(title_of(one)), code(place_of(one)), code(problem_of(one))) for one in listed]
    more = f"\n\nand {total - len(listed):,} more" if total > len(listed) else ""
    return table(("", "row", "where", "what"), rows) + more


def _result(outcome: Outcome) -> str:
    if outcome.verdict is Verdict.SKIPPED:
        return "skipped"
    return str(outcome.response.status) if outcome.response else str(outcome.failure and outcome.failure.kind)


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Text from outside as a code span: no link, no mention, no HTML, no end of the cell (GFM, section 6.3)."""
    shown = shorten(visible(text), LONGEST).replace("|", "\\|")
    if not shown.strip():
        return ""
    fence = "`" * (1 + max(map(len, _TICKS.findall(shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
