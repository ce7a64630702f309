"""Compare outcomes with an earlier run, row by row (URL, method and tag)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from fetchcli.core.baseline.sign_test import MARGIN, MIN_PAIRS, Pair, Shift, faster, slower
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Row, Skipped
from fetchcli.core.report.data import problem_text
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.summary.changes import Change, Changes, RowChange
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import shorten, visible
from fetchcli.core.units import format_seconds

MAX_CHANGES = 20  # of each kind; the others are only counted
MAX_SHOWN = 120  # characters of a problem
MAX_PAIRS = 1000  # per host
MAX_HOSTS = 10_000
MAX_RESULTS = 5  # statuses and error kinds kept per row


class BaselineRow(msgspec.Struct, gc=False, kw_only=True):
    """The results of one row in the earlier run, and what has been seen of it now.

    Attributes:
        url: the URL of the row.
        passed: earlier samples that were accepted.
        failed: earlier samples that were not.
        results: earlier statuses and error kinds, at most `MAX_RESULTS`.
        content: SHA-256 of the accepted bodies; empty if unknown, or if they differed.
        times: seconds of the accepted samples, in order, at most `MAX_PAIRS`.
        present: the row is in the lists of this run.
        sample_count: samples of this run.
        passed_now: samples of this run that were accepted.
        first_failure: the first outcome of this run that was not accepted.
    """

    url: str
    passed: int = 0
    failed: int = 0
    results: tuple[str, ...] = ()
    content: str = ""
    times: list[float] = []
    present: bool = False
    sample_count: int = 0
    passed_now: int = 0
    first_failure: Outcome | None = None

    @property
    def earlier_text(self) -> str:
        """The earlier results, for people: ``200/503``."""
        return "/".join(self.results)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an earlier results file.

    Attributes:
        url: the URL.
        verdict: a value of `Verdict`.
        result: the status or the error kind.
        sha256: SHA-256 of the body, or empty.
        seconds: time of the last attempt, or None.
        signature: what the row said about itself (`row_signature`).
    """

    url: str
    verdict: str
    result: str
    sha256: str = ""
    seconds: float | None = None
    signature: str = ""


def row_key(url: str, method: str | None, tag: str, signature: str | None = None) -> bytes:
    """Hash the identity of a row into 16 bytes; texts are compared in the form that results files contain."""
    text = f"{method} {visible(url)} {visible(tag)} {signature and visible(signature)}"
    return blake2b(text.encode(), digest_size=16).digest()


def row_signature(row_request: RowRequest | None, expect: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """The request and the expectations of a row as text, independent of their order; empty if it has none."""
    signature = (sorted(row_request.written().items()) if row_request is not None else [], sorted(expect))
    return repr(signature) if any(signature) else ""


class Baseline:
    """The rows of an earlier run, by URL, method and tag; rows that share these by their signature."""

    def __init__(self) -> None:
        self.rows: dict[bytes, BaselineRow] = {}
        self._keys_by_identity: dict[bytes, list[bytes]] = {}

    def add(self, method: str | None, tag: str, sample: Sample) -> None:
        """Add one row of the results; rows that were not tried to the end are ignored."""
        if sample.verdict not in (Verdict.OK, Verdict.FAILED, Verdict.REJECTED):
            return
        key = row_key(sample.url, method, tag, sample.signature)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = BaselineRow(url=sample.url)
            self._keys_by_identity.setdefault(row_key(sample.url, method, tag), []).append(key)
        if sample.result not in row.results and len(row.results) < MAX_RESULTS:
            row.results += (sample.result,)
        if sample.verdict != Verdict.OK:
            row.failed += 1
            return
        row.passed += 1
        row.content = sample.sha256 if row.passed == 1 or row.content == sample.sha256 else ""
        if sample.seconds is not None and len(row.times) < MAX_PAIRS:
            row.times.append(sample.seconds)

    def find(self, row: Row) -> tuple[bytes, BaselineRow | None, bool]:
        """The key of a row, its earlier results, and whether its signature was the same."""
        signature = row_signature(row.row_request, row.expect.as_written.items() if row.expect is not None else ())
        key = row_key(row.text, row.method, row.tag, signature)
        if (same := self.rows.get(key)) is not None:
            return key, same, True
        alike = self._keys_by_identity.get(row_key(row.text, row.method, row.tag), ())
        return (alike[0], self.rows[alike[0]], False) if len(alike) == 1 else (key, None, False)


class Comparison:
    """Compares outcomes with a baseline as they finish.

    Attributes:
        fresh: a summary of the rows that failed now, and were accepted or missing in the baseline.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._changes_by_kind: dict[Change, list[RowChange]] = defaultdict(list)
        self._reported: set[tuple[bytes, Change]] = set()
        self._pairs: dict[str, list[Pair]] = {}
        self._by_row: dict[bytes, tuple[RowChange, list[Pair]]] = {}
        self._counts: Counter[Change] = Counter()
        self.fresh = Summary()

    def earlier(self, row: Row) -> Earlier | None:
        """The body of a row in the baseline, to compare with; None if it is unknown."""
        _, baseline_row, _ = self._baseline.find(row)
        return Earlier(baseline_row.content) if baseline_row is not None and baseline_row.content else None

    def is_known(self, outcome: Outcome) -> bool:
        """Whether the row of a failed outcome had failed in the baseline, too."""
        _, baseline_row, same = self._baseline.find(outcome.row)
        return baseline_row is not None and same and baseline_row.failed > 0

    def add(self, outcome: Outcome) -> None:
        """Compare one outcome."""
        key, baseline_row, same = self._baseline.find(outcome.row)
        if baseline_row is not None:
            baseline_row.present = True
        if isinstance(outcome.row, Skipped) or outcome.verdict is Verdict.CANCELLED:
            return
        if baseline_row is None:
            failing = "" if outcome.verdict is Verdict.OK else f"; {_problem(outcome)}"
            self._record_once(Change.CAME, key, outcome, f"no result in the baseline{failing}")
            self.fresh.add(outcome)
            return
        baseline_row.sample_count += 1
        if outcome.verdict is Verdict.OK:
            baseline_row.passed_now += 1
            if not baseline_row.passed:
                self._record_once(Change.CURED, key, outcome, f"{_result(outcome)}, was {baseline_row.earlier_text}")
                return
        elif not (
            baseline_row.failed and same
        ):  # a row with another request or other expectations has not failed before
            self._note_failure(key, outcome, baseline_row)
            return
        elif baseline_row.first_failure is None:
            baseline_row.first_failure = outcome
        if outcome.verdict is not Verdict.SKIPPED and _result(outcome) not in baseline_row.results:
            self._record_once(Change.STATUS, key, outcome, f"{_result(outcome)}, was {baseline_row.earlier_text}")
        elif outcome.verdict is Verdict.OK:
            self._compare_accepted(key, outcome, baseline_row)

    def _note_failure(self, key: bytes, outcome: Outcome, baseline_row: BaselineRow) -> None:
        self.fresh.add(outcome)
        self._record_once(Change.NEW_FAILURE, key, outcome, f"{_problem(outcome)}; was {baseline_row.earlier_text}")

    def _compare_accepted(self, key: bytes, outcome: Outcome, baseline_row: BaselineRow) -> None:
        response = outcome.response
        if response is not None and baseline_row.content not in ("", response.sha256):
            self._record_once(
                Change.CONTENT, key, outcome, f"sha256 {response.sha256[:12]}…, was {baseline_row.content[:12]}…"
            )
        if baseline_row.sample_count > len(baseline_row.times):
            return
        pair = (baseline_row.times[baseline_row.sample_count - 1], outcome.attempts[-1].elapsed)
        pairs = self._pairs.get(outcome.row.host)
        if pairs is None and len(self._pairs) < MAX_HOSTS:
            pairs = self._pairs[outcome.row.host] = []
        if pairs is not None and len(pairs) < MAX_PAIRS:
            pairs.append(pair)
        if len(baseline_row.times) >= MIN_PAIRS and len(self._by_row) < MAX_HOSTS:
            place = RowChange(
                change=Change.SLOWER,
                subject=outcome.row.text,
                detail="",
                source=outcome.row.source,
                line=outcome.row.line,
            )
            self._by_row.setdefault(key, (place, []))[1].append(pair)

    def _record_once(self, change: Change, key: bytes, outcome: Outcome, detail: str) -> None:
        if (key, change) in self._reported:
            return
        if len(self._reported) < 10 * MAX_HOSTS:
            self._reported.add((key, change))
        self._record(
            RowChange(
                change=change, subject=outcome.row.text, detail=detail, source=outcome.row.source, line=outcome.row.line
            )
        )

    def _record(self, row_change: RowChange) -> None:
        self._counts[row_change.change] += 1
        if len(self._changes_by_kind[row_change.change]) < MAX_CHANGES:
            self._changes_by_kind[row_change.change].append(row_change)

    def finish(self, *, whole: bool = True) -> Changes:
        """Return the changes, once the run is over.

        Args:
            whole: the lists were read to their end without a selection, so that missing rows are gone.
        """
        for key, baseline_row in self._baseline.rows.items():
            if whole and not baseline_row.present:
                self._record(RowChange(change=Change.GONE, subject=baseline_row.url, detail="only in the baseline"))
            if (
                baseline_row.first_failure is not None
                and not baseline_row.passed_now
                and baseline_row.passed >= baseline_row.failed
            ):
                # It failed sometimes; now it fails every time.
                self._note_failure(key, baseline_row.first_failure, baseline_row)
        self._compare_times()
        row_change = tuple(row_change for change in Change for row_change in self._changes_by_kind[change])
        return Changes(row_change, dict(self._counts), sum(map(len, self._pairs.values())))

    def _compare_times(self) -> None:
        """Compare the times of hosts, and of rows, that have enough pairs."""
        groups = [
            (RowChange(change=Change.SLOWER, subject=host, detail=""), pairs) for host, pairs in self._pairs.items()
        ]
        groups += self._by_row.values()
        groups = [group for group in groups if len(group[1]) >= MIN_PAIRS]
        for place, pairs in groups:
            for change, shift in (
                (Change.SLOWER, slower(pairs, len(groups))),
                (Change.FASTER, faster(pairs, len(groups))),
            ):
                if shift is not None:
                    self._record(msgspec.structs.replace(place, change=change, detail=_shift_text(shift)))


def _problem(outcome: Outcome) -> str:
    return shorten(problem_text(outcome), MAX_SHOWN)


def _result(outcome: Outcome) -> str:
    if outcome.response is not None:
        return str(outcome.response.status)
    return "skipped" if outcome.verdict is Verdict.SKIPPED else str(outcome.failure and outcome.failure.kind)


def _shift_text(shift: Shift) -> str:
    return (
        f"median {format_seconds(shift.now)}, was {format_seconds(shift.then)} "
        f"({shift.moved} of {shift.pairs} pairs moved by more than {MARGIN - 1:.0%})"
    )
