"""Counting, merging, and the exit code."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, ExitCode
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary.summary import MAX_FAILURES, MAX_SLOWEST_HOSTS, Summary, exit_code
from fetchcli.core.summary.thresholds import parse_threshold
from fetchcli.core.summary.totals import totals_text
from tests.support.outcomes import answered, failed, rejected, target


def summed(outcomes: list[Outcome]) -> Summary:
    summary = Summary()
    for outcome in outcomes:
        summary.add(outcome)
    return summary


def facts(summary: Summary) -> tuple[object, ...]:
    quantiles = [summary.latency.quantile(share) for share in (0.0, 0.5, 0.9, 1.0)]
    kept = [outcome.row.seq for outcome in summary.failures]
    counts = (dict(summary.verdicts), dict(summary.statuses), dict(summary.kinds), summary.size_download)
    return (*counts, quantiles, len(summary.latency), summary.latency.max, summary.slowest_hosts, kept, summary.elapsed)


@st.composite
def outcome_lists(draw: st.DrawFn) -> list[Outcome]:
    kinds = st.sampled_from(["ok", "404", "dns", "rejected", "cancelled"])
    outcomes = []
    for seq, kind in enumerate(draw(st.lists(kinds, max_size=60)), 1):
        elapsed = draw(st.integers(1, 10_000)) / 1000
        host = f"http://h{draw(st.integers(1, 12))}.example/"
        match kind:
            case "ok" | "404":
                outcomes.append(answered(200 if kind == "ok" else 404, seq, host, elapsed))
            case "rejected":
                outcomes.append(rejected(seq))
            case _:
                outcomes.append(failed(ErrorKind(kind), seq))
    return outcomes


@given(outcome_lists(), st.data())
def test_merging_parts_in_any_order_is_the_whole(outcomes: list[Outcome], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(outcomes))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), min_size=2, max_size=2)))
    parts = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]
    left, right = summed(parts[0]), summed(parts[1])
    left.merge(summed(parts[1]))
    left.merge(summed(parts[2]))
    right.merge(summed(parts[2]))
    nested = summed(parts[0])
    nested.merge(right)
    assert facts(left) == facts(nested) == facts(summed(outcomes))


def test_what_was_given_up_because_of_others_does_not_decide() -> None:
    cancelled = failed(ErrorKind.CANCELLED)
    assert exit_code(summed([answered(404), cancelled])) is ExitCode.STATUS
    assert exit_code(summed([cancelled])) is ExitCode.TRANSPORT


def test_memory_is_bounded() -> None:
    outcomes = [answered(404, seq, f"http://h{seq}.example/", seq / 100) for seq in range(1, 200)]
    summary = summed(outcomes)
    assert summary.not_accepted == summary.total == 199
    assert [outcome.row.seq for outcome in summary.failures] == list(range(1, MAX_FAILURES + 1))
    assert list(summary.slowest_hosts) == [f"h{seq}.example" for seq in range(199, 199 - MAX_SLOWEST_HOSTS, -1)]


def test_ties_between_hosts_do_not_depend_on_the_order() -> None:
    outcomes = [answered(seq=seq, url=f"http://h{seq}.example/", elapsed=1.0) for seq in range(1, 9)]
    assert facts(summed(outcomes)) == facts(summed(outcomes[::-1]))


def test_an_empty_summary() -> None:
    summary = Summary()
    assert summary.latency.quantile(0.5) == 0.0
    assert not summary.latency
    assert exit_code(summary) is ExitCode.OK


SINGLE = {
    ExitCode.INTERNAL: failed(ErrorKind.INTERNAL),
    ExitCode.INPUT: rejected(),
    ExitCode.TRANSPORT: failed(ErrorKind.TIMEOUT_TOTAL),
    ExitCode.STATUS: answered(503),
}


@pytest.mark.parametrize(("code", "outcome"), list(SINGLE.items()))
def test_each_failure_has_its_exit_code(code: ExitCode, outcome: Outcome) -> None:
    assert exit_code(summed([answered(), outcome])) is code


@pytest.mark.parametrize("pair", list(combinations(SINGLE, 2)))
def test_of_several_the_lowest_code_wins(pair: tuple[ExitCode, ExitCode]) -> None:
    assert exit_code(summed([SINGLE[code] for code in pair])) is min(pair)


def test_a_cancelled_row_is_no_success() -> None:
    summary = summed([answered(), failed(ErrorKind.CANCELLED)])
    assert (summary.not_accepted, summary.failed, summary.failures) == (1, 0, [])
    assert summary.verdicts[Verdict.CANCELLED] == 1
    assert exit_code(summary) is ExitCode.TRANSPORT


def test_skipped_rows_count_on_their_own_and_as_failures_of_the_transport() -> None:
    summary = Summary()
    summary.add(Outcome(target(), Verdict.SKIPPED, note="its host is down"))
    assert (summary.verdicts[Verdict.SKIPPED], summary.failed, summary.failures) == (1, 0, [])
    assert exit_code(summary) is ExitCode.TRANSPORT


def test_rows_of_an_earlier_run_are_counted_apart() -> None:
    summary = summed([answered()])
    summary.add(answered(404, 2))
    summary.earlier = 1
    summary.elapsed = 2.0
    assert (summary.total, summary.earlier) == (2, 1)
    assert "(1 from an earlier run) in 2.00 s, 0.5/s" in totals_text(summary)
    summary.take_counts(summed([answered(), answered(seq=2), answered(seq=3)]))
    assert (summary.total, summary.earlier, summary.elapsed, summary.failed) == (3, 2, 2.0, 0)


def test_a_rate_is_that_of_both_runs() -> None:
    summary = Summary([parse_threshold("rate > 1/s")])
    summary.elapsed, summary.earlier_seconds = 1.0, 3.0
    for seq in range(8):
        summary.add(answered(seq=seq))
    assert [result.value for result in summary.threshold_results] == [2.0]
