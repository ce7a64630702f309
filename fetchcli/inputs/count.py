"""How many rows there are, where that can be known before they were read."""

from collections.abc import Iterable
from pathlib import Path

from fetchcli.core.errors import InputError
from fetchcli.inputs.base import STDIN, Argument, Input
from fetchcli.inputs.lines import data_lines


def count_rows(inputs: Iterable[Input]) -> int | None:
    """Count the rows of regular files and arguments; None where one of the inputs is a stream."""
    total = 0
    for source in inputs:
        if isinstance(source, Argument):
            total += 1
        elif source.name == STDIN or not Path(source.name).is_file():
            return None
        else:
            try:
                total += sum(len(lines) for lines in data_lines(source.blocks()))
            except InputError:
                return None
    return total
