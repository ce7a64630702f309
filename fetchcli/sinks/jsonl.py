"""``jsonl``: one JSON object per row, with every column; missing values are null."""

from collections.abc import Callable
from typing import Any

import msgspec

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.columns import Value
from fetchcli.core.rows.schema import ODD_NAME, Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import inert_json, without_surrogates
from fetchcli.sinks.base import ByteSink

DELETE, HASH, SPACE = b"\x7f# "  # as numbers they are found sooner (see `core.http1.head`)
_encode = msgspec.json.Encoder().encode


class RowEncoder:
    """Encodes an outcome as a JSON object: valid UTF-8, without terminal controls and commands to CI systems."""

    def __init__(self, schema: Schema) -> None:
        fields = {f"column{at}": name for at, name in enumerate(schema.names)}  # a --keep name may be any text
        if any(map(ODD_NAME.search, schema.names)):
            self._row: Callable[..., Any] = lambda *values: dict(zip(schema.names, values, strict=True))
        else:
            self._row = msgspec.defstruct("Row", [(field, Value) for field in fields], rename=fields)
        self._make = schema.compiled(self._row)

    def __call__(self, outcome: Outcome) -> bytes:
        """Encode one row."""
        try:
            encoded = _encode(self._make(outcome))
        except UnicodeEncodeError:  # a lone surrogate has no UTF-8
            row = self._make(outcome)
            values = row.values() if isinstance(row, dict) else msgspec.structs.astuple(row)
            encoded = _encode(self._row(*map(without_surrogates, values)))
        # No controls, and no commands to a CI system: those begin with # or, behind a space, with two colons.
        if (
            encoded.isascii()
            and DELETE not in encoded
            and HASH not in encoded
            and (SPACE not in encoded or encoded.find(b" ::") < 0)
        ):
            return encoded
        return inert_json(encoded.decode()).encode()


class JsonLinesSink:
    """Writes rows as they finish."""

    def __init__(self, output: ByteSink, schema: Schema) -> None:
        self._output = output
        self._encode = RowEncoder(schema)

    def open(self) -> None:
        """JSON Lines has no header."""

    def handle(self, outcome: Outcome) -> None:
        """Write one line."""
        self._output.write(self._encode(outcome) + b"\n")

    def write_line(self, line: bytes) -> None:
        """Write a row that is encoded already."""
        self._output.write(line)

    def close(self, summary: Summary) -> None:
        """JSON Lines has no footer."""
