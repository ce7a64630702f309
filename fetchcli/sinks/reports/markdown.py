"""``markdown``: for pull requests, wikis and step summaries of CI jobs (GitHub Flavored Markdown)."""

from collections.abc import Iterable

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.report.data import Report, problem_text, row_place, row_title
from fetchcli.core.summary.totals import totals_text
from fetchcli.core.text import shorten, visible

MAX_LISTED = 50
MAX_CELL = 300  # characters of a cell
_TICKS = lazy_pattern("`+")


def markdown(report: Report) -> str:
    """Render the report."""
    summary = report.summary
    unaccepted = summary.not_accepted
    head = f"{unaccepted:,} of {summary.total:,} rows not accepted" if unaccepted else "all rows accepted"
    if missed := sum(not one.met for one in summary.threshold_results):
        head += f", {missed} threshold{'s' * (missed > 1)} missed"
    parts = [f"## fetchcli: {head}", totals_text(summary)]
    if summary.threshold_results:
        rows = [
            ("met" if one.met else "**missed**", code(one.threshold.text), code(one.text))
            for one in summary.threshold_results
        ]
        parts += ["### Thresholds", table(("", "threshold", "measured"), rows)]
    if report.problems:
        parts += ["### Not accepted", _outcomes(report.problems, unaccepted)]
    if report.flaky:
        parts += ["### Flaky", _outcomes(report.flaky, summary.flaky)]
    if (changes := summary.changes) is not None:
        parts += ["### Since the baseline", changes.text]
        if changes.listed:
            rows = [(str(listed.change), code(listed.subject), code(listed.detail)) for listed in changes.listed]
            parts.append(table(("change", "row", "detail"), rows))
            if (rest := sum(changes.counts.values()) - len(changes.listed)) > 0:
                parts.append(f"and {rest:,} changes more")
    return "\n\n".join(parts) + "\n"


def _outcomes(outcomes: list[Outcome], total: int) -> str:
    listed = outcomes[:MAX_LISTED]
    rows = [(_result(one), code(row_title(one)), code(row_place(one)), code(problem_text(one))) for one in listed]
    more = f"\n\nand {total - len(listed):,} more" if total > len(listed) else ""
    return table(("", "row", "where", "what"), rows) + more


def _result(outcome: Outcome) -> str:
    if outcome.verdict is Verdict.SKIPPED:
        return "skipped"
    return str(outcome.response.status) if outcome.response else str(outcome.failure and outcome.failure.kind)


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; the cells are Markdown already."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Text from outside as a code span: no link, mention, HTML or end of the cell (GFM section 6.3)."""
    shown = shorten(visible(text), MAX_CELL).replace("|", "\\|")
    if not shown.strip():
        return ""
    fence = "`" * (1 + max(map(len, _TICKS.findall(shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
