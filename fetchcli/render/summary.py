"""The end of a run on the screen: a table of rows for a short list, a summary for a long one."""

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.changes import Change, Changes
from fetchcli.core.summary.summary import Summary
from fetchcli.core.summary.thresholds import ThresholdResult
from fetchcli.core.summary.totals import totals
from fetchcli.core.text import shorten, visible
from fetchcli.core.units import format_bytes, format_seconds
from fetchcli.render.console import STYLES, reason_of, safe, status_of
from fetchcli.sinks.base import EndOfRunDisplay

MAX_ROWS = 25
GAP = 3  # between two columns
MIN_WIDTH = 60  # narrower than this, there is no room for time and size
MIN_ROOM = 16
MAX_REASON = 200
CHANGE_STYLES = {
    Change.NEW_FAILURE: "red",
    Change.CURED: "green",
    Change.SLOWER: "yellow",
    Change.STATUS: "yellow",
    Change.CONTENT: "yellow",
}
QUANTILES = (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))


class SummaryDisplay(EndOfRunDisplay):
    """Prints the end of the run: a table of rows if there are at most `MAX_ROWS` and they are wanted."""

    def __init__(self, console: Console, *, rows: bool) -> None:
        self._console = console
        self._wants_rows = rows
        self._rows: list[Outcome] = []

    @property
    def wants_accepted(self) -> bool:
        """Whether a table of all rows is still possible."""
        return self._wants_rows and len(self._rows) <= MAX_ROWS

    def handle(self, outcome: Outcome) -> None:
        """Keep the first rows, one more than would be shown."""
        if self.wants_accepted:
            self._rows.append(outcome)

    def close(self, summary: Summary) -> None:
        """Print."""
        if not summary.total:
            return
        if self._wants_rows and len(self._rows) <= MAX_ROWS:
            rows = sorted(self._rows, key=lambda outcome: outcome.row.seq)
            self._console.print(row_table(rows, self._console.width))
            self._console.print(totals_line(summary))
            if summary.threshold_results:
                self._console.print(threshold_table(summary.threshold_results))
            if summary.changes is not None:
                self._console.print(change_table(summary.changes, self._console.width))
        else:
            if summary.changes is not None:
                self._console.print(change_table(summary.changes, self._console.width))
            self._console.print(summary_table(summary, self._console.width))


def row_table(outcomes: list[Outcome], width: int) -> Table:
    """One line per row: status, time, size, URL, error."""
    numbers = ("time", "size") if width >= MIN_WIDTH else ()
    table = _table("status", *numbers)
    cells: list[list[RenderableType]] = [
        [status_of(outcome), *(_time_and_size(outcome) if numbers else ())] for outcome in outcomes
    ]
    _add_urls(table, outcomes, cells, width)
    return table


def _time_and_size(outcome: Outcome) -> tuple[str, str]:
    elapsed = format_seconds(outcome.attempts[-1].elapsed) if outcome.attempts else "-"
    return elapsed, format_bytes(outcome.response.size_download) if outcome.response else "-"


def _url(outcome: Outcome) -> str:
    times = f" (round {outcome.row.round})" if outcome.row.round > 1 else ""
    return visible(outcome.row.text) + times


def failure_table(outcomes: list[Outcome], width: int) -> Table:
    """One line per failure: status or error kind, URL, error."""
    table = _table("failed")
    _add_urls(table, outcomes, [[status_of(outcome)] for outcome in outcomes], width)
    return table


def _table(first: str, *numbers: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _add_urls(table: Table, outcomes: list[Outcome], cells: list[list[RenderableType]], width: int) -> None:
    """Add URL and error, which share the rest of the line."""
    used = sum(
        max(cell_len(str(cell)) for cell in (column.header, *row)) + GAP
        for column, row in zip(table.columns, zip(*cells, strict=True), strict=True)
    )
    reasons = [visible(reason_of(outcome)) for outcome in outcomes]
    urls = [_url(outcome) for outcome in outcomes]
    room = max(width - used, MIN_ROOM)
    longest_reason = max(map(cell_len, reasons))
    # The error gets what the URLs do not need, or a third of the line.
    reason_room = min(longest_reason, max(room - GAP - max(map(cell_len, urls)), room // 3))
    table.add_column("url", no_wrap=True)
    if longest_reason:
        table.add_column("error", overflow="fold", max_width=reason_room)
        room -= reason_room + GAP
    for row, url, reason in zip(cells, urls, reasons, strict=True):
        error = [Text(shorten(reason, MAX_REASON), style="dim")] if longest_reason else []
        table.add_row(*row, Text(shorten(url, room)), *error)


def totals_line(summary: Summary) -> Text:
    """``9 accepted, 2 failed in 2.05 s, 5.4/s, 12.3 kB``."""
    return Text.assemble(*((text, STYLES[verdict] if verdict else "") for text, verdict in totals(summary)))


def summary_table(summary: Summary, width: int) -> Group:
    """Counts by status and error kind, latency, slowest hosts, and the failures."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("total", totals_line(summary))
    if summary.statuses:
        counts = (f"{status} x {count:,}" for status, count in sorted(summary.statuses.items()))
        table.add_row("status", "   ".join(counts))
    if summary.kinds:
        table.add_row("errors", "   ".join(f"{kind} x {count:,}" for kind, count in summary.kinds.most_common()))
    if summary.saved:
        bodies = "body" if summary.saved == 1 else "bodies"
        table.add_row("saved", f"{summary.saved:,} {bodies}, {format_bytes(summary.size_saved)}")
    if summary.latency:
        times = [f"{name} {format_seconds(summary.latency.quantile(share))}" for name, share in QUANTILES]
        table.add_row("latency", "   ".join([*times, f"max {format_seconds(summary.latency.max)}"]))
    if checks := [(check, count) for check, count in summary.checks.most_common() if check != "status"]:
        table.add_row("checks", "   ".join(f"{check} x {count:,}" for check, count in checks))
    if len(summary.slowest_hosts) > 1:
        hosts = (f"{host} {format_seconds(seconds)}" for host, seconds in summary.slowest_hosts.items())
        table.add_row("slowest", safe("   ".join(hosts)))
    if summary.threshold_results:
        table.add_row("thresholds", threshold_table(summary.threshold_results))
    # The totals come last: that is where users look when a run ends.
    return Group(_failures(summary, width), Text(), table) if summary.failures else Group(table)


def threshold_table(measured: list[ThresholdResult]) -> Table:
    """One line per threshold: whether it was met, and what was measured."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=len("missed"))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for result in measured:
        state = Text("met", style="green") if result.met else Text("missed", style="red")
        table.add_row(state, safe(result.threshold.text), safe(result.text))
    return table


def change_table(changes: Changes, width: int) -> Group:
    """One line per change since the baseline, and the number of changes by kind."""
    line = Text.assemble(("since the baseline: ", "dim"), changes.text)
    if not changes.listed:
        return Group(line)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("change", no_wrap=True)
    table.add_column("row", no_wrap=True)
    table.add_column("detail", overflow="fold")
    room = max(width - max(len(row_change.change) for row_change in changes.listed) - 2 * GAP, 2 * MIN_ROOM)
    for row_change in changes.listed:
        detail = visible(row_change.detail)
        url = shorten(visible(row_change.subject), max(room - cell_len(detail) - GAP, room // 2))
        table.add_row(
            Text(row_change.change, style=CHANGE_STYLES.get(row_change.change, "")),
            Text(url),
            Text(detail, style="dim"),
        )
    return Group(Text(), table, Text(), line)


def _failures(summary: Summary, width: int) -> Group:
    table = failure_table(summary.failures, width)
    rest = summary.failed - len(summary.failures)
    return Group(table, Text(f"and {rest:,} more", style="dim")) if rest else Group(table)
