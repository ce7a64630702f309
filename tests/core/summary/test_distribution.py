"""Percentiles by nearest rank: exact, then within 1 %."""

from decimal import ROUND_CEILING, Decimal
from functools import reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.summary.distribution import BLOCK, MAX_EXACT, RELATIVE_ACCURACY, Distribution

SHARES = ("0", "0.001", "0.01", "0.05", "0.07", "0.1", "0.25", "0.5", "0.57", "0.9", "0.95", "0.99", "0.999", "1")
VALUES = st.floats(0, 100) | st.sampled_from([0.0, 1e-12, 1e-9, 1.0, 2.0**53])


def distribution(values: list[float], max_exact: int = MAX_EXACT) -> Distribution:
    made = Distribution(max_exact)
    for value in values:
        made.add(value)
    return made


def nearest_rank(values: list[float], share: str) -> float:
    """The definition, in exact arithmetic over a sorted list."""
    rank = int((Decimal(share) * len(values)).to_integral_value(ROUND_CEILING))
    return sorted(values)[max(rank, 1) - 1]


def facts(made: Distribution) -> tuple[object, ...]:
    return (len(made), made.min, made.max, [made.quantile(float(share)) for share in SHARES])


def test_every_count_up_to_a_thousand_is_exact() -> None:
    random = Random(1)
    for count in range(1, 1001):
        values = [random.expovariate(1) for _ in range(count)]
        made = distribution(values)
        assert [made.quantile(float(share)) for share in SHARES] == [nearest_rank(values, share) for share in SHARES]


def test_three_slow_rows_of_299_are_the_99th_percentile() -> None:
    assert distribution([0.01] * 296 + [1.5] * 3).quantile(0.99) == 1.5
    assert distribution([0.018] * 8 + [1.52]).quantile(0.99) == 1.52


def test_a_run_is_exact_up_to_a_hundred_thousand_values() -> None:
    random = Random(2)
    values = [random.random() for _ in range(MAX_EXACT)]
    made = distribution(values)
    assert MAX_EXACT == 100_000
    assert [made.quantile(float(share)) for share in SHARES] == [nearest_rank(values, share) for share in SHARES]


@given(st.lists(VALUES, min_size=1, max_size=300), st.integers(0, 20), st.sampled_from(SHARES))
def test_beyond_the_change_over_every_percentile_is_within_one_percent(
    values: list[float], max_exact: int, share: str
) -> None:
    found = distribution(values, max_exact).quantile(float(share))
    assert found == pytest.approx(nearest_rank(values, share), rel=RELATIVE_ACCURACY * 1.0001, abs=1e-9)


def test_a_long_list_is_within_one_percent() -> None:
    random = Random(3)
    values = [random.lognormvariate(-3, 2) for _ in range(3 * MAX_EXACT)]
    made = distribution(values)
    for share in SHARES:
        assert made.quantile(float(share)) == pytest.approx(nearest_rank(values, share), rel=RELATIVE_ACCURACY * 1.0001)
    assert (made.max, made.min, made.quantile(1.0)) == (max(values), min(values), max(values))
    assert made.mean == pytest.approx(sum(values) / len(values))


def test_memory_is_bounded() -> None:
    made = Distribution(10)
    for value in range(1, 4 * BLOCK):
        made.add(value / 1000)
    assert len(made._values) <= BLOCK
    assert len(made._buckets) < 1000


@given(
    st.lists(st.lists(VALUES, max_size=60), min_size=1, max_size=5),
    st.sampled_from([0, 5, 50, 1000]),
)
def test_merging_in_any_order_is_the_whole(parts: list[list[float]], max_exact: int) -> None:
    whole = distribution([value for part in parts for value in part], max_exact)

    def merged(left: Distribution, right: Distribution) -> Distribution:
        left.merge(right)
        return left

    forward = reduce(merged, [distribution(part, max_exact) for part in parts])
    backward = reduce(merged, [distribution(part, max_exact) for part in reversed(parts)])
    nested = reduce(
        lambda right, left: merged(left, right), [distribution(part, max_exact) for part in reversed(parts)]
    )
    assert facts(forward) == facts(backward) == facts(nested) == facts(whole)
    assert forward.mean == pytest.approx(whole.mean)


def test_nothing() -> None:
    nothing = Distribution()
    assert (len(nothing), nothing.min, nothing.max, nothing.mean, nothing.quantile(0.5)) == (0, float("inf"), 0, 0, 0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.integers(1, 50), st.booleans())
def test_a_histogram_counts_every_value_once(values: list[float], number: int, exact: bool) -> None:
    distribution = Distribution(1_000 if exact else 10)
    for value in values:
        distribution.add(value)
    counts = distribution.histogram(number)
    assert (len(counts), sum(counts)) == (number, len(values))
    assert counts[-1 if min(values) < max(values) and max(values) > 1e-9 else 0]
    assert counts[0]


def test_intervals_are_equal_on_a_log_scale() -> None:
    distribution = Distribution()
    for value in (1.0, 1.5, 12.0, 150.0, 999.0, 1000.0):
        distribution.add(value)
    assert distribution.histogram(3) == [2, 1, 3]
