"""The summary of a run, in bounded memory, and its exit code.

`Summary.merge` is associative and commutative, so parts of a run can be added in any order.
"""

from collections import Counter
from collections.abc import Iterable
from heapq import nlargest, nsmallest
from typing import Protocol

from fetchcli.core.errors import ErrorKind, ExitCode
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Skipped
from fetchcli.core.summary.changes import Changes
from fetchcli.core.summary.distribution import Distribution
from fetchcli.core.summary.thresholds import Threshold, ThresholdMeter, ThresholdResult

SKIPPED, BAD = Verdict.SKIPPED, (Verdict.FAILED, Verdict.REJECTED)
MAX_FAILURES = 20
MAX_SLOWEST_HOSTS = 5


class HasHost(Protocol):
    """A row."""

    @property
    def host(self) -> str:
        """Host, and the port if it is not the default of the scheme."""


class Summary:
    """Counts over all outcomes so far.

    Args:
        thresholds: what to measure for thresholds.

    Attributes:
        verdicts: rows by verdict.
        statuses: responses by status.
        flaky: rows that were accepted after a failure.
        skipped: rows skipped not because of a host: duplicates, and the rest after a halt.
        checks: rows that failed a check, by check.
        kinds: final failures and rejected rows, by error kind.
        latency: seconds of every response, from slot to last byte.
        size_download: body bytes of complete responses on the wire.
        not_modified: rows whose body is the earlier one, by a 304.
        from_cache: rows that were not asked for, because an earlier response is young enough.
        saved: bodies that were saved.
        size_saved: their bytes.
        slowest_hosts: slowest response in seconds of each of the slowest hosts.
        failures: the first rows of the input that were not accepted.
        changes: changes since the baseline, or None; set by the caller.
        elapsed: duration of the run in seconds; set by the caller.
        earlier: rows that an earlier run has finished, which this one continues.
        earlier_seconds: duration of that run; set by the caller.
        meters: what is measured for thresholds.
    """

    def __init__(self, thresholds: Iterable[Threshold] = ()) -> None:
        self.meters = tuple(map(ThresholdMeter, thresholds))
        self.changes: Changes | None = None
        self.verdicts: Counter[Verdict] = Counter()
        self.statuses: Counter[int] = Counter()
        self.kinds: Counter[ErrorKind] = Counter()
        self.checks: Counter[str] = Counter()
        self.latency = Distribution()
        self.size_download = self.flaky = self.skipped = self.saved = self.size_saved = 0
        self.not_modified = self.from_cache = 0
        self.slowest_hosts: dict[str, float] = {}
        self.failures: list[Outcome] = []
        self.elapsed = self.earlier_seconds = 0.0
        self.earlier = 0
        self._host_floor = 0.0

    @property
    def total(self) -> int:
        """Finished rows."""
        return self.verdicts.total()

    @property
    def failed(self) -> int:
        """Rows that failed or were rejected; skipped and cancelled rows do not count."""
        return self.verdicts[Verdict.FAILED] + self.verdicts[Verdict.REJECTED]

    @property
    def not_accepted(self) -> int:
        """Rows with any verdict but OK, without those counted as `skipped`."""
        return self.total - self.verdicts[Verdict.OK] - self.skipped

    @property
    def threshold_results(self) -> list[ThresholdResult]:
        """Results of the thresholds; empty if no row has finished."""
        return [meter.result(self.elapsed + self.earlier_seconds) for meter in self.meters] if self.total else []

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.verdicts[outcome.verdict] += 1
        self.flaky += outcome.flaky
        for meter in self.meters:
            meter.add(outcome, outcome.response)
        if outcome.verdict is SKIPPED:
            self.skipped += isinstance(outcome.row, Skipped)
            return
        result = outcome.result
        if isinstance(result, Response):
            if result.from_cache:
                self.from_cache += 1
                return
            self._add_response(outcome, result)
        else:
            self.kinds[result.kind] += 1
            self._add_saved(outcome.saved)
        if outcome.verdict in BAD:
            self._note_failure(outcome)

    def _add_response(self, outcome: Outcome, response: Response) -> None:
        self.statuses[response.status] += 1
        if outcome.failed_checks:
            self.checks.update({failed.check for failed in outcome.failed_checks})
        self.size_download += response.size_download
        self._add_latency(outcome.attempts[-1].elapsed, outcome.row)
        if response.not_modified:
            self.not_modified += 1
        else:
            self._add_saved(outcome.saved)

    def _add_saved(self, saved: Saved | None) -> None:
        if saved is not None:
            self.saved += 1
            self.size_saved += saved.size

    def add_accepted(self, status: int, seconds: float, size_download: int, row: HasHost) -> None:
        """Count a row that was accepted at once, and whose body was not saved; no threshold is measured.

        Args:
            status: of the response.
            seconds: from slot to last byte.
            size_download: body bytes on the wire.
            row: knows its host.
        """
        self.verdicts[Verdict.OK] += 1
        self.statuses[status] += 1
        self.size_download += size_download
        self._add_latency(seconds, row)

    def _add_latency(self, seconds: float, row: HasHost) -> None:
        self.latency.add(seconds)
        if seconds < self._host_floor:  # its host is not among the slowest, or was slower before
            return
        host = row.host
        previous = self.slowest_hosts.get(host)
        # A tie is decided by name, not by the order of arrival.
        if previous is None or seconds > previous:
            self._note_host(host, seconds)

    def take_counts(self, other: "Summary") -> None:
        """Take the counts of another summary, of all rows, in place of its own."""
        own = {name: getattr(self, name) for name in ("changes", "elapsed", "earlier_seconds")}
        fetched = self.total - self.earlier
        vars(self).update(vars(other) | own | {"earlier": other.total - fetched})

    def merge(self, other: "Summary") -> None:
        """Add the counts of another summary; ``elapsed`` becomes the longer one."""
        self.verdicts.update(other.verdicts)
        self.statuses.update(other.statuses)
        self.kinds.update(other.kinds)
        self.checks.update(other.checks)
        self.latency.merge(other.latency)
        self.size_download += other.size_download
        self.not_modified += other.not_modified
        self.from_cache += other.from_cache
        self.saved += other.saved
        self.size_saved += other.size_saved
        self.flaky += other.flaky
        for meter, other_meter in zip(self.meters, other.meters, strict=True):
            meter.merge(other_meter)
        self.skipped += other.skipped
        for host, seconds in other.slowest_hosts.items():
            self._note_host(host, seconds)
        for outcome in other.failures:
            self._note_failure(outcome)
        self.elapsed = max(self.elapsed, other.elapsed)

    def _note_host(self, host: str, seconds: float) -> None:
        """Keep the slowest hosts by their slowest response: a maximum, so that merging is exact."""
        hosts = self.slowest_hosts
        hosts[host] = max(seconds, hosts.get(host, 0.0))
        if len(hosts) > MAX_SLOWEST_HOSTS:
            hosts = dict(nlargest(MAX_SLOWEST_HOSTS, hosts.items(), key=lambda item: (item[1], item[0])))
        self.slowest_hosts = dict(sorted(hosts.items(), key=lambda item: (-item[1], item[0])))
        self._host_floor = min(hosts.values()) if len(hosts) == MAX_SLOWEST_HOSTS else 0.0

    def _note_failure(self, outcome: Outcome) -> None:
        """Keep the failures that come first in the input."""
        kept = self.failures
        if len(kept) < MAX_FAILURES or outcome.row.seq < kept[-1].row.seq:
            self.failures = nsmallest(MAX_FAILURES, [*kept, outcome], key=lambda kept: kept.row.seq)


def exit_code(summary: Summary, deciding: Summary | None = None) -> ExitCode:
    """The lowest code that applies to any outcome or threshold (the table is `errors.ExitCode`).

    Args:
        summary: summary of the run.
        deciding: summary of the outcomes that decide, if not all of them do.
    """
    if ErrorKind.WRITE in summary.kinds:
        return ExitCode.OUTPUT
    if ErrorKind.INTERNAL in summary.kinds:
        return ExitCode.INTERNAL
    results, summary = summary.threshold_results, deciding or summary
    codes = {kind.exit_code for kind in summary.kinds}
    if ErrorKind.CANCELLED in summary.kinds and summary.failed:  # cancelled because of other failures
        codes = {kind.exit_code for kind in summary.kinds if kind is not ErrorKind.CANCELLED}
    skipped = summary.verdicts[Verdict.SKIPPED] - summary.skipped
    if skipped:  # because of transport failures of their host
        codes.add(ExitCode.TRANSPORT)
    if not all(threshold_result.met for threshold_result in results):
        codes.add(ExitCode.THRESHOLD)
    codes |= {ExitCode.STATUS if check == "status" else ExitCode.EXPECTATION for check in summary.checks}
    return min(codes, default=ExitCode.OK)
