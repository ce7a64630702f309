"""``text``: one line per row, tab-separated: STATUS SECONDS BYTES URL ERROR, or the columns of ``--columns``."""

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import visible
from fetchcli.sinks.base import ByteSink


class TextSink:
    """Writes columns for ``cut`` and ``awk``; ``-`` for a missing value."""

    def __init__(self, output: ByteSink, schema: Schema) -> None:
        self._output = output
        self._schema = schema
        self._writers = [column.text for column in schema.chosen]

    def open(self) -> None:
        """There is no header: every line is a row."""

    def handle(self, outcome: Outcome) -> None:
        """Write one line."""
        self._output.write((self._chosen(outcome) if self._writers else line(outcome)).encode())

    def _chosen(self, outcome: Outcome) -> str:
        """The line of the chosen columns."""
        # Values that only a continued run needs stand behind them.
        values = zip(self._schema.values(outcome), self._writers, strict=False)
        return "\t".join(visible(write(value)) or "-" for value, write in values) + "\n"

    def write_line(self, line: bytes) -> None:
        """Write a row that is encoded already."""
        self._output.write(line)

    def close(self, summary: Summary) -> None:
        """There is no footer."""


def line(outcome: Outcome) -> str:
    """The line of an outcome, with its line end."""
    response, failure = outcome.response, outcome.failure
    status, size = (response.status, response.size_download) if response else ("-", "-")
    seconds = f"{outcome.attempts[-1].elapsed:.3f}" if outcome.attempts else "-"
    checks = "; ".join(check.text for check in outcome.failed_checks)
    error = f"{failure.kind}: {failure.detail}" if failure else checks or "-"
    if outcome.verdict is Verdict.SKIPPED:
        error = f"skipped: {outcome.note}"
    elif outcome.note:
        error += f" ({outcome.note})"
    return f"{status}\t{seconds}\t{size}\t{visible(outcome.row.text)}\t{visible(error)}\n"
