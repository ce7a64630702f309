"""A limit of a host that its response times show: requests beyond it wait in a queue.

The times with few requests in flight are the measure. If times are certainly longer, fewer requests are tried:

- If that makes them no shorter, the host has become slower by itself. Its times are the new measure, and the limit is
  what it was.
- Otherwise the host queues. The measure is taken anew: by fewer and fewer requests, until they are no faster. From
  then on the limit is steered: up while times are like the measure, else down.
"""

from math import exp, inf, log
from typing import NamedTuple

from fetchcli.core.schedule.response_times import Cohort, Level

FIRST, SIZE = 32, 64  # requests in the first cohort, and in a later one
LONGER = log(2)  # a smaller rise of the logarithm is none
MIN_RISE = 0.01  # seconds; what is less may be the event loop's
CERTAIN, LIKELY = 3.0, 2.3  # standard errors: to tell of a queue, and to steer once it is known
SHORTER = LONGER / 2  # by what half as many requests must be faster at least if the host queues
FEW = 0.6  # of the present requests: at most so many tell how long it takes without a queue
ENOUGH = 0.3  # of the present requests: if so few are no faster, there is no queue
HALF = 0.5  # by which the limit goes down until the first one is found that does not queue
DOWN, DOWN_MOST, UP, UP_MOST = 0.1, 0.2, 0.15, 1.0  # steps afterwards; twice as large each time
WAIT_MOST = 8  # cohorts after a step up that failed
SETTLED = 8  # cohorts after which a measure that was taken with too many requests is taken again
FORGET = 100  # cohorts after which any measure is taken again


class Descent(NamedTuple):
    """Fewer and fewer requests are tried, to find out whether they are faster.

    Attributes:
        top: the times before it.
        limit: the limit before it.
        enough: if so few are no faster, none are.
    """

    top: Level
    limit: float
    enough: float


class QueueLimit:
    """How many requests at once a host works on without a queue.

    Args:
        since: what was launched before does not count.

    Attributes:
        limit: that number; infinite as long as no queue is known.
        has_refused: the host refuses what is too much. It hardly queues besides, so it is not slowed down for a
            measure.
    """

    __slots__ = (
        "_age",
        "_cohort",
        "_descent",
        "_down",
        "_fails",
        "_few",
        "_good",
        "_up",
        "_wait",
        "has_refused",
        "limit",
    )

    def __init__(self, since: float) -> None:
        self._cohort = Cohort(FIRST, since)
        self._few: Level | None = None  # the measure
        self._descent: Descent | None = None
        self._fails, self._wait = 0, 0  # steps up that failed, and cohorts until the next one
        self._age = 0  # cohorts since the measure was taken; or since it was good enough, while no queue is known
        self.has_refused = False
        self._release()

    def launched(self, in_flight: int, now: float) -> None:
        """Record a launch: one of so many now."""
        self._cohort.launched(in_flight, now)

    def ended(self, seconds: float | None, launched_at: float, now: float) -> None:
        """Record the time of a response, or None for a request that has none."""
        if not self._cohort.ended(seconds, launched_at):
            return
        level, self._cohort = self._cohort.level(), Cohort(SIZE, now)
        if level is None or (self._descent is not None and self._concludes(self._descent, level)):
            return
        self._age += 1
        if self._few is not None and self._few.exceeds(level, 0.0, CERTAIN):
            self._few = None  # the host has become faster
        if self.limit == inf:
            self._watch(level)
        else:
            self._steer(level)

    def _release(self) -> None:
        """Know of no queue."""
        self.limit = inf
        self._good = 0.0  # the largest limit known not to queue
        self._down, self._up = HALF, UP

    def _concludes(self, descent: Descent, level: Level) -> bool:
        """Whether fewer requests are known to be no faster. Otherwise they are faster, or still fewer are tried."""
        if descent.top.exceeds(level, SHORTER, CERTAIN):
            self._descent = None
            if descent.limit == inf:
                self._few = None  # it may have queued there as well
            return False
        if level.in_flight > max(1.0, descent.enough):
            return False
        self._descent, self._few, self._age = None, level, 0
        self.limit = descent.limit
        if self.limit < inf:
            self._good, self._down = self.limit, DOWN
        return True

    def _watch(self, level: Level) -> None:
        """Look for a queue."""
        few = self._few
        if few is None:
            self._few, self._age = level, 0
        elif level.exceeds(few, LONGER, CERTAIN) and exp(level.low) - exp(few.low) >= MIN_RISE:
            self._go_down(level, ENOUGH)
        elif not self._are_many(few, level):
            self._age = 0
        elif self._age > SETTLED and not self.has_refused:
            self._go_down(level, FEW)  # to take the measure

    def _steer(self, level: Level) -> None:
        """Go up or down."""
        if self._age > FORGET and self._descent is None:
            self._few = None
        few = self._few
        if few is not None and level.exceeds(few, LONGER, LIKELY):
            self._go_down(level, ENOUGH)
        elif self._descent is not None and self._descent.limit == inf:
            self._go_down(level, ENOUGH)  # it is not known yet whether there is a queue at all
        elif few is None or self._are_many(few, level):
            self._go_down(level, FEW)  # to take the measure
        else:
            self._go_up(level)

    @staticmethod
    def _are_many(few: Level, level: Level) -> bool:
        """Whether the measure was taken with too many requests in flight to tell whether those of a level queue."""
        return level.in_flight > 1 and few.in_flight > FEW * level.in_flight

    def _go_down(self, level: Level, enough: float) -> None:
        """Try fewer requests; if such a part of them is no faster, none are."""
        if self._descent is None:
            self._descent = Descent(level, self.limit, enough * level.in_flight)
        if 0 < self._good < level.in_flight:
            self.limit = self._good
            self._fails += 1
        else:
            self.limit = max(1.0, float(int(level.in_flight * (1 - self._down))))
            self._good = min(self._good, self.limit)
            self._down = max(self._down, min(2 * self._down, DOWN_MOST))
        self._wait, self._up = min(2**self._fails, WAIT_MOST), UP

    def _go_up(self, level: Level) -> None:
        """Try more requests: those of a level do not queue."""
        good = float(round(level.in_flight))
        if good > self._good:
            self._fails = 0
        self._descent, self._good, self._down = None, good, DOWN
        self._wait -= 1
        if level.in_flight < self.limit / 2:  # something else is the limit
            self._release()
        elif self._wait <= 0:
            self.limit += max(1, int(self.limit * self._up))
            self._up = min(2 * self._up, UP_MOST)
