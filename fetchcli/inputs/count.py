"""Count the rows in advance, if that is possible."""

import threading
from collections.abc import Callable, Iterable, Sequence

from fetchcli.core.errors import InputError, UsageError
from fetchcli.core.settings import Reading
from fetchcli.core.url.globbing import count, parse_glob
from fetchcli.inputs.base import Argument, Input
from fetchcli.inputs.formats import SITEMAP, read_records
from fetchcli.inputs.record import BadFormat


def count_rows(inputs: Iterable[Input], reading: Reading, stopped: Callable[[], bool] = lambda: False) -> int | None:
    """Count the rows of regular files and arguments; None if the number is known only after the run has read them.

    Args:
        inputs: the inputs.
        reading: how they are read.
        stopped: asked between blocks; ends the counting.
    """
    selection = reading.selection
    if selection.filters_content or reading.strict or selection.shard is not None:
        return None
    total = 0
    for source in inputs:
        if isinstance(source, Argument):
            if reading.format == SITEMAP.name:
                return None
            total += _rows_of(source.text, reading)
        elif not source.is_quick:
            return None
        else:
            try:
                _, batches = read_records(source.blocks(), source.name, reading)
                for records in batches:
                    if stopped() or any(record.sitemap for record in records):
                        return None
                    total += sum(_rows_of(record.url, reading) for record in records) if reading.glob else len(records)
            except (InputError, BadFormat):
                return None
    bounds = [bound for bound in (selection.limit, selection.sample) if bound is not None]
    return min([total, *bounds])


def count_in_time(inputs: Sequence[Input], reading: Reading, seconds: float) -> int | None:
    """Count the rows as `count_rows` does; None also if it takes longer than that."""
    counted: list[int | None] = []
    late = threading.Event()
    thread = threading.Thread(target=lambda: counted.append(count_rows(inputs, reading, late.is_set)), daemon=True)
    thread.start()
    thread.join(seconds)
    late.set()
    return counted[0] if counted else None


def _rows_of(url: str, reading: Reading) -> int:
    try:
        return count(parse_glob(url)) if reading.glob else 1
    except UsageError:
        return 1
