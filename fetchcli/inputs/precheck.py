"""Find malformed expectations before the first request, in lists that can be read twice."""

from collections.abc import Iterable, Iterator

from fetchcli.core.expect.expectations import Check
from fetchcli.core.request.row_request import RowProblem
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import File, Input
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.expect import NAME, ExpectationParser
from fetchcli.inputs.formats import read_records
from fetchcli.inputs.record import BadFormat, Record


def malformed(inputs: Iterable[Input], reading: Reading, checks: tuple[Check, ...]) -> Iterator[str]:
    """Yield ``FILE:LINE: problem`` for each malformed expectation; pipes are checked while they are read.

    Raises:
        InputError: a file cannot be read.
    """
    parse = ExpectationParser(checks)
    for source in inputs:
        if isinstance(source, File) and source.is_regular and _may_contain_expectations(source):
            try:
                for records in read_records(source.blocks(), source.name, reading)[1]:
                    for record in records:
                        if problem := _problem(record, parse):
                            yield f"{source.name}:{record.line}: {problem}"
            except BadFormat:
                continue  # reported when the list is read for real


def _may_contain_expectations(source: File) -> bool:
    """Whether the word occurs in a list at all: most lists need no second reading."""
    tail = b""
    try:
        for block in decompressed(source.blocks()):
            seen = tail + block
            if NAME.encode() in seen.lower() or b"\\u" in seen:
                return True
            tail = seen[-len(NAME) :]
    except BadFormat:
        return False
    return False


def _problem(record: Record, parse: ExpectationParser) -> str:
    if record.malformed:
        return record.problem
    try:
        if record.expect:
            parse(record.expect)
    except RowProblem as problem:
        return str(problem)
    return ""
