"""The inputs of a run: open them, and report what was wrong with them."""

from collections.abc import Sequence
from itertools import islice

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.object_url import is_object_url, parse_object_url
from fetchcli.core.settings import AUTO, Reading, Settings
from fetchcli.core.url.parse import mask_credentials
from fetchcli.inputs.all_columns import ALL, with_all_columns
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.formats import BY_NAME, format_by_extension
from fetchcli.inputs.precheck import malformed
from fetchcli.inputs.reader import RowReader
from fetchcli.messages import print_message
from fetchcli.sinks.formats import parse_output

PARQUET = ".parquet"
MAX_MALFORMED = 99  # malformed rows that are counted


def open_inputs(settings: Settings) -> list[Input]:
    """The inputs that were named; unreadable files are refused now.

    Raises:
        InputError: a file cannot be read, or a query fails.
    """
    inputs = [_opened(text, settings.reading) for text in settings.inputs]
    for source in inputs:
        if isinstance(source, File):
            source.check()
    return inputs


def _opened(text: str, reading: Reading) -> Input:
    if reading.query is not None:
        return _query(text, reading.query, reading.url_column)
    if is_object_url(text):
        return _object(text)
    if "://" in text:
        return Argument(text)
    return parquet_file(text, reading) if text.lower().endswith(PARQUET) else File(text)


def _object(text: str) -> File:
    """A list in an object store; most runs have none and import none of it."""
    from fetchcli.object_stores.object_list import ObjectFile

    parse_object_url(text)
    if text.lower().endswith(PARQUET):
        raise UsageError(f"{text}: a Parquet file is read from a disk; copy it there first")
    return ObjectFile(text)


def parquet_file(name: str, reading: Reading | None = None) -> File:
    """A Parquet file; of a list, only the columns that have a meaning are read."""
    from fetchcli.inputs.parquet import ParquetFile

    if reading is None or ALL in reading.keep:
        return ParquetFile(name=name)
    return ParquetFile(name=name, wanted=(reading.url_column, *reading.keep))


def _query(text: str, sql: str, url_column: str) -> Input:
    """A query to the database of an argument; `cli.build` has made sure that it is one."""
    from fetchcli.inputs.query import Query
    from fetchcli.stores.ask import asker

    spec = parse_output(text)
    name = mask_credentials(text.partition("?")[0])
    file = "" if spec.format.schemes else spec.path
    return Query(name=name, file=file, sql=sql, url_column=url_column, ask=asker(spec.format.load(), spec.path, name))


def name_columns(settings: Settings, inputs: Sequence[Input]) -> Settings:
    """The settings with the columns that ``--keep '*'`` stands for.

    Raises:
        UsageError: a list cannot be read twice, or has no columns.
    """
    if ALL not in settings.reading.keep:
        return settings
    return msgspec.structs.replace(settings, reading=with_all_columns(inputs, settings.reading))


def empty_input_message(settings: Settings, reader: RowReader) -> str:
    """The message for a run without rows; empty if that is fine."""
    selection = settings.reading.selection
    if reader.sharding is not None and reader.sharding.list_rows:
        return ""  # a short list leaves parts without rows
    if settings.allow_empty or (reader.filtered_out and not (selection.include or selection.exclude)):
        return ""  # all of them had been accepted
    if selection.limit == 0 or selection.sample == 0:
        return "--limit 0 and --sample 0 leave no row (--allow-empty accepts that)"
    if reader.filtered_out:
        return f"none of the {reader.filtered_out:,} rows was selected (--allow-empty accepts that)"
    return "the input contains no URL (--allow-empty accepts that)"


def may_block(source: Input, reading: Reading) -> bool:
    """Whether reading may never end, or needs the web: a pipe, a sitemap."""
    if isinstance(source, Argument):
        return False
    known = format_by_extension(source.name) if reading.format == AUTO else BY_NAME[reading.format]
    return not source.is_regular or (known is not None and known.remote)


def check_expectations(settings: Settings, inputs: list[Input]) -> None:
    """Refuse lists with malformed expectations.

    Raises:
        UsageError: an expectation is malformed.
    """
    problems = list(islice(malformed(inputs, settings.reading, settings.policy.checks), MAX_MALFORMED + 1))
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) <= MAX_MALFORMED else " (and many more)"
        raise UsageError(problems[0] + more * (len(problems) > 1))


def report_input_problems(settings: Settings, reader: RowReader, empty: str, errors: Sequence[str]) -> None:
    """Report what was left out, what could not be read, and that there were no rows."""
    if reader.filtered_out and not (settings.quiet or empty):
        selection, count = settings.reading.selection, reader.filtered_out
        used = (
            ("--only-failed", selection.only_failed),
            ("--include", selection.include),
            ("--exclude", selection.exclude),
        )
        options = ", ".join(name for name, given in used if given)
        print_message(f"{count:,} row{'s' * (count != 1)} left out ({options})")
    for warning in reader.warnings if reader.sharding is None else (*reader.warnings, *reader.sharding.messages):
        print_message(warning)
    for error in errors:
        print_message(error)
    if empty and not errors:
        print_message(empty)
