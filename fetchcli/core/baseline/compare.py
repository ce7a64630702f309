"""Compare outcomes with an earlier run, row by row (URL, method and tag)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from fetchcli.core.baseline.sign_test import MARGIN, MIN_PAIRS, Pair, Shift, faster, slower
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Skipped
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


class BaselineRow(msgspec.Struct, gc=False):
    """The results of one row in the earlier run, and what has been seen of it now.

    Attributes:
        url: the URL of the row.
        passed: earlier samples that were accepted.
        failed: earlier samples that were not.
        results: earlier statuses and error kinds, at most `MAX_RESULTS`.
        content: SHA-256 of the accepted bodies; empty if unknown, or if they differed.
        times: seconds of the accepted samples, in order, at most `MAX_PAIRS`.
        there: the row is in the lists of this run.
        seen: samples of this run.
        passing: samples of this run that were accepted.
        worst: the first outcome of this run that was not accepted.
    """

    url: str
    passed: int = 0
    failed: int = 0
    results: tuple[str, ...] = ()
    content: str = ""
    times: list[float] = []
    there: bool = False
    seen: int = 0
    passing: int = 0
    worst: Outcome | None = None

    @property
    def was(self) -> str:
        """The earlier results, for people: ``200/503``."""
        return "/".join(self.results)


class Sample(msgspec.Struct, frozen=True):
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
        self._alike: dict[bytes, list[bytes]] = {}

    def add(self, method: str | None, tag: str, sample: Sample) -> None:
        """Add one row of the results; rows that were not tried to the end are ignored."""
        if sample.verdict not in (Verdict.OK, Verdict.FAILED, Verdict.REJECTED):
            return
        key = row_key(sample.url, method, tag, sample.signature)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = BaselineRow(sample.url)
            self._alike.setdefault(row_key(sample.url, method, tag), []).append(key)
        if sample.result not in row.results and len(row.results) < MAX_RESULTS:
            row.results += (sample.result,)
        if sample.verdict != Verdict.OK:
            row.failed += 1
            return
        row.passed += 1
        row.content = sample.sha256 if row.passed == 1 or row.content == sample.sha256 else ""
        if sample.seconds is not None and len(row.times) < MAX_PAIRS:
            row.times.append(sample.seconds)

    def find(self, outcome: Outcome) -> tuple[bytes, BaselineRow | None, bool]:
        """The key of a row, its earlier results, and whether its signature was the same."""
        row = outcome.row
        signature = row_signature(row.row_request, row.expect.as_written.items() if row.expect is not None else ())
        key = row_key(row.text, row.method, row.tag, signature)
        if (same := self.rows.get(key)) is not None:
            return key, same, True
        alike = self._alike.get(row_key(row.text, row.method, row.tag), ())
        return (alike[0], self.rows[alike[0]], False) if len(alike) == 1 else (key, None, False)


class Comparison:
    """Compares outcomes with a baseline as they finish.

    Attributes:
        fresh: a summary of the outcomes that had not failed in the baseline.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._noted: dict[Change, list[RowChange]] = defaultdict(list)
        self._once: set[tuple[bytes, Change]] = set()
        self._pairs: dict[str, list[Pair]] = {}
        self._by_row: dict[bytes, tuple[RowChange, list[Pair]]] = {}
        self._counts: Counter[Change] = Counter()
        self.fresh = Summary()

    def is_known(self, outcome: Outcome) -> bool:
        """Whether the row of a failed outcome had failed in the baseline, too."""
        _, baseline_row, same = self._baseline.find(outcome)
        return baseline_row is not None and same and baseline_row.failed > 0

    def add(self, outcome: Outcome) -> None:
        """Compare one outcome."""
        key, baseline_row, same = self._baseline.find(outcome)
        if baseline_row is not None:
            baseline_row.there = True
        if isinstance(outcome.row, Skipped) or outcome.verdict is Verdict.CANCELLED:
            return
        if baseline_row is None:
            failing = "" if outcome.verdict is Verdict.OK else f"; {_problem(outcome)}"
            self._note(Change.CAME, key, outcome, f"no result in the baseline{failing}")
            self.fresh.add(outcome)
            return
        baseline_row.seen += 1
        if outcome.verdict is Verdict.OK:
            baseline_row.passing += 1
            if not baseline_row.passed:
                self._note(Change.CURED, key, outcome, f"{_result(outcome)}, was {baseline_row.was}")
                return
        elif not (
            baseline_row.failed and same
        ):  # a row with another request or other expectations has not failed before
            self._note_failure(key, outcome, baseline_row)
            return
        elif baseline_row.worst is None:
            baseline_row.worst = outcome
        if outcome.verdict is not Verdict.SKIPPED and _result(outcome) not in baseline_row.results:
            self._note(Change.STATUS, key, outcome, f"{_result(outcome)}, was {baseline_row.was}")
        elif outcome.verdict is Verdict.OK:
            self._compare_accepted(key, outcome, baseline_row)

    def _note_failure(self, key: bytes, outcome: Outcome, baseline_row: BaselineRow) -> None:
        self.fresh.add(outcome)
        self._note(Change.NEW_FAILURE, key, outcome, f"{_problem(outcome)}; was {baseline_row.was}")

    def _compare_accepted(self, key: bytes, outcome: Outcome, baseline_row: BaselineRow) -> None:
        response = outcome.response
        if response is not None and baseline_row.content not in ("", response.sha256):
            self._note(
                Change.CONTENT, key, outcome, f"sha256 {response.sha256[:12]}…, was {baseline_row.content[:12]}…"
            )
        if baseline_row.seen > len(baseline_row.times):
            return
        pair = (baseline_row.times[baseline_row.seen - 1], outcome.attempts[-1].elapsed)
        pairs = self._pairs.get(outcome.row.host)
        if pairs is None and len(self._pairs) < MAX_HOSTS:
            pairs = self._pairs[outcome.row.host] = []
        if pairs is not None and len(pairs) < MAX_PAIRS:
            pairs.append(pair)
        if len(baseline_row.times) >= MIN_PAIRS and len(self._by_row) < MAX_HOSTS:
            place = RowChange(Change.SLOWER, outcome.row.text, "", outcome.row.source, outcome.row.line)
            self._by_row.setdefault(key, (place, []))[1].append(pair)

    def _note(self, change: Change, key: bytes, outcome: Outcome, detail: str) -> None:
        if (key, change) in self._once:
            return
        if len(self._once) < 10 * MAX_HOSTS:
            self._once.add((key, change))
        self._keep(RowChange(change, outcome.row.text, detail, outcome.row.source, outcome.row.line))

    def _keep(self, noted: RowChange) -> None:
        self._counts[noted.change] += 1
        if len(self._noted[noted.change]) < MAX_CHANGES:
            self._noted[noted.change].append(noted)

    def finish(self, *, whole: bool = True) -> Changes:
        """Return the changes, once the run is over.

        Args:
            whole: the lists were read to their end without a selection, so that missing rows are gone.
        """
        for key, baseline_row in self._baseline.rows.items():
            if whole and not baseline_row.there:
                self._keep(RowChange(Change.GONE, baseline_row.url, "only in the baseline"))
            if (
                baseline_row.worst is not None
                and not baseline_row.passing
                and baseline_row.passed >= baseline_row.failed
            ):
                # It failed sometimes; now it fails every time.
                self._note_failure(key, baseline_row.worst, baseline_row)
        self._judge_times()
        noted = tuple(noted for change in Change for noted in self._noted[change])
        return Changes(noted, dict(self._counts), sum(map(len, self._pairs.values())))

    def _judge_times(self) -> None:
        """Compare the times of hosts, and of rows, that have enough pairs."""
        groups = [(RowChange(Change.SLOWER, host, ""), pairs) for host, pairs in self._pairs.items()]
        groups += self._by_row.values()
        groups = [group for group in groups if len(group[1]) >= MIN_PAIRS]
        for place, pairs in groups:
            for change, shift in (
                (Change.SLOWER, slower(pairs, len(groups))),
                (Change.FASTER, faster(pairs, len(groups))),
            ):
                if shift is not None:
                    self._keep(msgspec.structs.replace(place, change=change, detail=_moved(shift)))


def _problem(outcome: Outcome) -> str:
    return shorten(problem_text(outcome), MAX_SHOWN)


def _result(outcome: Outcome) -> str:
    if outcome.response is not None:
        return str(outcome.response.status)
    return "skipped" if outcome.verdict is Verdict.SKIPPED else str(outcome.failure and outcome.failure.kind)


def _moved(shift: Shift) -> str:
    return (
        f"median {format_seconds(shift.now)}, was {format_seconds(shift.then)} "
        f"({shift.moved} of {shift.pairs} pairs moved by more than {MARGIN - 1:.0%})"
    )
