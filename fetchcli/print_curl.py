"""``--print-curl``: for every row the curl command that does the same; nothing is requested."""

import sys
from collections.abc import Iterator

from fetchcli.core.curl_command import curl_command
from fetchcli.core.errors import ExitCode, OutputError
from fetchcli.core.model import Passed, Rejected
from fetchcli.core.request import default_headers
from fetchcli.core.settings import Settings
from fetchcli.inputs.reader import RowReader
from fetchcli.listing import complain, named_inputs, refuse_malformed, why_empty
from fetchcli.messages import say


def print_curl(settings: Settings, user_agent: str) -> ExitCode:
    """Print them.

    Raises:
        InputError: an input cannot be read.
        OutputError: stdout cannot be written.
    """
    inputs = named_inputs(settings.inputs)
    refuse_malformed(settings, inputs)
    reader = RowReader(inputs, settings.reading, settings.policy)
    rows = invalid = 0
    try:
        for line in _lines(reader, settings, default_headers(user_agent)):
            rows += 1
            invalid += line is None
            if line is not None:
                sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = None  # there is nothing to be flushed to any more
        if isinstance(error, BrokenPipeError):  # `| head`
            return ExitCode.OUTPUT
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None
    empty = "" if rows else why_empty(settings, reader)
    complain(settings, reader, empty, list(map(str, reader.errors)))
    return ExitCode.INPUT if empty or reader.errors or (invalid and not settings.exit_zero) else ExitCode.OK


def _lines(reader: RowReader, settings: Settings, defaults: dict[str, str]) -> Iterator[str | None]:
    """A line a row; None for one that cannot be fetched, which is said."""
    for batch in reader.batches():
        for row in batch:
            if isinstance(row, Rejected):
                say(row.message)
                yield None
            elif not isinstance(row, Passed):
                yield curl_command(row, settings.policy, defaults)
