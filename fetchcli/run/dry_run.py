"""``--dry-run``: print what a run would do, by reading the input only."""

import sys
from collections import Counter, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fetchcli.core.errors import ExitCode, OutputError
from fetchcli.core.model.policy import Pace
from fetchcli.core.model.target import Rejected, Row, Skipped, Target
from fetchcli.core.rate import Rate
from fetchcli.core.settings import Settings
from fetchcli.core.text import visible
from fetchcli.core.units import format_clock
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.select import identity
from fetchcli.run.inputs import (
    check_expectations,
    empty_input_message,
    name_columns,
    open_inputs,
    report_input_problems,
)
from fetchcli.run.sharding import attach_sharding

if TYPE_CHECKING:
    from fetchcli.run.saving import Saving

NAMES_AHEAD = 10_000
MAX_HOSTS = 20
MAX_INVALID = 20


class DryRun:
    """Counts over the rows of an input.

    Attributes:
        invalid: rows that cannot be fetched.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._hosts: Counter[str] = Counter()
        self._seen: set[bytes] = set()
        self._duplicates = self._skipped = 0
        self._messages: list[str] = []
        self.invalid = 0

    @property
    def total(self) -> int:
        """All rows."""
        return self._hosts.total() + self._skipped + self.invalid

    def add(self, row: Row) -> None:
        """Count one row."""
        if isinstance(row, Rejected):
            self.invalid += 1
            if len(self._messages) < MAX_INVALID:
                self._messages.append(row.message)
            return
        if isinstance(row, Skipped):
            self._duplicates += 1
            self._skipped += 1
            return
        self._hosts[f"{row.url.scheme}://{row.url.authority}"] += 1
        key = identity(row)  # a few bytes per row: a million URLs would need too much memory
        self._duplicates += key in self._seen
        self._seen.add(key)

    def lines(self) -> list[str]:
        """The lines to print: totals, minimum time, rows per host, invalid rows."""
        hosts = len(self._hosts)
        lines = [
            f"{self.total:,} row{'s' * (self.total != 1)}: "
            f"{self._hosts.total():,} to fetch from {hosts:,} host{'s' * (hosts != 1)}, "
            f"{self._duplicates:,} duplicate{'s' * (self._duplicates != 1)} "
            f"{'skipped' if self._skipped else 'included'}; "
            f"{self.invalid:,} invalid",
            *self._min_time_line(),
            *(f"{rows:>9,}  {visible(host)}" for host, rows in self._hosts.most_common(MAX_HOSTS)),
        ]
        if hosts > MAX_HOSTS:
            lines.append(f"and {hosts - MAX_HOSTS:,} hosts more")
        lines += [f"invalid: {visible(message)}" for message in self._messages]
        if self.invalid > MAX_INVALID:
            lines.append(f"and {self.invalid - MAX_INVALID:,} invalid rows more")
        return lines

    def _min_time_line(self) -> list[str]:
        """The minimum time at the given rates."""
        bounds = []
        if self._pace.rate is not None and self._hosts:
            bounds.append((_min_seconds(self._hosts.total(), self._pace.rate), "--rate"))
        if self._pace.host_rate is not None and self._hosts:
            host, rows = self._hosts.most_common(1)[0]
            bounds.append((_min_seconds(rows, self._pace.host_rate), f"--host-rate, {visible(host)}"))
        if not bounds:
            return []
        seconds, why = max(bounds)
        return [f"at least {format_clock(seconds)} at the given rates ({why})"]


def _min_seconds(rows: int, rate: Rate) -> float:
    """Full windows must pass before the last row may start."""
    return (rows - 1) // rate.count * rate.seconds


def read_dry_run(reader: RowReader, pace: Pace, saving: "Saving | None" = None) -> DryRun:
    """Read the input to its end; ``reader.errors`` contains what could not be read.

    Where bodies are saved, the names of their files are printed on the way.
    """
    dry_run = DryRun(pace)
    rows: deque[Target] = deque()  # a later row may change the name of an earlier one
    if saving is not None:
        reader.named = saving.rows
    for batch in reader.batches():
        for row in batch:
            dry_run.add(row)
        if saving is not None:
            rows.extend(row for row in batch if type(row) is Target)
            _print(_name_line(saving, rows.popleft()) for _ in range(len(rows) - NAMES_AHEAD))
    if saving is not None:
        _print(_name_line(saving, row) for row in rows)
    return dry_run


def _name_line(saving: "Saving", row: Target) -> str:
    return f"{visible(saving.shown(row))}\t{visible(row.text)}"


def _print(lines: Iterable[str]) -> None:
    """Print what was asked for; raises OutputError."""
    try:
        for line in lines:
            print(line)  # noqa: T201 - it is what was asked for
        sys.stdout.flush()
    except OSError as error:
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None


def _saving(settings: Settings) -> "Saving | None":
    if settings.save is None:
        return None
    from fetchcli.run.saving import make_saving

    return make_saving(settings)


def print_dry_run(settings: Settings) -> ExitCode:
    """Print it and return the exit code.

    Raises:
        InputError: an input cannot be read.
        OutputError: stdout cannot be written.
    """
    inputs = open_inputs(settings)
    settings = name_columns(settings, inputs)
    check_expectations(settings, inputs)
    reader = attach_sharding(RowReader(inputs, settings.reading, settings.policy), settings, inputs)
    dry_run = read_dry_run(reader, settings.policy.pace, _saving(settings))
    empty = "" if dry_run.total else empty_input_message(settings, reader)
    report_input_problems(settings, reader, empty, list(map(str, reader.errors)))
    _print(dry_run.lines())
    return ExitCode.INPUT if empty or reader.errors or (dry_run.invalid and not settings.exit_zero) else ExitCode.OK
