"""What a person reads when the run is over: a row a URL for a short list, a summary for a long one."""

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fetchcli.core.model import Outcome, Verdict
from fetchcli.core.summary import Summary
from fetchcli.core.text import shorten, visible
from fetchcli.core.units import format_bytes, format_clock, format_seconds
from fetchcli.render.console import reason_of, safe, status_of

MOST_ROWS = 25
QUANTILES = (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))


class Report:
    """Prints the end of the run: a row a URL when there are at most `MOST_ROWS` and they are wanted."""

    def __init__(self, console: Console, *, rows: bool) -> None:
        self._console = console
        self._wants_rows = rows
        self._rows: list[Outcome] = []

    def open(self) -> None:
        """Nothing is shown before the end."""

    def handle(self, outcome: Outcome) -> None:
        """Keep the first rows, one more than would be shown."""
        if self._wants_rows and len(self._rows) <= MOST_ROWS:
            self._rows.append(outcome)

    def close(self, summary: Summary) -> None:
        """Print."""
        if not summary.total:
            return
        if self._wants_rows and len(self._rows) <= MOST_ROWS:
            rows = sorted(self._rows, key=lambda outcome: outcome.row.seq)
            self._console.print(row_table(rows, self._console.width))
            self._console.print(totals_line(summary))
        else:
            self._console.print(summary_table(summary, self._console.width))


def row_table(outcomes: list[Outcome], width: int) -> Table:
    """A row a URL: status, time, size, URL, error."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, expand=False)
    table.add_column("status", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("url", overflow="fold")
    any_error = any(reason_of(outcome) for outcome in outcomes)
    if any_error:
        table.add_column("error", overflow="fold")
    # What is left of the line after the three short columns, shared by URL and error.
    room = max(width - 34, 24)
    for outcome in outcomes:
        response = outcome.response
        cells: list[RenderableType] = [
            status_of(outcome),
            format_seconds(outcome.attempts[-1].elapsed) if outcome.attempts else "-",
            format_bytes(response.size_download) if response else "-",
            Text(shorten(visible(outcome.row.text), room * 3 // 5 if any_error else room)),
        ]
        if any_error:
            cells.append(safe(reason_of(outcome), style="dim"))
        table.add_row(*cells)
    return table


def totals_line(summary: Summary) -> Text:
    """``9 accepted, 2 failed in 2.05 s, 5.4/s, 12.3 kB``."""
    line = Text()
    accepted = summary.verdicts[Verdict.OK]
    line.append(f"{accepted:,} accepted", style="green" if accepted else "")
    for verdict, style in ((Verdict.FAILED, "red"), (Verdict.REJECTED, "yellow"), (Verdict.CANCELLED, "yellow")):
        if count := summary.verdicts[verdict]:
            line.append(", ").append(f"{count:,} {verdict.value.lower()}", style=style)
    rate = summary.total / summary.elapsed if summary.elapsed else 0.0
    elapsed = format_clock(summary.elapsed) if summary.elapsed >= 60 else f"{summary.elapsed:.2f} s"
    return line.append(f" in {elapsed}, {rate:,.1f}/s, {format_bytes(summary.size_download)}")


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
    if summary.latency:
        times = [f"{name} {format_seconds(summary.latency.quantile(share))}" for name, share in QUANTILES]
        table.add_row("latency", "   ".join([*times, f"max {format_seconds(summary.latency.max)}"]))
    if len(summary.slowest_hosts) > 1:
        hosts = (f"{host} {format_seconds(seconds)}" for host, seconds in summary.slowest_hosts.items())
        table.add_row("slowest", safe("   ".join(hosts)))
    parts: list[RenderableType] = [table]
    if summary.failures:
        parts += [Text(), _failures(summary, width)]
    return Group(*parts)


def _failures(summary: Summary, width: int) -> Group:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("failed", no_wrap=True)
    table.add_column("url", overflow="fold")
    table.add_column("error", overflow="fold")
    room = max(width - 22, 24)
    for outcome in summary.failures:
        url = Text(shorten(visible(outcome.row.text), room * 3 // 5))
        table.add_row(status_of(outcome), url, safe(shorten(reason_of(outcome), 200), style="dim"))
    rest = summary.not_accepted - len(summary.failures)
    return Group(table, Text(f"and {rest:,} more", style="dim")) if rest else Group(table)
