"""``json``: one array of the same objects as ``jsonl``, written as rows finish."""

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.sinks.base import ByteSink
from fetchcli.sinks.jsonl import RowEncoder


class JsonSink:
    """Writes a JSON array that is complete however the run ends."""

    def __init__(self, output: ByteSink, schema: Schema) -> None:
        self._output = output
        self._encode = RowEncoder(schema)
        self._separator = b"\n"

    def open(self) -> None:
        """Start the array."""
        self._output.write(b"[")

    def handle(self, outcome: Outcome) -> None:
        """Add one element."""
        self._output.write(self._separator + self._encode(outcome))
        self._separator = b",\n"

    def close(self, summary: Summary) -> None:
        """End the array."""
        self._output.write(b"\n]\n")
