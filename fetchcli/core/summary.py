"""What a run came to, in memory that does not grow with it, and the exit code that follows.

`Summary.merge` is associative and commutative, so that parts of a run may be added up in any order.
"""

from collections import Counter
from collections.abc import Iterable
from heapq import nlargest, nsmallest

from fetchcli.core.changes import Changes
from fetchcli.core.errors import ErrorKind, ExitCode, Failure
from fetchcli.core.latency import Latency
from fetchcli.core.model import Outcome, Passed, Verdict
from fetchcli.core.thresholds import Gauge, Measured, Threshold

KEPT_FAILURES = 20
KEPT_HOSTS = 5


class Summary:
    """Counts over all outcomes so far.

    Args:
        thresholds: what is measured for their sake.

    Attributes:
        verdicts: rows by verdict.
        statuses: responses by status.
        flaky: rows that were accepted after they had failed.
        passed: rows that were skipped for no fault of any host: duplicates, and all after a halt.
        checks: rows that did not pass a check, by check.
        kinds: failed attempts and rejected rows by error kind.
        latency: seconds of every response, from slot to last byte.
        size_download: body bytes that complete responses brought over the wire.
        slowest_hosts: the slowest response of each of the slowest hosts, in seconds.
        failures: the first rows of the input that were not accepted.
        changes: since the baseline, where there is one; set by whoever compares.
        elapsed: seconds that the run took; set by whoever holds the clock.
        gauges: what is measured for the thresholds.
    """

    def __init__(self, thresholds: Iterable[Threshold] = ()) -> None:
        self.gauges = tuple(map(Gauge, thresholds))
        self.changes: Changes | None = None
        self.verdicts: Counter[Verdict] = Counter()
        self.statuses: Counter[int] = Counter()
        self.kinds: Counter[ErrorKind] = Counter()
        self.checks: Counter[str] = Counter()
        self.latency = Latency()
        self.size_download = self.flaky = self.passed = 0
        self.slowest_hosts: dict[str, float] = {}
        self.failures: list[Outcome] = []
        self.elapsed = 0.0
        self._host_floor = 0.0

    @property
    def total(self) -> int:
        """Rows that have ended."""
        return self.verdicts.total()

    @property
    def failed(self) -> int:
        """Rows that failed or were rejected; those that were skipped or cancelled are neither."""
        return self.verdicts[Verdict.FAILED] + self.verdicts[Verdict.REJECTED]

    @property
    def not_accepted(self) -> int:
        """Rows that ended in any way but OK, and were not passed over."""
        return self.total - self.verdicts[Verdict.OK] - self.passed

    @property
    def measured(self) -> list[Measured]:
        """How the thresholds came out; without a single row there is nothing to judge."""
        return [gauge.measured(self.elapsed) for gauge in self.gauges] if self.total else []

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.verdicts[outcome.verdict] += 1
        self.flaky += outcome.flaky
        for gauge in self.gauges:
            gauge.add(outcome, outcome.response)
        if outcome.verdict is Verdict.SKIPPED:
            self.passed += isinstance(outcome.row, Passed)
            return
        result = outcome.result
        if isinstance(result, Failure):
            self.kinds[result.kind] += 1
        else:
            self.statuses[result.status] += 1
            if outcome.failed_checks:
                self.checks.update({failed.check for failed in outcome.failed_checks})
            self.size_download += result.size_download
            seconds, host = outcome.attempts[-1].elapsed, outcome.row.host
            self.latency.add(seconds)
            known = self.slowest_hosts.get(host)
            # A tie with the floor may be won by name: the order of arrival must not decide.
            if seconds >= self._host_floor if known is None else seconds > known:
                self._note_host(host, seconds)
        if outcome.verdict in (Verdict.FAILED, Verdict.REJECTED):
            self._note_failure(outcome)

    def merge(self, other: "Summary") -> None:
        """Take in what another summary counted; ``elapsed`` becomes the longer of both."""
        self.verdicts.update(other.verdicts)
        self.statuses.update(other.statuses)
        self.kinds.update(other.kinds)
        self.checks.update(other.checks)
        self.latency.merge(other.latency)
        self.size_download += other.size_download
        self.flaky += other.flaky
        for gauge, measured in zip(self.gauges, other.gauges, strict=True):
            gauge.merge(measured)
        self.passed += other.passed
        for host, seconds in other.slowest_hosts.items():
            self._note_host(host, seconds)
        for outcome in other.failures:
            self._note_failure(outcome)
        self.elapsed = max(self.elapsed, other.elapsed)

    def _note_host(self, host: str, seconds: float) -> None:
        """Keep the slowest hosts by their slowest response: a maximum, so that merging is exact."""
        hosts = self.slowest_hosts
        hosts[host] = max(seconds, hosts.get(host, 0.0))
        if len(hosts) > KEPT_HOSTS:
            hosts = dict(nlargest(KEPT_HOSTS, hosts.items(), key=lambda item: (item[1], item[0])))
        self.slowest_hosts = dict(sorted(hosts.items(), key=lambda item: (-item[1], item[0])))
        self._host_floor = min(hosts.values()) if len(hosts) == KEPT_HOSTS else 0.0

    def _note_failure(self, outcome: Outcome) -> None:
        """Keep the failures that come first in the input."""
        kept = self.failures
        if len(kept) < KEPT_FAILURES or outcome.row.seq < kept[-1].row.seq:
            self.failures = nsmallest(KEPT_FAILURES, [*kept, outcome], key=lambda kept: kept.row.seq)


def exit_code(summary: Summary, fresh: Summary | None = None) -> ExitCode:
    """The lowest code that any outcome or threshold asks for (the table is in `errors.EXIT_MEANING`).

    Args:
        summary: of the run.
        fresh: of the outcomes that decide, where not all of them do.
    """
    if ErrorKind.INTERNAL in summary.kinds:
        return ExitCode.INTERNAL
    measured, summary = summary.measured, fresh or summary
    codes = {_code_of(kind) for kind in summary.kinds}
    if ErrorKind.CANCELLED in summary.kinds and summary.failed:  # what was given up because of others
        codes = {_code_of(kind) for kind in summary.kinds if kind is not ErrorKind.CANCELLED}
    skipped = summary.verdicts[Verdict.SKIPPED] - summary.passed
    if skipped:  # because of transport failures of their host
        codes.add(ExitCode.TRANSPORT)
    if not all(one.met for one in measured):
        codes.add(ExitCode.THRESHOLD)
    codes |= {ExitCode.STATUS if check == "status" else ExitCode.EXPECTATION for check in summary.checks}
    return min(codes, default=ExitCode.OK)


def _code_of(kind: ErrorKind) -> ExitCode:
    match kind:
        case ErrorKind.INVALID_URL | ErrorKind.INVALID_ROW | ErrorKind.READ:
            return ExitCode.INPUT
        case _:
            return ExitCode.TRANSPORT
