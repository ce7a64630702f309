"""``--print-curl``: print the curl command for every row."""

import sys
from collections.abc import Iterator

from fetchcli.core.curl.write import curl_command
from fetchcli.core.errors import ExitCode, OutputError
from fetchcli.core.model.target import Rejected, Skipped
from fetchcli.core.request.request import default_headers
from fetchcli.core.settings import Settings
from fetchcli.inputs.reader import RowReader
from fetchcli.messages import print_message
from fetchcli.run.inputs import (
    check_expectations,
    empty_input_message,
    name_columns,
    open_inputs,
    report_input_problems,
)
from fetchcli.run.sharding import attach_sharding


def print_curl(settings: Settings, user_agent: str) -> ExitCode:
    """Print the commands and return the exit code.

    Raises:
        InputError: an input cannot be read.
        OutputError: stdout cannot be written.
    """
    inputs = open_inputs(settings)
    settings = name_columns(settings, inputs)
    check_expectations(settings, inputs)
    reader = attach_sharding(RowReader(inputs, settings.reading, settings.policy), settings, inputs)
    rows = invalid = 0
    try:
        for line in _lines(reader, settings, default_headers(user_agent)):
            rows += 1
            invalid += line is None
            if line is not None:
                sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = None  # so that nothing is flushed at exit
        if isinstance(error, BrokenPipeError):  # `| head`
            return ExitCode.OUTPUT
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None
    empty = "" if rows else empty_input_message(settings, reader)
    report_input_problems(settings, reader, empty, list(map(str, reader.errors)))
    return ExitCode.INPUT if empty or reader.errors or (invalid and not settings.exit_zero) else ExitCode.OK


def _lines(reader: RowReader, settings: Settings, defaults: dict[str, str]) -> Iterator[str | None]:
    """Yield one line per row; None for an invalid row, which is reported."""
    for batch in reader.batches():
        for row in batch:
            if isinstance(row, Rejected):
                print_message(row.message)
                yield None
            elif not isinstance(row, Skipped):
                yield curl_command(row, settings.policy, defaults)
