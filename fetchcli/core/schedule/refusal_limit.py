"""A limit of a host that its refusals show.

Some of every load may be refused whatever the load is (strays), so refusals count by their share of the launches.
Responses come too late for that: what is refused comes back, and is launched again, long before.
"""

from math import inf, sqrt

ALARM = 6.0  # refusals, less a weight for each launch (CUSUM): a share below the weight raises no alarm
WEIGHT, WEIGHT_MOST = 0.15, 0.5  # the least and the greatest
RATIO = 1.5  # the weight in between, in recent shares of refusals
MARGIN = 0.985  # below what was refused
DOWN, DOWN_MOST = 0.05, 0.5  # by which a known limit goes down at an alarm; twice as much each time
UP, UP_MOST = 0.02, 1.0  # of the known limit: what is tried beyond it; twice as much each time
COST = 90  # accepted requests for each refused one, before more is tried again
FIRST_WAIT = 16  # accepted requests after an alarm
MEMORY = 1 - 1 / 300  # what is left of a count with each launch
PRIOR = 40.0, 0.4  # before there are any: launches, and refusals
CERTAIN = 2.5  # standard deviations of the number of strays


class Trial:
    """More requests than the known limit.

    Attributes:
        launched: requests launched beyond the limit.
        accepted: those of them that were accepted.
        refused: those of them that were refused.
    """

    __slots__ = ("accepted", "launched", "refused")

    def __init__(self) -> None:
        self.launched = self.accepted = self.refused = 0


class RefusalLimit:
    """How many requests at once a host does not refuse.

    It grows until an unusual share is refused. From then on a few more than the known limit are tried now and then,
    and if they are not refused, more and more.

    Args:
        start: the first limit.
        growth: by how much it grows for each response until a limit is known.
        since: what was launched before does not count.

    Attributes:
        limit: that number, with what is tried beyond it.
    """

    __slots__ = (
        "_alarm",
        "_asked",
        "_cut_at",
        "_down",
        "_growth",
        "_known",
        "_lowest",
        "_refused",
        "_trial",
        "_tried_at",
        "_up",
        "_wait",
        "limit",
    )

    def __init__(self, start: float, growth: float, since: float) -> None:
        self.limit, self._growth = start, growth
        self._known = inf
        self._trial: Trial | None = None
        self._cut_at, self._tried_at = since, inf  # when the limit was cut, and the latest trial began
        self._alarm, self._lowest = 0.0, inf  # the fewest in flight at the launch of what was refused meanwhile
        self._asked, self._refused = PRIOR  # recent launches within the limit
        self._wait = 0  # accepted requests until the next trial
        self._up, self._down = UP, DOWN

    @property
    def is_known(self) -> bool:
        """Whether a limit was met."""
        return self._known < inf

    def launched(self, in_flight: int, now: float) -> None:
        """Record a launch: one of so many now."""
        if now <= self._cut_at:
            return
        self._alarm -= min(max(WEIGHT, RATIO * self._refused / self._asked), WEIGHT_MOST)
        if self._alarm <= 0:
            self._alarm, self._lowest = 0.0, inf
        if self._trial is not None and in_flight > self._known:
            self._trial.launched += 1
        else:
            self._asked, self._refused = self._asked * MEMORY + 1, self._refused * MEMORY

    def accepted(self, in_flight: int, launched_at: float, now: float) -> None:
        """Record that one of so many was accepted."""
        if launched_at <= self._cut_at or 2 * in_flight < int(self.limit):  # something else is the limit
            return
        if self._known == inf:
            self.limit += self._growth
        elif self._trial is None:
            self._wait -= 1
            if self._wait <= 0:
                self._try_more(now)
        elif in_flight > self._known:
            self._trial.accepted += 1
            if self._trial.accepted >= self.limit:  # a round trip
                self._known = self.limit
                self._up = min(2 * self._up, UP_MOST)
                self._try_more(now)

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        """Record that one of so many was refused."""
        if launched_at <= self._cut_at:
            if launched_at >= self._tried_at:  # one more that the latest trial cost
                self._wait += COST
            return
        self._alarm += 1
        self._lowest = min(self._lowest, in_flight)
        if self._trial is None or in_flight <= self._known:
            self._refused += 1
        else:
            self._trial.refused += 1
            strays = self._trial.launched * self._refused / self._asked
            if self._trial.refused > strays + CERTAIN * sqrt(strays):
                self._wait = int(COST * max(1.0, self._trial.refused - strays))  # trials must be cheap
                self._go_down(MARGIN * max(self._known, self._lowest - 1), now)
                return
        if self._alarm >= ALARM:
            self._shrink(now)

    def _try_more(self, now: float) -> None:
        """Begin a trial."""
        self._trial, self._tried_at = Trial(), now
        self._down = DOWN
        self.limit = self._known + max(1, int(self._known * self._up))

    def _shrink(self, now: float) -> None:
        """More is refused than strays explain."""
        self._wait, self._tried_at = FIRST_WAIT, inf
        if self._known == inf:
            self._go_down(MARGIN * min(self._lowest - 1, self.limit), now)
        else:
            self._go_down(self._known * (1 - self._down), now)
            self._down = min(2 * self._down, DOWN_MOST)

    def _go_down(self, limit: float, now: float) -> None:
        """Know a limit. What was launched before says nothing about it."""
        self._known = self.limit = max(1.0, float(round(limit)))
        self._trial, self._cut_at, self._up = None, now, UP
        self._alarm, self._lowest = 0.0, inf
