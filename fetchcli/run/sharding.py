"""``--shard``: the part of the list that a run fetches."""

from collections.abc import Iterator, Sequence

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.target import Row
from fetchcli.core.settings import Settings
from fetchcli.inputs.base import STDIN, Argument, Input
from fetchcli.inputs.formats import SITEMAP
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.sharding import Sharding
from fetchcli.run.inputs import may_block


def attach_sharding(reader: RowReader, settings: Settings, inputs: Sequence[Input]) -> RowReader:
    """The reader; with ``--shard``, it yields the rows of one part.

    Raises:
        UsageError: --split-hosts is given, but an input can be read only once.
    """
    selection = settings.reading.selection
    if selection.shard is None:
        return reader
    once = next((source for source in inputs if not _is_rereadable(source, settings)), None)
    if once is not None and selection.split_hosts:
        raise UsageError(f"--split-hosts requires lists that can be read twice, and {_shown(once)} cannot")

    def read() -> Iterator[list[Row]]:
        in_order = msgspec.structs.replace(selection, shuffle=False)
        first = RowReader(inputs, msgspec.structs.replace(settings.reading, selection=in_order), settings.policy)
        first.is_written = reader.is_written
        return first.batches()

    reader.sharding = Sharding(selection.shard, read if once is None else None, split=selection.split_hosts)
    return reader


def _is_rereadable(source: Input, settings: Settings) -> bool:
    """Whether reading an input again is quick and brings the same rows."""
    is_fetched = isinstance(source, Argument) and settings.reading.format == SITEMAP.name
    return not (is_fetched or may_block(source, settings.reading))


def _shown(source: Input) -> str:
    if isinstance(source, Argument):
        return "a sitemap that is fetched"
    return "stdin" if source.name == STDIN else source.name
