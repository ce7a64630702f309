"""``--from-results`` with parts of a list: whether they belong together, and what is missing."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from fetchcli.core.errors import InputError, UsageError
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.shard.manifest import PartManifest, conflict, missing_ranges, row_ranges
from fetchcli.core.text import visible
from fetchcli.inputs.results_file import ResultsFile
from fetchcli.run.part_files import read_manifest
from fetchcli.sinks.formats import parse_output

MAX_RANGES = 8  # that are shown


class RowSource(Protocol):
    """Results that can be read once more."""

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows in batches; raises InputError."""


class MergedParts:
    """The parts among the results that are merged.

    Args:
        names: the names of all results.

    Raises:
        InputError: two of them cannot be parts of one list, or are the same part.
    """

    def __init__(self, names: Sequence[str]) -> None:
        found = [(name, read_manifest(_path(name))) for name in names]
        self._parts: dict[str, PartManifest] = {name: manifest for name, manifest in found if manifest is not None}
        self._others = [name for name, manifest in found if manifest is None]
        self._check()

    def _check(self) -> None:
        """Refuse parts that do not belong together."""
        known = (name for name, part in self._parts.items() if part.fingerprint is not None)
        first = next(known, next(iter(self._parts), ""))
        by_number: dict[int, str] = {}
        for name, part in self._parts.items():
            for other in (first, by_number.setdefault(part.shard, name)):
                problem = conflict(self._parts[other], visible(other), part, visible(name))
                if problem and other != name:
                    raise InputError(problem)

    def missing(self, sources: Iterable[tuple[str, RowSource]]) -> list[str]:
        """What is missing of the list, one message for each part or reason; reads the results once more.

        Args:
            sources: all results, by name.
        """
        if not self._parts:
            return []
        messages: list[str] = []
        total = next((part.list_rows for part in self._parts.values() if part.list_rows is not None), None)
        seen = bytearray(total or 0)
        for name, source in sources:
            rows = _note(seen, _numbers(source))
            if name in self._parts:
                messages += _lack(visible(name), self._parts[name], rows)
        if total is not None and all(seen):
            return []
        if absent := self._absent():
            messages.append(absent)
            messages += [
                f"{visible(name)}: there is no manifest beside it, so its part is not known" for name in self._others
            ]
        return messages + (_lost(seen) if any(seen) else [])

    def _absent(self) -> str:
        """The parts that no results file is of."""
        of = next(iter(self._parts.values())).of
        there = bytearray(of)
        for part in self._parts.values():
            there[part.shard - 1] = 1
        ranges, more = missing_ranges(there, MAX_RANGES)
        if not ranges:
            return ""
        is_one = not more and ranges[0][0] == ranges[-1][1]
        shown = row_ranges(ranges, more=more)
        return f"part {shown} of {of} is missing" if is_one else f"parts {shown} of {of} are missing"


def _path(name: str) -> str:
    """The file of an input: ``run.db`` of ``sqlite:run.db``."""
    try:
        return parse_output(name).path
    except UsageError:  # a name without an extension
        return name


def _note(seen: bytearray, numbers: Iterable[int]) -> int:
    """Mark the rows of a file; their number, without repetitions. Rows without a number are only counted."""
    fresh = 0
    for number in numbers:
        if not number:
            fresh += 1
        elif 0 < number <= len(seen) and not seen[number - 1]:
            seen[number - 1] = 1
            fresh += 1
    return fresh


def _numbers(source: RowSource) -> Iterator[int]:
    if isinstance(source, ResultsFile):
        try:
            for numbers in source.numbers():
                yield from numbers
        except (ValueError, IndexError):
            pass
        else:
            return
    for batch in source.rows(Shape()):  # what was yielded already is marked again
        for row in batch:
            yield row.seq


def _lack(name: str, part: PartManifest, rows: int) -> list[str]:
    if part.rows is None:
        return [f"{name}: the run of {part.name} has not ended, so rows may be missing"]
    if rows >= part.rows:
        return []
    ended = "" if part.complete else "; its run has not ended"
    return [f"{name}: {part.rows - rows:,} of the {part.rows:,} rows of {part.name} are missing{ended}"]


def _lost(seen: bytearray) -> list[str]:
    ranges, more = missing_ranges(seen, MAX_RANGES)
    count = len(seen) - sum(seen)
    return (
        [f"{count:,} of the {len(seen):,} rows of the list are missing: {row_ranges(ranges, more=more)}"]
        if ranges
        else []
    )
