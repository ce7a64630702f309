"""What has changed since an earlier run, row by row (URL, method and tag)."""

from collections import Counter, defaultdict
from hashlib import blake2b

import msgspec

from fetchcli.core.changes import Change, Changes, Noted
from fetchcli.core.model import Outcome, Passed, Verdict
from fetchcli.core.report import problem_of
from fetchcli.core.slowdown import LEAST_PAIRS, MARGIN, Pair, Shift, faster, slower
from fetchcli.core.summary import Summary
from fetchcli.core.text import shorten
from fetchcli.core.units import format_seconds

KEPT_CHANGES = 20  # of each kind; the rest is counted
MOST_SHOWN = 120  # characters of what is wrong with a row
MOST_PAIRS = 1000  # of one host
MOST_HOSTS = 10_000


class Earlier(msgspec.Struct, gc=False):
    """What a row came to then, in one sample or several.

    Attributes:
        url: the row.
        passed: it was accepted, at least once.
        failed: it was not, at least once.
        results: statuses and error kinds.
        contents: digests of bodies.
        times: seconds of the samples that were accepted, in order.
        seen: samples of now.
    """

    url: str
    passed: bool = False
    failed: bool = False
    results: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    times: tuple[float, ...] = ()
    seen: int = 0


class Sample(msgspec.Struct, frozen=True):
    """One row of earlier results.

    Attributes:
        url: of the row.
        verdict: as in `Verdict`.
        result: its status, or its error kind.
        sha256: of its body, or empty.
        seconds: of its last attempt, or None.
    """

    url: str
    verdict: str
    result: str
    sha256: str = ""
    seconds: float | None = None


def key_of(url: str, method: str | None, tag: str) -> bytes:
    """What a row is known by, in 16 bytes."""
    return blake2b(f"{method} {url} {tag}".encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Baseline:
    """The rows of an earlier run."""

    def __init__(self) -> None:
        self.rows: dict[bytes, Earlier] = {}

    def add(self, key: bytes, sample: Sample) -> None:
        """Take one row of its results; rows that were not tried to the end say nothing."""
        if sample.verdict not in (Verdict.OK, Verdict.FAILED, Verdict.REJECTED):
            return
        row = self.rows.setdefault(key, Earlier(sample.url))
        accepted = sample.verdict == Verdict.OK
        row.passed, row.failed = row.passed or accepted, row.failed or not accepted
        if sample.result not in row.results:
            row.results += (sample.result,)
        if accepted and sample.sha256 not in row.contents:
            row.contents += (sample.sha256,)
        if accepted and sample.seconds is not None:
            row.times += (sample.seconds,)


class Comparison:
    """Outcomes against a baseline, as they come.

    Attributes:
        fresh: counts only what had not failed before.
    """

    def __init__(self, baseline: Baseline) -> None:
        self._rows = baseline.rows
        self._noted: dict[Change, list[Noted]] = defaultdict(list)
        self._once: set[tuple[bytes, Change]] = set()
        self._pairs: dict[str, list[Pair]] = {}
        self._by_row: dict[bytes, tuple[Noted, list[Pair]]] = {}
        self._counts: Counter[Change] = Counter()
        self.fresh = Summary()

    def add(self, outcome: Outcome) -> None:
        """Compare one."""
        row = outcome.row
        if isinstance(row, Passed) or outcome.verdict is Verdict.CANCELLED:
            return
        key = key_of(row.text, row.method, row.tag)
        earlier = self._rows.get(key)
        if earlier is None:
            self._note(Change.CAME, key, outcome, "not in the baseline")
            self.fresh.add(outcome)
            return
        earlier.seen += 1
        if outcome.verdict is not Verdict.OK:
            if not earlier.failed:
                self.fresh.add(outcome)
                problem = shorten(problem_of(outcome), MOST_SHOWN)
                self._note(Change.NEW_FAILURE, key, outcome, f"{problem}; was {'/'.join(earlier.results)}")
                return
        elif not earlier.passed:
            self._note(Change.CURED, key, outcome, f"{_result(outcome)}, was {'/'.join(earlier.results)}")
            return
        if outcome.verdict is not Verdict.SKIPPED and _result(outcome) not in earlier.results:
            self._note(Change.STATUS, key, outcome, f"{_result(outcome)}, was {'/'.join(earlier.results)}")
        elif outcome.verdict is Verdict.OK:
            self._compare_accepted(key, outcome, earlier)

    def _compare_accepted(self, key: bytes, outcome: Outcome, earlier: Earlier) -> None:
        response = outcome.response
        if response is not None and response.sha256 not in earlier.contents:
            self._note(Change.CONTENT, key, outcome, f"sha256 {response.sha256[:12]}…, was {earlier.contents[0][:12]}…")
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

    def finish(self) -> Changes:
        """What has changed, now that the run is over: what it did not bring is gone."""
        for earlier in self._rows.values():
            if not earlier.seen:
                self._keep(Noted(Change.GONE, earlier.url, "only in the baseline"))
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


def _result(outcome: Outcome) -> str:
    if outcome.response is not None:
        return str(outcome.response.status)
    return "skipped" if outcome.verdict is Verdict.SKIPPED else str(outcome.failure and outcome.failure.kind)


def _moved(shift: Shift) -> str:
    return (
        f"median {format_seconds(shift.now)}, was {format_seconds(shift.then)} "
        f"({shift.moved} of {shift.pairs} pairs moved by more than {MARGIN - 1:.0%})"
    )
