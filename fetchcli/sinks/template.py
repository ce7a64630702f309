"""``-w``: a template like curl's, filled in for every row."""

from collections.abc import Callable

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.summary import Summary
from fetchcli.sinks.base import ByteSink


class TemplateSink:
    """Writes the rendering of each outcome, and nothing else, not even a newline."""

    def __init__(self, output: ByteSink, render: Callable[[Outcome], str]) -> None:
        self._output = output
        self._render = render

    def open(self) -> None:
        """A template has no header."""

    def handle(self, outcome: Outcome) -> None:
        """Write one rendering."""
        self._output.write(self._render(outcome).encode("utf-8", "replace"))

    def close(self, summary: Summary) -> None:
        """A template has no footer."""
