"""The rate of bytes over a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.schedule.byte_pacing import BURST_SECONDS, BytePacer

TRANSFERS = st.lists(st.tuples(st.integers(1, 10_000), st.floats(0, 5)), min_size=1, max_size=40)


@given(transfers=TRANSFERS, rate=st.floats(10, 10_000))
def test_no_time_has_more_than_the_rate(transfers: list[tuple[int, float]], rate: float) -> None:
    """Whoever waits as asked, one after another, is never ahead of the rate by more than a burst and a chunk."""
    pacer, now, total, start = BytePacer(rate), 100.0, 0, 100.0
    for size, pause in transfers:
        now += pause
        now += pacer.take(size, now)
        total += size
        assert total <= rate * (now - start + BURST_SECONDS) * (1 + 1e-9) + 1e-6


def test_a_pause_is_not_made_up_for() -> None:
    pacer = BytePacer(100.0)
    assert pacer.take(100, 0.0) == pytest.approx(1.0 - BURST_SECONDS)
    assert pacer.take(100, 1000.0) == pytest.approx(1.0 - BURST_SECONDS)
    assert pacer.take(1, 2000.0) == 0.0
