"""A sink that writes once, at the end: what a function makes of the data of the run."""

from collections.abc import Callable

from fetchcli.core.model import Outcome
from fetchcli.core.report import Report, RowsKept
from fetchcli.core.summary import Summary
from fetchcli.sinks.base import ByteSink

Render = Callable[[Report], str]


class ReportSink:
    """Collects, and writes a report when the run is over.

    Args:
        output: where it goes.
        render: makes its text.
        rows: collects for all reports of the run.
    """

    def __init__(self, output: ByteSink, render: Render, rows: RowsKept) -> None:
        self._output = output
        self._render = render
        self._rows = rows

    def open(self) -> None:
        """Nothing is written before the end."""

    def handle(self, outcome: Outcome) -> None:
        """Keep it, if it still fits."""
        self._rows.add(outcome)

    def close(self, summary: Summary) -> None:
        """Write the report."""
        self._output.write(self._render(self._rows.report(summary)).encode("utf-8", "backslashreplace"))
