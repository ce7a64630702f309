"""The limits of a run, shared out."""

from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.job.share import max_parallel, rest_seconds, shared
from fetchcli.core.model.policy import Limits, Pace, Policy
from fetchcli.core.rate import Rate

RATES = st.none() | st.builds(Rate, st.integers(1, 500), st.sampled_from([0.5, 1.0, 60.0]))


@given(st.integers(1, 500), RATES, st.integers(1, 100), st.none() | st.floats(1, 1e9))
def test_together_they_keep_the_limits(concurrency: int, rate: Rate | None, workers: int, bytes_: float | None) -> None:
    policy = Policy(concurrency, pace=Pace(rate=rate, per_host=3, host_rate=rate), limits=Limits(rate=bytes_))
    parallel = max_parallel(policy, workers)
    assert 1 <= parallel <= workers
    one = shared(policy, parallel)
    assert 1 <= one.concurrency * parallel <= concurrency
    if rate is None or one.pace.rate is None:
        assert one.pace.rate is rate is None
    else:
        assert one.pace.rate.seconds == rate.seconds
        assert one.pace.rate.count * parallel <= rate.count
    assert (one.limits.rate is None) == (bytes_ is None)
    if one.limits.rate is not None and bytes_ is not None:
        assert one.limits.rate * parallel <= bytes_ * 1.0001
    assert (one.pace.per_host, one.pace.host_rate) == (3, rate)  # a host is in one shard at a time


def test_between_two_shards_no_window_of_a_rate_is_too_full() -> None:
    assert rest_seconds(Policy()) == 0
    assert rest_seconds(Policy(pace=Pace(rate=Rate(10, 1.0)))) == 1
    assert rest_seconds(Policy(pace=Pace(rate=Rate(10, 1.0), host_rate=Rate(1, 60.0)))) == 60
