"""``json``: one array of the same objects as ``jsonl``, written as they finish."""

from fetchcli.core.model import Outcome
from fetchcli.core.schema import Schema
from fetchcli.core.summary import Summary
from fetchcli.sinks.base import ByteSink
from fetchcli.sinks.jsonl import RowEncoder


class JsonSink:
    """A JSON array that is complete whenever the run ends, even by a signal."""

    def __init__(self, output: ByteSink, schema: Schema) -> None:
        self._output = output
        self._encode = RowEncoder(schema)
        self._separator = b"\n"

    def open(self) -> None:
        """Begin the array."""
        self._output.write(b"[")

    def handle(self, outcome: Outcome) -> None:
        """Add one element."""
        self._output.write(self._separator + self._encode(outcome))
        self._separator = b",\n"

    def close(self, summary: Summary) -> None:
        """End the array."""
        self._output.write(b"\n]\n")
