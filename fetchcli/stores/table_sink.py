"""Hands rows to a table."""

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.stores.base import TableOutput


class TableSink:
    """Writes rows as they finish.

    Args:
        output: the table.
        schema: its columns.
    """

    def __init__(self, output: TableOutput, schema: Schema) -> None:
        self._output, self._schema = output, schema

    def open(self) -> None:
        """A table has no header."""

    def handle(self, outcome: Outcome) -> None:
        """Write one row."""
        self._output.write(self._schema.values(outcome))

    def close(self, summary: Summary) -> None:
        """A table has no footer."""
