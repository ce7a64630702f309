"""Be as polite as an earlier run was: its pauses and open circuit breakers hold."""

from fetchcli.core.journal.manners import HostManners
from fetchcli.core.model.policy import Retry
from fetchcli.core.schedule.scheduler import Scheduler


def recall(manners: HostManners, retry: Retry, scheduler: Scheduler, wall: float, now: float) -> None:
    """Tell a scheduler which hosts want to be left alone, or were down.

    Args:
        manners: what the rows of the earlier run say.
        retry: which pauses are respected.
        scheduler: decides who may be asked.
        wall: seconds since the epoch.
        now: `time.monotonic`.
    """
    breaker = scheduler.feedback.breaker
    manners.recall(
        wall,
        lambda origin, seconds: scheduler.pause(origin, now + seconds, now),
        lambda origin, count, ago: None if breaker is None else breaker.recall(origin, count, now - ago),
        retry.max_retry_after if retry.respect_retry_after else 0.0,
    )
