"""Bodies on stdout: a data sink that writes what the store has held back until the outcome."""

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.summary import Summary
from fetchcli.save.stdout import Stdout
from fetchcli.sinks.output import Output


class BodySink:
    """See `sinks.base.Sink`."""

    def __init__(self, output: Output, stdout: Stdout) -> None:
        self._output, self._stdout = output, stdout

    def open(self) -> None:
        """Nothing is written before the first body."""

    def handle(self, outcome: Outcome) -> None:
        """Write the body of an outcome."""
        if outcome.saved is not None:
            self._output.write_blocks(*self._stdout.take(outcome))

    def close(self, summary: Summary) -> None:
        """Nothing is written after the last body."""
