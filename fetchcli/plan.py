"""``--dry-run``: what a run would do, found out by reading the input and nothing else."""

from collections import Counter

from fetchcli.core.errors import ExitCode, OutputError
from fetchcli.core.model import Passed, Rejected, Row
from fetchcli.core.pacing import Rate
from fetchcli.core.policy import Pace
from fetchcli.core.settings import Settings
from fetchcli.core.text import visible
from fetchcli.core.units import format_clock
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.select import identity
from fetchcli.listing import complain, named_inputs, refuse_malformed, why_empty

MOST_HOSTS = 20
MOST_INVALID = 20


class Plan:
    """Counts over the rows of an input.

    Attributes:
        invalid: rows that cannot be fetched.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._hosts: Counter[str] = Counter()
        self._seen: set[bytes] = set()
        self._duplicates = self._passed = 0
        self._messages: list[str] = []
        self.invalid = 0

    @property
    def total(self) -> int:
        """Rows in all."""
        return self._hosts.total() + self._passed + self.invalid

    def add(self, row: Row) -> None:
        """Count one row."""
        if isinstance(row, Rejected):
            self.invalid += 1
            if len(self._messages) < MOST_INVALID:
                self._messages.append(row.message)
            return
        if isinstance(row, Passed):
            self._duplicates += 1
            self._passed += 1
            return
        self._hosts[f"{row.url.scheme}://{row.url.authority}"] += 1
        key = identity(row)  # a few bytes a row: the URLs of a million rows would not fit
        self._duplicates += key in self._seen
        self._seen.add(key)

    def lines(self) -> list[str]:
        """What is printed: totals, least time, rows of each host, invalid rows."""
        hosts = len(self._hosts)
        lines = [
            f"{self.total:,} rows: {self._hosts.total():,} to fetch from {hosts:,} host{'s' * (hosts != 1)}, "
            f"{self._duplicates:,} {'duplicates skipped' if self._passed else 'of them duplicates'}; "
            f"{self.invalid:,} invalid",
            *self._least_time(),
            *(f"{rows:>9,}  {visible(host)}" for host, rows in self._hosts.most_common(MOST_HOSTS)),
        ]
        if hosts > MOST_HOSTS:
            lines.append(f"and {hosts - MOST_HOSTS:,} hosts more")
        lines += [f"invalid: {visible(message)}" for message in self._messages]
        if self.invalid > MOST_INVALID:
            lines.append(f"and {self.invalid - MOST_INVALID:,} invalid rows more")
        return lines

    def _least_time(self) -> list[str]:
        """The time that the rates allow no run to stay under."""
        bounds = []
        if self._pace.rate is not None and self._hosts:
            bounds.append((_least(self._hosts.total(), self._pace.rate), "--rate"))
        if self._pace.host_rate is not None and self._hosts:
            host, rows = self._hosts.most_common(1)[0]
            bounds.append((_least(rows, self._pace.host_rate), f"--host-rate, {visible(host)}"))
        if not bounds:
            return []
        seconds, why = max(bounds)
        return [f"at least {format_clock(seconds)} at the given rates ({why})"]


def _least(rows: int, rate: Rate) -> float:
    """Full windows must pass before the last row may start."""
    return (rows - 1) // rate.count * rate.seconds


def read_plan(reader: RowReader, pace: Pace) -> Plan:
    """Read the input to its end; ``reader.errors`` says what could not be read."""
    plan = Plan(pace)
    for batch in reader.batches():
        for row in batch:
            plan.add(row)
    return plan


def print_plan(settings: Settings) -> ExitCode:
    """Print it.

    Raises:
        InputError: an input cannot be read.
        OutputError: stdout cannot be written.
    """
    inputs = named_inputs(settings.inputs)
    refuse_malformed(settings, inputs)
    reader = RowReader(inputs, settings.reading, settings.policy)
    plan = read_plan(reader, settings.policy.pace)
    empty = "" if plan.total else why_empty(settings, reader)
    complain(settings, reader, empty, list(map(str, reader.errors)))
    try:
        print("\n".join(plan.lines()), flush=True)  # noqa: T201 - it is what was asked for
    except OSError as error:
        raise OutputError(f"cannot write to stdout: {error.strerror}") from None
    return ExitCode.INPUT if empty or reader.errors or (plan.invalid and not settings.exit_zero) else ExitCode.OK
