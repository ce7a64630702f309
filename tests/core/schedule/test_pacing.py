"""Rates are kept in every window, not just on average."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import UsageError
from fetchcli.core.rate import Rate, parse_rate
from fetchcli.core.schedule.pacing import Pacer


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/s", Rate(10, 1.0)),
        ("10", Rate(10, 1.0)),
        ("30/m", Rate(30, 60.0)),
        ("100/H", Rate(100, 3600.0)),
        ("0.5/s", Rate(1, 2.0)),
        ("2.5", Rate(5, 2.0)),
        ("none", None),
    ],
)
def test_rates(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


def test_a_very_broken_number_is_one_in_its_time() -> None:
    rate = parse_rate("0.00033333/s")
    assert rate is not None
    assert rate.count == 1
    assert rate.per_second == pytest.approx(0.00033333)


@pytest.mark.parametrize("text", ["", "0", "0/s", "-1/s", "10/d", "fast", "10 /s", "1e3", "9" * 20 + "/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a rate"):
        parse_rate(text)


def test_what_starts_nothing_is_no_rate() -> None:
    for count, seconds in ((0, 1.0), (1, 0.0), (1, float("inf"))):
        with pytest.raises(UsageError):
            Rate(count, seconds)


RATES = st.builds(Rate, st.integers(1, 40), st.sampled_from([0.5, 1.0, 2.0, 60.0]))


@given(RATES, st.lists(st.floats(0, 0.3), min_size=1, max_size=200))
def test_never_more_than_the_count_in_any_window(rate: Rate, delays: list[float]) -> None:
    """Whoever starts does so when it may, or some time later."""
    pacer, now, starts = Pacer(rate), 0.0, []
    for delay in delays:
        now = max(now + delay, pacer.ready_at)
        pacer.start(now)
        starts.append(now)
    for first, over in zip(starts, starts[rate.count :], strict=False):
        assert over - first >= rate.seconds * (1 - 1e-9)


@given(RATES)
def test_whoever_never_waits_longer_than_needed_gets_the_rate(rate: Rate) -> None:
    pacer, now = Pacer(rate), 0.0
    for _ in range(rate.count * 3 + 1):
        now = max(now, pacer.ready_at)
        pacer.start(now)
    assert now == pytest.approx(rate.seconds * 3, rel=1e-6)


def test_starts_are_spread_and_not_all_at_once() -> None:
    pacer, now = Pacer(Rate(100, 1.0)), 0.0
    for _ in range(50):
        now = max(now, pacer.ready_at)
        pacer.start(now)
    assert 0.4 < now < 0.5


def test_it_may_be_forgotten_once_its_window_is_over() -> None:
    pacer = Pacer(Rate(2, 1.0))
    assert pacer.idle_at == float("-inf")
    pacer.start(5.0)
    assert pacer.idle_at == 6.0
