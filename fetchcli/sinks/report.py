"""A sink that writes once, at the end: what a function makes of the data of the run."""

from collections.abc import Callable, Iterable, Mapping

from fetchcli.core.model import Outcome
from fetchcli.core.report import Report, RowsKept
from fetchcli.core.summary import Summary
from fetchcli.sinks.base import ByteSink

Render = Callable[[Report], str]
Locate = Callable[[Iterable[Outcome]], Mapping[tuple[str, int], int]]


class ReportSink:
    """Collects, and writes a report when the run is over.

    Args:
        output: where it goes.
        render: makes its text.
        locate: finds out where in their lines rows begin.
    """

    def __init__(self, output: ByteSink, render: Render, locate: Locate) -> None:
        self._output = output
        self._render = render
        self._locate = locate
        self._rows = RowsKept()

    def open(self) -> None:
        """Nothing is written before the end."""

    def handle(self, outcome: Outcome) -> None:
        """Keep it, if it still fits."""
        self._rows.add(outcome)

    def close(self, summary: Summary) -> None:
        """Write the report."""
        report = self._rows.report(summary, self._locate(self._rows.others))
        self._output.write(self._render(report).encode("utf-8", "backslashreplace"))
