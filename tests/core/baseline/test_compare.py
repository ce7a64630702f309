"""What has changed since an earlier run, and the rule for times."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.baseline.compare import (
    MAX_CHANGES,
    MAX_PAIRS,
    MAX_RESULTS,
    Baseline,
    Comparison,
    Sample,
    row_signature,
)
from fetchcli.core.baseline.sign_test import (
    MARGIN,
    MIN_GROWTH,
    MIN_PAIRS,
    SIGNIFICANCE,
    Pair,
    faster,
    slower,
    tail_probability,
)
from fetchcli.core.errors import ErrorKind, ExitCode
from fetchcli.core.expect.expectations import merged
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Skipped
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.summary.changes import Change, Changes
from fetchcli.core.summary.summary import exit_code
from tests.support.outcomes import answered, failed, rejected, target

SHA = "ab" * 32


def then(*rows: tuple[str, str, str, str, float | None]) -> Baseline:
    """Rows of earlier results: URL, verdict, result, sha256, seconds."""
    baseline = Baseline()
    for url, verdict, result, sha256, seconds in rows:
        sample = Sample(url=url, verdict=verdict, result=result, sha256=sha256, seconds=seconds)
        baseline.add(None, "", sample)
    return baseline


def compared(baseline: Baseline, *outcomes: Outcome) -> tuple[Changes, Comparison]:
    comparison = Comparison(baseline)
    for outcome in outcomes:
        comparison.add(outcome)
    return comparison.finish(), comparison


def a(path: str) -> str:
    return f"http://example.com/{path}"


def test_every_kind_of_change() -> None:
    baseline = then(
        (a("same"), "OK", "200", SHA, 0.25),
        (a("breaks"), "OK", "200", SHA, 0.25),
        (a("cured"), "FAILED", "503", SHA, 0.25),
        (a("status"), "OK", "301", SHA, 0.25),
        (a("worse"), "FAILED", "404", SHA, 0.25),
        (a("content"), "OK", "200", "cd" * 32, 0.25),
        (a("gone"), "OK", "200", SHA, 0.25),
        (a("cancelled"), "CANCELLED", "cancelled", "", None),
    )
    found, comparison = compared(
        baseline,
        answered(url=a("same")),
        answered(404, url=a("breaks")),
        answered(url=a("cured")),
        answered(url=a("status")),
        answered(500, url=a("worse")),
        answered(url=a("content")),
        answered(url=a("came")),
        answered(404, url=a("came-bad")),
        answered(url=a("cancelled")),
    )
    assert [(listed.change, listed.subject.rpartition("/")[2], listed.detail) for listed in found.listed] == [
        (Change.NEW_FAILURE, "breaks", "status: expected 200..399, got 404; was 200"),
        (Change.CURED, "cured", "200, was 503"),
        (Change.STATUS, "status", "200, was 301"),
        (Change.STATUS, "worse", "500, was 404"),
        (Change.CONTENT, "content", f"sha256 {SHA[:12]}…, was {'cd' * 6}…"),
        (Change.CAME, "came", "no result in the baseline"),
        (Change.CAME, "came-bad", "no result in the baseline; status: expected 200..399, got 404"),
        (Change.CAME, "cancelled", "no result in the baseline"),
        (Change.GONE, "gone", "only in the baseline"),
    ]
    assert found.text == "1 new failure, 1 cured, 2 other status, 1 other content, 3 came, 1 gone"
    assert exit_code(comparison.fresh) is ExitCode.STATUS
    assert comparison.fresh.failed == 2  # the one that broke and the one that came broken


def test_what_failed_before_does_not_decide() -> None:
    _, comparison = compared(then((a("a"), "FAILED", "404", "", 0.1)), answered(404))
    assert exit_code(comparison.fresh) is ExitCode.OK


def test_rows_that_say_nothing_are_left_out() -> None:
    baseline = then((a("a"), "OK", "200", SHA, 0.1))
    found, comparison = compared(
        baseline, failed(ErrorKind.CANCELLED), Outcome(Skipped.from_target(target(), "again"), Verdict.SKIPPED)
    )
    assert comparison.fresh.total == 0
    assert found.counts == {}  # it is there, although it was not fetched
    assert Comparison(baseline).finish(whole=False).counts == {}


def test_a_row_that_is_skipped_because_its_host_is_down_is_a_new_failure() -> None:
    skipped = Outcome(target(), Verdict.SKIPPED, note="3 failures in a row")
    found, comparison = compared(then((a("a"), "OK", "200", SHA, 0.1)), skipped)
    assert found.listed[0].detail == "skipped: 3 failures in a row; was 200"
    assert exit_code(comparison.fresh) is ExitCode.TRANSPORT
    found, _ = compared(then((a("a"), "FAILED", "dns", "", 0.1)), skipped)
    assert found.counts == {}


def test_rejected_rows_are_compared_too() -> None:
    found, _ = compared(then(("ftp://x", "REJECTED", "invalid_url", "", None)), rejected())
    assert found.text == "nothing has changed"


def test_several_samples_of_a_row_are_one_row() -> None:
    rows = [(a("a"), verdict, result, SHA, 0.25) for verdict, result in (("OK", "200"), ("FAILED", "503"))]
    found, comparison = compared(then(*rows), answered(503), answered(), answered(503))
    assert found.counts == {}  # it was flaky then
    assert comparison.fresh.total == 0
    found, _ = compared(then(rows[0]), answered(404), answered(404))
    assert found.counts == {Change.NEW_FAILURE: 1}


def test_a_row_that_failed_now_and_then_and_now_does_nothing_else_is_a_new_failure() -> None:
    rows = [(a("a"), "OK", "200", SHA, 0.25)] * 9 + [(a("a"), "FAILED", "503", "", 0.25)]
    found, comparison = compared(then(*rows), answered(503), answered(503))
    assert found.counts == {Change.NEW_FAILURE: 1}
    assert exit_code(comparison.fresh) is ExitCode.STATUS
    assert comparison.is_known(answered(503))
    found, _ = compared(then(*rows), answered(503), answered())
    assert found.counts == {}
    mostly_bad = [(a("a"), "OK", "200", SHA, 0.25)] + [(a("a"), "FAILED", "503", "", 0.25)] * 9
    assert compared(then(*mostly_bad), answered(503))[0].counts == {}


def test_rows_alike_are_told_apart_by_what_is_expected() -> None:
    baseline = Baseline()
    expect = {"good": (("body", ("good",)),), "bad": (("body", ("bad",)),)}
    signature = {name: row_signature(None, one) for name, one in expect.items()}
    for name, verdict in (("good", "OK"), ("bad", "FAILED")):
        baseline.add(
            None,
            "",
            Sample(url=a("a"), verdict=verdict, result="200", sha256=SHA, seconds=0.1, signature=signature[name]),
        )
    row = msgspec.structs.replace(target(), expect=merged((), dict(expect["good"])))
    broken = msgspec.structs.replace(answered(404), row=row)
    assert compared(baseline, broken)[0].counts == {Change.NEW_FAILURE: 1, Change.GONE: 1}
    unheard_of = msgspec.structs.replace(broken, row=target())
    comparison = Comparison(baseline)
    comparison.add(unheard_of)
    assert comparison.fresh.failed == 1


def test_what_failed_when_it_was_asked_for_something_else_has_not_failed_before() -> None:
    baseline = then((a("a"), "FAILED", "404", "", 0.1))
    asked = msgspec.structs.replace(target(), row_request=RowRequest(method="POST", body="x"))
    found, comparison = compared(baseline, msgspec.structs.replace(answered(404), row=asked))
    assert found.counts == {Change.NEW_FAILURE: 1}
    assert not comparison.is_known(msgspec.structs.replace(answered(404), row=asked))
    assert row_signature(RowRequest(method="PUT"), ()) == row_signature(RowRequest(method="PUT"), ())
    assert row_signature(None, (("size", (">1",)), ("body", ("a",)))) == row_signature(
        None, (("body", ("a",)), ("size", (">1",)))
    )


def test_what_was_not_always_the_same_is_not_compared() -> None:
    rows = [(a("a"), "OK", str(200 + number), sha * 64, 0.25) for number, sha in enumerate("abcabcdef")]
    baseline = then(*rows)
    (only,) = baseline.rows.values()
    assert (only.content, len(only.results), only.earlier_text) == ("", MAX_RESULTS, "200/201/202/203/204")
    assert compared(baseline, answered())[0].counts == {}


def test_memory_is_bounded_and_the_rest_is_counted() -> None:
    rows = [(a(str(number)), "OK", "200", SHA, 0.25) for number in range(3 * MAX_PAIRS)]
    found, _ = compared(then(*rows), *(answered(404, url=row[0]) for row in rows))
    assert len(found.listed) == MAX_CHANGES
    assert found.counts == {Change.NEW_FAILURE: len(rows)}
    found, _ = compared(then(*rows), *(answered(url=row[0]) for row in rows))
    assert found.pairs == MAX_PAIRS


def test_a_host_and_a_row_that_became_slower_are_told() -> None:
    rows = [(a("a"), "OK", "200", SHA, 0.1) for _ in range(20)]
    found, _ = compared(then(*rows), *(answered(elapsed=0.3) for _ in range(20)))
    assert [(listed.change, listed.subject) for listed in found.listed] == [
        (Change.SLOWER, "example.com"),
        (Change.SLOWER, a("a")),
    ]
    assert found.listed[0].detail == "median 300 ms, was 100 ms (20 of 20 pairs moved by more than 25%)"
    assert found.listed[1].line == 2
    found, _ = compared(then(*rows), *(answered(elapsed=0.03) for _ in range(20)))
    assert {listed.change for listed in found.listed} == {Change.FASTER}


def test_a_row_that_came_more_often_than_before_has_no_pair() -> None:
    rows = [(a("a"), "OK", "200", SHA, 0.1), (a("b"), "OK", "200", SHA, None)]
    found, _ = compared(then(*rows), answered(), answered(), answered(url=a("b")))
    assert found.pairs == 1


def test_too_many_hosts_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fetchcli.core.baseline.compare.MAX_HOSTS", 1)
    rows = [(f"http://h{number}/", "OK", "200", SHA, 0.1) for number in range(12)]
    found, _ = compared(then(*rows), *(answered(404, url=row[0]) for row in rows))
    assert found.counts == {Change.NEW_FAILURE: 12}
    found, _ = compared(then(*rows), *(answered(url=row[0]) for row in rows))
    assert found.pairs == 1


def test_the_rule_in_its_own_words() -> None:
    assert slower([(0.1, 0.2)] * (MIN_PAIRS - 1)) is None
    assert slower([(0.1, 0.2)] * MIN_PAIRS) is not None
    assert slower([(0.1, 0.1 * MARGIN)] * 100) is None
    assert slower([(0.001, 0.001 + MIN_GROWTH * 0.9)] * 100) is None  # several times as long, and nobody would notice
    assert slower([(0.1, 0.2)] * MIN_PAIRS, groups=100) is None  # of so many questions one is answered so by chance
    assert faster([(0.2, 0.1)] * MIN_PAIRS) is not None
    assert faster([(0.1, 0.2)] * MIN_PAIRS) is None
    assert tail_probability(0, 5) == 1
    assert tail_probability(5, 5) == 1 / 32


@given(st.integers(1, 60), st.integers(0, 60))
def test_chances_add_up(tosses: int, heads: int) -> None:
    heads = min(heads, tosses)
    assert tail_probability(heads, tosses) + (1 - tail_probability(heads, tosses)) == 1
    assert tail_probability(heads, tosses) == pytest.approx(1 - tail_probability(tosses - heads + 1, tosses), abs=1e-9)


def under_load(rng: random.Random, rows: int, slowdown: float = 1.0) -> list[float]:
    """Times of a server under load: each row its own, noise with a long tail, stalls that hit several in a row."""
    times, stall = [], 0.0
    drift = rng.uniform(0.9, 1.1)  # the machine is busier in one run than in the other
    for number in range(rows):
        if rng.random() < 0.05:
            stall = rng.expovariate(1 / 0.05)
        stall *= 0.5
        row_request = 0.01 + 0.03 * (number % 7)
        times.append(slowdown * drift * row_request * rng.lognormvariate(0, 0.25) + stall)
    return times


def alarms(slowdown: float, rows: int = 40, runs: int = 2000) -> float:
    rng = random.Random(f"{slowdown} {rows}")
    found = 0
    for _ in range(runs):
        pairs: list[Pair] = list(zip(under_load(rng, rows), under_load(rng, rows, slowdown), strict=True))
        found += slower(pairs) is not None
    return found / runs


def test_a_healthy_server_raises_at_most_one_false_alarm_in_a_hundred() -> None:
    assert alarms(1.0) <= SIGNIFICANCE
    assert alarms(1.0, rows=10) <= SIGNIFICANCE
    assert alarms(1.0, rows=200, runs=500) <= SIGNIFICANCE


def test_twice_as_slow_is_caught_in_ninety_nine_of_a_hundred() -> None:
    assert alarms(2.0) >= 0.99
    assert alarms(2.0, rows=200, runs=500) >= 0.99


def test_changes_are_values() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Changes((), {Change.CURED: 1}, 0)), type=Changes).counts == {
        Change.CURED: 1
    }


def test_the_body_of_a_row_in_the_baseline() -> None:
    comparison = Comparison(then((a("same"), "OK", "200", "ab", 0.1), (a("failed"), "FAILED", "500", "cd", 0.1)))
    assert comparison.earlier(target(url=a("same"))) == Earlier("ab")
    assert comparison.earlier(target(url=a("failed"))) is None
    assert comparison.earlier(target(url=a("new"))) is None
