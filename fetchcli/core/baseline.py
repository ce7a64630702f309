"""What has changed since an earlier run, row by row (URL, method and tag)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from fetchcli.core.changes import Change, Changes, Noted
from fetchcli.core.model import Outcome, Passed, Verdict
from fetchcli.core.report import problem_of
from fetchcli.core.row_request import RowRequest
from fetchcli.core.slowdown import LEAST_PAIRS, MARGIN, Pair, Shift, faster, slower
from fetchcli.core.summary import Summary
from fetchcli.core.text import shorten, visible
from fetchcli.core.units import format_seconds

KEPT_CHANGES = 20  # of each kind; the rest is counted
MOST_SHOWN = 120  # characters of what is wrong with a row
MOST_PAIRS = 1000  # of one host
MOST_HOSTS = 10_000
MOST_RESULTS = 5  # statuses and error kinds that are remembered of a row


class Earlier(msgspec.Struct, gc=False):
    """What a row came to then, in one sample or several.

    Attributes:
        url: the row.
        passed: samples that were accepted.
        failed: samples that were not.
        results: statuses and error kinds, `MOST_RESULTS` at most.
        content: digest of the body of the accepted ones; empty where it is not known, or not always the same.
        times: seconds of the samples that were accepted, in order, `MOST_PAIRS` at most.
        there: it is in the lists of now.
        seen: samples of now.
        passing: those of them that were accepted.
        worst: the first outcome of now that was not.
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
        """What it came to, for people."""
        return "/".join(self.results)


class Sample(msgspec.Struct, frozen=True):
    """One row of earlier results.

    Attributes:
        url: of the row.
        verdict: as in `Verdict`.
        result: its status, or its error kind.
        sha256: of its body, or empty.
        seconds: of its last attempt, or None.
        said: what it said itself (`said_of`).
    """

    url: str
    verdict: str
    result: str
    sha256: str = ""
    seconds: float | None = None
    said: str = ""


def key_of(url: str, method: str | None, tag: str, said: str | None = None) -> bytes:
    """What a row is known by, in 16 bytes; texts as they are when they have been written, and read again."""
    text = f"{method} {visible(url)} {visible(tag)} {said and visible(said)}"
    return blake2b(text.encode(), digest_size=16).digest()


def said_of(own: RowRequest | None, expect: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """What a row says of its request, and of what is expected of it, in whatever order; or nothing."""
    said = (sorted(own.written().items()) if own is not None else [], sorted(expect))
    return repr(said) if any(said) else ""


class Baseline:
    """The rows of an earlier run: by URL, method and tag, and by what they said where that tells rows apart."""

    def __init__(self) -> None:
        self.rows: dict[bytes, Earlier] = {}
        self._alike: dict[bytes, list[bytes]] = {}

    def add(self, method: str | None, tag: str, sample: Sample) -> None:
        """Take one row of its results; rows that were not tried to the end say nothing."""
        if sample.verdict not in (Verdict.OK, Verdict.FAILED, Verdict.REJECTED):
            return
        key = key_of(sample.url, method, tag, sample.said)
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Earlier(sample.url)
            self._alike.setdefault(key_of(sample.url, method, tag), []).append(key)
        if sample.result not in row.results and len(row.results) < MOST_RESULTS:
            row.results += (sample.result,)
        if sample.verdict != Verdict.OK:
            row.failed += 1
            return
        row.passed += 1
        row.content = sample.sha256 if row.passed == 1 or row.content == sample.sha256 else ""
        if sample.seconds is not None and len(row.times) < MOST_PAIRS:
            row.times.append(sample.seconds)

    def find(self, outcome: Outcome) -> tuple[bytes, Earlier | None, bool]:
        """The key of a row, what it came to, and whether it said the same then."""
        row = outcome.row
        said = said_of(row.own, row.expect.said.items() if row.expect is not None else ())
        key = key_of(row.text, row.method, row.tag, said)
        if (same := self.rows.get(key)) is not None:
            return key, same, True
        alike = self._alike.get(key_of(row.text, row.method, row.tag), ())
        return (alike[0], self.rows[alike[0]], False) if len(alike) == 1 else (key, None, False)


class Comparison:
    """Outcomes against a baseline, as they come.

    Attributes:
        fresh: counts only what had not failed before.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._noted: dict[Change, list[Noted]] = defaultdict(list)
        self._once: set[tuple[bytes, Change]] = set()
        self._pairs: dict[str, list[Pair]] = {}
        self._by_row: dict[bytes, tuple[Noted, list[Pair]]] = {}
        self._counts: Counter[Change] = Counter()
        self.fresh = Summary()

    def is_known(self, outcome: Outcome) -> bool:
        """Whether a row that fails had failed before."""
        _, earlier, same = self._baseline.find(outcome)
        return earlier is not None and same and earlier.failed > 0

    def add(self, outcome: Outcome) -> None:
        """Compare one."""
        key, earlier, same = self._baseline.find(outcome)
        if earlier is not None:
            earlier.there = True
        if isinstance(outcome.row, Passed) or outcome.verdict is Verdict.CANCELLED:
            return
        if earlier is None:
            failing = "" if outcome.verdict is Verdict.OK else f"; {_problem(outcome)}"
            self._note(Change.CAME, key, outcome, f"no result in the baseline{failing}")
            self.fresh.add(outcome)
            return
        earlier.seen += 1
        if outcome.verdict is Verdict.OK:
            earlier.passing += 1
            if not earlier.passed:
                self._note(Change.CURED, key, outcome, f"{_result(outcome)}, was {earlier.was}")
                return
        elif not (earlier.failed and same):  # what asks, or expects, something else has not failed before
            self._note_failure(key, outcome, earlier)
            return
        elif earlier.worst is None:
            earlier.worst = outcome
        if outcome.verdict is not Verdict.SKIPPED and _result(outcome) not in earlier.results:
            self._note(Change.STATUS, key, outcome, f"{_result(outcome)}, was {earlier.was}")
        elif outcome.verdict is Verdict.OK:
            self._compare_accepted(key, outcome, earlier)

    def _note_failure(self, key: bytes, outcome: Outcome, earlier: Earlier) -> None:
        self.fresh.add(outcome)
        self._note(Change.NEW_FAILURE, key, outcome, f"{_problem(outcome)}; was {earlier.was}")

    def _compare_accepted(self, key: bytes, outcome: Outcome, earlier: Earlier) -> None:
        response = outcome.response
        if response is not None and earlier.content not in ("", response.sha256):
            self._note(Change.CONTENT, key, outcome, f"sha256 {response.sha256[:12]}…, was {earlier.content[:12]}…")
        if earlier.seen > len(earlier.times):
            return
        pair = (earlier.times[earlier.seen - 1], outcome.attempts[-1].elapsed)
        pairs = self._pairs.get(outcome.row.host)
        if pairs is None and len(self._pairs) < MOST_HOSTS:
            pairs = self._pairs[outcome.row.host] = []
        if pairs is not None and len(pairs) < MOST_PAIRS:
            pairs.append(pair)
        if len(earlier.times) >= LEAST_PAIRS and len(self._by_row) < MOST_HOSTS:
            place = Noted(Change.SLOWER, outcome.row.text, "", outcome.row.source, outcome.row.line)
            self._by_row.setdefault(key, (place, []))[1].append(pair)

    def _note(self, change: Change, key: bytes, outcome: Outcome, detail: str) -> None:
        if (key, change) in self._once:
            return
        if len(self._once) < 10 * MOST_HOSTS:
            self._once.add((key, change))
        self._keep(Noted(change, outcome.row.text, detail, outcome.row.source, outcome.row.line))

    def _keep(self, noted: Noted) -> None:
        self._counts[noted.change] += 1
        if len(self._noted[noted.change]) < KEPT_CHANGES:
            self._noted[noted.change].append(noted)

    def finish(self, *, whole: bool = True) -> Changes:
        """What has changed, now that the run is over.

        Args:
            whole: the lists were read to their end, and nothing in them was left out: what is not there is gone.
        """
        for key, earlier in self._baseline.rows.items():
            if whole and not earlier.there:
                self._keep(Noted(Change.GONE, earlier.url, "only in the baseline"))
            if earlier.worst is not None and not earlier.passing and earlier.passed >= earlier.failed:
                # It failed now and then; now it does nothing else.
                self._note_failure(key, earlier.worst, earlier)
        self._judge_times()
        noted = tuple(noted for change in Change for noted in self._noted[change])
        return Changes(noted, dict(self._counts), sum(map(len, self._pairs.values())))

    def _judge_times(self) -> None:
        """Hosts with enough pairs, and rows that have enough of their own."""
        groups = [(Noted(Change.SLOWER, host, ""), pairs) for host, pairs in self._pairs.items()]
        groups += self._by_row.values()
        groups = [group for group in groups if len(group[1]) >= LEAST_PAIRS]
        for place, pairs in groups:
            for change, shift in (
                (Change.SLOWER, slower(pairs, len(groups))),
                (Change.FASTER, faster(pairs, len(groups))),
            ):
                if shift is not None:
                    self._keep(msgspec.structs.replace(place, change=change, detail=_moved(shift)))


def _problem(outcome: Outcome) -> str:
    return shorten(problem_of(outcome), MOST_SHOWN)


def _result(outcome: Outcome) -> str:
    if outcome.response is not None:
        return str(outcome.response.status)
    return "skipped" if outcome.verdict is Verdict.SKIPPED else str(outcome.failure and outcome.failure.kind)


def _moved(shift: Shift) -> str:
    return (
        f"median {format_seconds(shift.now)}, was {format_seconds(shift.then)} "
        f"({shift.moved} of {shift.pairs} pairs moved by more than {MARGIN - 1:.0%})"
    )
