"""The lists of a run: what they are, what was wrong with them, and whether they held nothing."""

from collections.abc import Sequence
from itertools import islice

from fetchcli.core.errors import UsageError
from fetchcli.core.settings import Settings
from fetchcli.inputs.base import Argument, File, Input
from fetchcli.inputs.precheck import malformed
from fetchcli.inputs.reader import RowReader
from fetchcli.messages import say

MOST_MALFORMED = 99  # rows that are counted before the run is refused


def named_inputs(texts: tuple[str, ...]) -> list[Input]:
    """What to read; what can be seen to be unreadable is refused now.

    Raises:
        InputError: there is such an input.
    """
    inputs: list[Input] = [Argument(text) if "://" in text else File(text) for text in texts]
    for source in inputs:
        if isinstance(source, File):
            source.check()
    return inputs


def why_empty(settings: Settings, reader: RowReader) -> str:
    """What to say of a run without a single row; nothing where that is fine."""
    selection = settings.reading.selection
    if settings.allow_empty or (reader.left_out and not (selection.include or selection.exclude)):
        return ""  # in the latter case all of them had been accepted
    if selection.limit == 0 or selection.sample == 0:
        return "--limit 0 and --sample 0 leave no row; --allow-empty accepts that"
    if reader.left_out:
        return f"none of the {reader.left_out:,} rows was selected; --allow-empty accepts that"
    return "the input holds no URL; --allow-empty accepts that"


def is_endless(source: Input) -> bool:
    """Whether reading it may take for ever, or goes to the web: a pipe, a sitemap."""
    return not (isinstance(source, Argument) or source.is_regular) or ".xml" in getattr(source, "name", "")


def refuse_malformed(settings: Settings, inputs: list[Input]) -> None:
    """A row that expects something that cannot be understood is a mistake of whoever wrote it.

    Raises:
        UsageError: there is one.
    """
    found = list(islice(malformed(inputs, settings.reading, settings.policy.checks), MOST_MALFORMED + 1))
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) <= MOST_MALFORMED else " (and many more)"
        raise UsageError(found[0] + more * (len(found) > 1))


def complain(settings: Settings, reader: RowReader, empty: str, errors: Sequence[str]) -> None:
    """Say what was left out, what could not be read, in whichever round, and that there was nothing."""
    if reader.left_out and not (settings.quiet or empty):
        say(f"{reader.left_out:,} rows left out (--include, --exclude, --only-failed)")
    for error in errors:
        say(error)
    if empty and not errors:
        say(empty)
