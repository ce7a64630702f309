"""Find malformed expectations before the first request, in lists that can be read twice."""

from collections.abc import Iterable, Iterator

from fetchcli.core.expect.expectations import Check
from fetchcli.core.request.row_request import RowProblem
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import File, Input
from fetchcli.inputs.expect import NAME, ExpectationParser
from fetchcli.inputs.formats import open_list, read_records
from fetchcli.inputs.record import BadFormat, Record

MAX_HEADER = 64 * 1024  # bytes at the beginning of a table in which its header ends


def malformed(inputs: Iterable[Input], reading: Reading, checks: tuple[Check, ...]) -> Iterator[str]:
    """Yield ``FILE:LINE: problem`` for each malformed expectation; pipes are checked while they are read.

    Raises:
        InputError: a file cannot be read.
    """
    parse = ExpectationParser(checks)
    for source in inputs:
        if isinstance(source, File) and source.is_quick and _may_contain_expectations(source, reading):
            try:
                for records in read_records(source.blocks(), source.name, reading)[1]:
                    for record in records:
                        if problem := _problem(record, parse):
                            yield f"{source.name}:{record.line}: {problem}"
            except BadFormat:
                continue  # reported when the list is read for real


def _may_contain_expectations(source: File, reading: Reading) -> bool:
    """Whether rows of a list may have expectations; most lists need not be read a second time for that.

    Without columns there are none; with a header it would name them; otherwise every row may bring the word.
    """
    tail, size = b"", 0
    try:
        input_format, blocks = open_list(source.blocks(), source.name, reading)
        if not input_format.has_columns:
            return False
        for block in blocks:
            seen = tail + block
            if NAME.encode() in seen.lower() or b"\\u" in seen:
                return True
            size += len(block)
            if input_format.has_header and size >= MAX_HEADER:
                return False
            tail = seen[-len(NAME) :]
    except BadFormat:
        return False  # reported when the list is read for real
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
