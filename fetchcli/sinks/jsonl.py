"""``jsonl``: one JSON object a row, every column always there, absent values null."""

import re

import msgspec

from fetchcli.core.columns import NAMES, Value, values
from fetchcli.core.model import Outcome
from fetchcli.core.summary import Summary
from fetchcli.sinks.base import ByteSink

_Row = msgspec.defstruct("Row", [(name, Value) for name in NAMES])
_encode = msgspec.json.Encoder().encode
# JSON allows C1 controls, bidi controls and separators raw; a terminal would obey them.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def encode_row(outcome: Outcome) -> bytes:
    """The JSON object of an outcome: valid UTF-8, inert at a terminal, faithful when decoded."""
    try:
        encoded = _encode(_Row(*values(outcome)))
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8
        encoded = _encode(_Row(*map(_without_surrogates, values(outcome))))
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", encoded.decode()).encode()


def _without_surrogates(value: Value) -> Value:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


class JsonLinesSink:
    """Rows as they finish."""

    def __init__(self, output: ByteSink) -> None:
        self._output = output

    def open(self) -> None:
        """JSON Lines has no header."""

    def handle(self, outcome: Outcome) -> None:
        """Write one line."""
        self._output.write(encode_row(outcome) + b"\n")

    def close(self, summary: Summary) -> None:
        """JSON Lines has no footer."""
