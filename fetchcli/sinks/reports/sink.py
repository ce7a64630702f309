"""A sink that writes a report once, at the end."""

from collections.abc import Callable

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import OutcomeBuffer, Report
from fetchcli.core.summary.summary import Summary
from fetchcli.sinks.base import ByteSink

Render = Callable[[Report], str]


class ReportSink:
    """Collects outcomes, and writes a report when the run is over.

    Args:
        output: where the report goes.
        render: renders its text.
        rows: the outcome buffer that all reports share.
    """

    def __init__(self, output: ByteSink, render: Render, rows: OutcomeBuffer) -> None:
        self._output = output
        self._render = render
        self._rows = rows

    def open(self) -> None:
        """Nothing is written at the start."""

    def handle(self, outcome: Outcome) -> None:
        """Keep the outcome if it still fits."""
        self._rows.add(outcome)

    def close(self, summary: Summary) -> None:
        """Write the report."""
        self._output.write(self._render(self._rows.report(summary)).encode("utf-8", "backslashreplace"))
