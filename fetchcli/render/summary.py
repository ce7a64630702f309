"""The end of a run on the screen: a table of rows for a short list, a summary for a long one."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.breakdown import Breakdown, By, Share
from fetchcli.core.summary.changes import Change, Changes
from fetchcli.core.summary.distribution import Distribution
from fetchcli.core.summary.failure_groups import FailureGroups
from fetchcli.core.summary.summary import MAX_FAILURES, Summary
from fetchcli.core.summary.thresholds import ThresholdResult
from fetchcli.core.summary.totals import totals
from fetchcli.core.text import shorten, visible
from fetchcli.core.units import format_bytes, format_seconds
from fetchcli.core.url.shown import shorten_url, shown_url
from fetchcli.render.console import STYLES, safe
from fetchcli.render.row_lines import described, failure_lines, row_lines
from fetchcli.render.single_row import single_lines
from fetchcli.render.wrapping import GAP, Columns, beside, last_column, parts_wrapped, under_header, wrapped

MAX_ROWS = 25
MAX_SHARES = 20
MIN_RESPONSES = 20  # for a histogram
BLOCKS = "▁▂▃▄▅▆▇█"
MAX_BLOCKS = 40
HEADER = ["rows", "failed", "p50", "p95", "bytes", "rate", "retries"]
MAX_NAME = 30  # cells of a host or a tag that is not shortened
CHANGE_STYLES = {
    Change.NEW_FAILURE: "red",
    Change.CURED: "green",
    Change.SLOWER: "magenta",
    Change.STATUS: "magenta",
    Change.CONTENT: "magenta",
}
QUANTILES = (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))


class SummaryOptions(NamedTuple):
    """What is shown at the end of a run.

    Attributes:
        rows: a table of rows.
        by: what the rows are summed up by, too, or None.
        single: the details of a single row; ``whole`` for its whole body.
        saved_to: where bodies are saved.
        advice: what to do next, given the summary; empty for nothing.
    """

    rows: bool
    by: By | None = None
    single: str = ""
    saved_to: str = ""
    advice: Callable[[Summary], str] = lambda _: ""


class SummaryDisplay:
    """Prints the end of the run: a table of rows if there are at most `MAX_ROWS` and they are wanted.

    Args:
        console: where it is printed.
        options: what is printed.
    """

    congested = False

    def __init__(self, console: Console, options: SummaryOptions) -> None:
        self._console, self._options = console, options
        self._rows: list[Outcome] = []
        self._failures = FailureGroups()
        self._breakdown = None if options.by is None else Breakdown(options.by)

    @property
    def wants_accepted(self) -> bool:
        """Whether they are grouped, or a table of all rows is still possible."""
        return self._breakdown is not None or (self._options.rows and len(self._rows) <= MAX_ROWS)

    def announce(self, message: str) -> bool:
        """Nothing is shown during the run."""
        return False

    def open(self) -> None:
        """Nothing is shown at the start."""

    def handle(self, outcome: Outcome) -> None:
        """Keep the first rows, one more than would be shown, and count failures that are alike."""
        if self._options.rows and len(self._rows) <= MAX_ROWS:
            self._rows.append(outcome)
        self._failures.add(outcome)
        if self._breakdown is not None:
            self._breakdown.add(outcome)

    def close(self, summary: Summary) -> None:
        """Print."""
        if not summary.total:
            return
        console = self._console
        is_single = bool(self._options.single) and len(self._rows) == 1 and bool(self._rows[0].attempts)
        if is_single or (self._options.rows and len(self._rows) <= MAX_ROWS):
            lines = self._single_lines() if is_single else self._row_lines(summary)
            lines += threshold_lines(summary.threshold_results, console)
            lines += [] if summary.changes is None else change_lines(summary.changes, console)
        else:
            lines = [] if summary.changes is None else change_lines(summary.changes, console)
            if self._failures.count:
                lines += [*failure_lines(self._failures, MAX_FAILURES, console), Text()]
            lines += self._shares()
            lines += summary_lines(summary, console, self._options.saved_to)
        if advice := self._options.advice(summary):
            lines.append(safe(advice, "dim"))  # a command: the terminal wraps it, and it can be copied
        for line in lines:
            console.print(line, soft_wrap=True)

    def _single_lines(self) -> list[Text]:
        return single_lines(self._rows[0], self._console, whole=self._options.single == "whole")

    def _row_lines(self, summary: Summary) -> list[Text]:
        console = self._console
        lines = row_lines(sorted(self._rows, key=lambda outcome: outcome.row.seq), console)
        lines += [*self._shares(), *totals_lines(summary, console, console.width)]
        if saved := saved_parts(summary, self._options.saved_to):
            parts = (Text(part, style="dim") for part in ("saved", *saved))
            lines += parts_wrapped(parts, console, console.width, " ")
        return lines

    def _shares(self) -> list[Text]:
        return [] if self._breakdown is None else [*breakdown_lines(self._breakdown, self._console), Text()]


def totals_lines(summary: Summary, console: Console, width: int) -> list[Text]:
    """``9 accepted, 2 failed in 2.05 s, 5.4/s, 12.3 kB``."""
    line = Text.assemble(*((text, STYLES[verdict] if verdict else "") for text, verdict in totals(summary)))
    return parts_wrapped(line.split(", "), console, width, ", ")


def saved_parts(summary: Summary, place: str) -> list[str]:
    """``3 bodies,``, ``12.3 kB``, ``to pages/``; empty if none were saved."""
    if not summary.saved:
        return []
    bodies = "body" if summary.saved == 1 else "bodies"
    parts = [f"{summary.saved:,} {bodies},", format_bytes(summary.size_saved)]
    return [*parts, f"to {visible(place)}"] if place else parts


def summary_lines(summary: Summary, console: Console, saved_to: str = "") -> list[Text]:
    """Totals, counts by status and error kind, latency, and the slowest hosts."""
    rows: list[tuple[str, list[Text | str]]] = []
    if summary.statuses and summary.total > 1:
        rows.append(("status", [f"{status} x {count:,}" for status, count in sorted(summary.statuses.items())]))
    if summary.kinds:
        rows.append(("errors", [f"{kind} x {count:,}" for kind, count in summary.kinds.most_common()]))
    if saved := saved_parts(summary, saved_to):
        rows.append(("saved", [" ".join(saved)]))
    if len(summary.latency) > 1:
        times = [f"{name} {format_seconds(summary.latency.quantile(share))}" for name, share in QUANTILES]
        rows.append(("latency", [*times, f"max {format_seconds(summary.latency.max)}"]))
        if histogram := histogram_text(summary.latency, console.width - len("latency") - GAP):
            rows.append(("", [histogram]))
    if checks := [(check, count) for check, count in summary.checks.most_common() if check != "status"]:
        rows.append(("checks", [f"{check} x {count:,}" for check, count in checks]))
    if len(summary.slowest_hosts) > 1:
        hosts = summary.slowest_hosts.items()
        rows.append(("slowest", [safe(f"{host} {format_seconds(seconds)}") for host, seconds in hosts]))
    # The totals come last: that is where users look when a run ends.
    columns = Columns([[Text(name, style="dim")] for name, _ in [*rows, ("total", [])]])
    *heads, last = columns.lines()
    room, lines = max(console.width - columns.width, 1), threshold_lines(summary.threshold_results, console)
    for head, (_, parts) in zip(heads, rows, strict=True):
        lines += beside(head, columns.width, parts_wrapped(parts, console, room))
    return [*lines, *beside(last, columns.width, totals_lines(summary, console, room))]


def histogram_text(latency: Distribution, width: int) -> str:
    """``1.2 ms ▁▂▅█▃▁ 2.50 s``: how many responses took how long, on a log scale; empty if there is nothing to see."""
    low, high = latency.min, latency.max
    ends = f"{format_seconds(low)} {{}} {format_seconds(high)}"
    room = min(width - len(ends), MAX_BLOCKS)
    if len(latency) < MIN_RESPONSES or room < len(BLOCKS) or high < 2 * low:
        return ""
    counts = latency.histogram(room)
    most = max(counts)
    blocks = (BLOCKS[min(count * len(BLOCKS) // most, len(BLOCKS) - 1)] if count else " " for count in counts)
    return ends.format("".join(blocks))


def _numbers(share: Share) -> list[str]:
    """The cells of a share, the most important first."""
    p50, p95 = (format_seconds(share.latency.quantile(at)) if share.latency else "-" for at in (0.5, 0.95))
    rate = f"{share.rate:,.1f}/s" if share.rows > 1 and share.rate else "-"
    size = format_bytes(share.size_download)
    return [f"{share.rows:,}", f"{share.failed:,}", p50, p95, size, rate, f"{share.retries:,}"]


def breakdown_lines(breakdown: Breakdown, console: Console) -> list[Text]:
    """A line for each host or tag: rows, failed, times, bytes, rate, retries."""
    shares = breakdown.listed()
    names = [visible(share.name) or "(none)" for share in shares[:MAX_SHARES]]
    table = [HEADER, *map(_numbers, shares[:MAX_SHARES])]
    wanted = min(max(map(cell_len, names)), MAX_NAME)
    kept = len(HEADER)  # on a narrow screen, fewer
    while kept > 1 and console.width - Columns([row[:kept] for row in table]).width < wanted:
        kept -= 1
    columns = Columns([row[:kept] for row in table], right=range(kept))
    heads, lines = columns.lines(), list[Text]()
    for head, share, name in zip(heads[1:], shares, names, strict=False):
        short = shorten(name, max(console.width - columns.width, 1))
        lines.append(Text.assemble(head, (short, "red" if share.failed else "")))
    rest = len(shares) - MAX_SHARES
    lines += [Text(f"and {rest:,} more", style="dim")] if rest > 0 else []
    return under_header(heads[0].append(breakdown.by.value), lines, console)


def threshold_lines(measured: Iterable[ThresholdResult], console: Console) -> list[Text]:
    """One line per threshold: whether it was met, and what was measured."""
    lines: list[Text] = []
    for result in measured:
        state = Text("met", style="green") if result.met else Text("missed", style="red")
        indent = len("missed") + GAP
        state.pad_right(indent - len(state))
        parts = parts_wrapped([safe(result.threshold.text), safe(result.text)], console, console.width - indent)
        lines += beside(state, indent, parts)
    return lines


def change_lines(changes: Changes, console: Console) -> list[Text]:
    """One line per change since the baseline, and the number of changes by kind."""
    line = Text.assemble(("since the baseline: ", "dim"), changes.text)
    if not changes.listed:
        return [line]
    columns = Columns([["change"], *([Text(row.change, CHANGE_STYLES.get(row.change, ""))] for row in changes.listed)])
    heads, place = columns.lines(), last_column(columns.width, console)
    lines: list[Text] = []
    for head, change in zip(heads[1:], changes.listed, strict=True):
        label = shorten_url(visible(shown_url(change.subject)), place.room, cell_len)
        lines += described(head, place, label, change.detail, console)
    return [*under_header(heads[0].append("row"), lines, console), Text(), *wrapped(line, console, console.width)]
