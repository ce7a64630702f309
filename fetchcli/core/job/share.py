"""The limits of a run, shared out to those who fetch its shards at the same time."""

import msgspec

from fetchcli.core.model.policy import Policy
from fetchcli.core.rate import Rate


def max_parallel(policy: Policy, workers: int) -> int:
    """How many shards may be fetched at once, so that each has at least one request of every limit."""
    limits = [workers, policy.concurrency]
    if policy.pace.rate is not None:
        limits.append(policy.pace.rate.count)
    return max(1, min(limits))


def shared(policy: Policy, parts: int) -> Policy:
    """The policy of one of several shards: all of them together keep the limits of the run.

    Limits of a host are not shared out: a host is in one shard at a time.
    """
    pace, limits = policy.pace, policy.limits
    if pace.rate is not None:
        pace = msgspec.structs.replace(pace, rate=Rate(max(1, pace.rate.count // parts), pace.rate.seconds))
    if limits.rate is not None:
        limits = msgspec.structs.replace(limits, rate=limits.rate / parts)
    concurrency = max(1, policy.concurrency // parts)
    return msgspec.structs.replace(policy, concurrency=concurrency, pace=pace, limits=limits)


def rest_seconds(policy: Policy) -> float:
    """How long to wait between two shards that share a limit, so that no window of time has too many requests."""
    rates = (policy.pace.rate, policy.pace.host_rate)
    return max((rate.seconds for rate in rates if rate is not None), default=0.0)
