"""``jsonl``: one JSON object a row, every column always there, absent values null."""

import re
from typing import Any

import msgspec

from fetchcli.core.columns import Value
from fetchcli.core.model import Outcome
from fetchcli.core.schema import Schema
from fetchcli.core.summary import Summary
from fetchcli.sinks.base import ByteSink

_encode = msgspec.json.Encoder().encode
# JSON allows C1 controls, bidi controls and separators raw; a terminal would obey them.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


class RowEncoder:
    """Outcome -> JSON object: valid UTF-8, inert at a terminal, faithful when decoded."""

    def __init__(self, schema: Schema) -> None:
        self._values = schema.values
        fields = {f"column{at}": name for at, name in enumerate(schema.names)}  # a kept name may be any text
        self._row = msgspec.defstruct("Row", [(field, Value) for field in fields], rename=fields)

    def __call__(self, outcome: Outcome) -> bytes:
        """Encode one row."""
        try:
            encoded = _encode(self._row(*self._values(outcome)))
        except UnicodeEncodeError:  # a lone surrogate has no UTF-8
            encoded = _encode(self._row(*map(_without_surrogates, self._values(outcome))))
        if encoded.isascii() and b"\x7f" not in encoded:
            return encoded
        return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded.decode()).encode()


def _without_surrogates(value: object) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {name: _without_surrogates(item) for name, item in value.items()}
    return [_without_surrogates(item) for item in value] if isinstance(value, list) else value


class JsonLinesSink:
    """Rows as they finish."""

    def __init__(self, output: ByteSink, schema: Schema) -> None:
        self._output = output
        self._encode = RowEncoder(schema)

    def open(self) -> None:
        """JSON Lines has no header."""

    def handle(self, outcome: Outcome) -> None:
        """Write one line."""
        self._output.write(self._encode(outcome) + b"\n")

    def close(self, summary: Summary) -> None:
        """JSON Lines has no footer."""
