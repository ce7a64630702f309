"""Find out how many requests at once a host takes (``--adaptive``).

The window grows by three for each response, so that it is four times as large after a round trip, until the host
refuses or queues.

- Refusals count by their share: some of every load may be strays. If a good part of what is beyond the largest number
  that was ever accepted is refused, the limit lies below them; one more is tried now and then. If most of those beyond
  are accepted after all, there is none.
- If responses take twice as long as they did with few requests in flight, a smaller window is tried. If that makes
  them no faster, the host has become slower by itself, and the window is as it was. Otherwise the host queues: the
  window becomes what it works on at once, by Little's law (what is in flight = rate x time). From time to time half
  of that is tried; what is then as fast as before does not queue, and the window grows again.
"""

from math import log

from fetchcli.core.schedule.response_times import MEMORY, ResponseTimes, Spread, deviation

START, GROWTH = 8.0, 3.0
PROBE_AFTER, PROBE_AFTER_MOST = 16, 300  # accepted requests at a known limit before one more is tried
TRY_AFTER, TRY_AFTER_MOST = 1_000, 8_000  # accepted requests to a host that queues before half is tried
TRIAL_AT_LEAST = 16  # responses
SLACK = 1.25  # times what a host works on at once: it must never wait for the next request
GOOD_PART, AT_LEAST = 0.5, 4  # of the requests beyond what was ever accepted
MARGIN = 0.98  # below the first refusals: how many are in flight there is not how many are here
RARE = 0.03  # a share of refusals that strays alone may explain, besides twice their recent one
SURE = 3  # accepted requests beyond a known limit, to know better
MOSTLY = 4  # accepted requests beyond a limit for each refused one, if there is none
TOO_MANY = 30  # refused requests, less twice the accepted ones
MANY_REFUSALS, SHRINK = 0.15, 0.7  # a share of all requests, and what becomes of the window then
MOST = 0.9  # of the requests of a trial
FORGET = 1 - 1 / 100  # what is left of a count with each response


class Trial:
    """Responses at a smaller window: the first so many requests that are launched there.

    It ends when most of them are done. The first responses alone would be the fast ones.

    Args:
        before: the window that it was cut from.
        full: the times of responses there.
        in_flight: the smaller window.
        rise: by how much the mean logarithm is less there if the host queues.
        is_routine: nothing suggests a queue that was not known.
    """

    __slots__ = ("before", "count", "full", "in_flight", "is_routine", "last", "late", "launched", "least", "spread")

    def __init__(self, before: float, full: Spread, in_flight: int, rise: float, *, is_routine: bool) -> None:
        self.before, self.full, self.in_flight, self.least = before, full, in_flight, rise / 2
        self.is_routine = is_routine
        # Three standard errors between what a queue gives and what none gives.
        self.count = min(max(TRIAL_AT_LEAST, int((3 * deviation(full) / self.least) ** 2)), MEMORY)
        self.spread = Spread()
        self.launched, self.last = 0, float("inf")  # how many, and when the last one of them
        self.late = 0  # responses to later requests; those of the trial may have failed


class Window:
    """The maximum number of requests in flight to one host.

    Args:
        start: the first window.
        growth: by how much it grows for each response.
        since: what was launched before is no response to this window.

    Attributes:
        limit: that number; its whole part counts.
    """

    __slots__ = (
        "_accepted",
        "_bad",
        "_balance",
        "_before",
        "_beyond",
        "_counted",
        "_cut_at",
        "_edge",
        "_good",
        "_growth",
        "_known",
        "_lowest",
        "_probe_after",
        "_probed_at",
        "_proven",
        "_queued",
        "_refused_beyond",
        "_since",
        "_step",
        "_suspected",
        "_times",
        "_times_since",
        "_trial",
        "_try_after",
        "_votes",
        "limit",
    )

    def __init__(self, start: float = START, growth: float = GROWTH, since: float = float("-inf")) -> None:
        self.limit = self._before = start
        self._growth, self._since = growth, since
        self._known: float | None = None  # a limit of the host, as far as it has been met
        self._queued = False  # a queue told, not refusals
        self._suspected = False  # by the first refusals alone
        self._proven = 0  # so many at once were accepted
        self._beyond, self._refused_beyond = 0, 0  # requests launched beyond that, and those that were refused
        self._lowest = 0  # the fewest in flight at the launch of one of the latter
        self._votes = 0  # beyond a known limit: accepted requests, less `MOSTLY` for each refused one
        self._balance = 0  # refused requests, less twice the accepted ones
        self._edge = 0  # at the known limit: refused requests, less the accepted ones
        self._good = self._bad = 0.0  # recent responses, and refusals
        self._accepted, self._probe_after, self._try_after, self._step = 0, PROBE_AFTER, TRY_AFTER, 1
        self._cut_at = self._probed_at = float("-inf")
        self._times, self._times_since = ResponseTimes(), float("-inf")
        self._counted = 0  # responses whose times were taken into account
        self._trial: Trial | None = None

    def launched(self, in_flight: int, now: float) -> None:
        """Record a launch: one of so many now."""
        if (trial := self._trial) is not None:
            trial.launched += 1
            if trial.launched == trial.count:
                trial.last = now
        self._beyond += in_flight > (self._proven if self._known is None or self._queued else self._known)

    def accepted(self, in_flight: int, seconds: float | None, launched_at: float, now: float) -> None:
        """Record a response.

        Args:
            in_flight: requests in flight when it was launched, this one included.
            seconds: from the request to the first byte of the response; None if that is not known.
            launched_at: when the request was launched.
            now: the time.
        """
        if launched_at < self._since:
            return
        is_new = launched_at > self._cut_at
        if is_new:
            if in_flight > self._proven:
                self._proven, self._beyond, self._refused_beyond = in_flight, 0, 0
            if self._known is None or in_flight <= self._known:
                self._good, self._bad = self._good * FORGET + 1, self._bad * FORGET
            self._balance = max(0, self._balance - 2)
        if self._tells_of_a_queue(in_flight, seconds, launched_at, now):
            return
        if self._known is not None and not self._queued and in_flight > self._known and self._votes_on(launched_at):
            self._votes += 1
            if self._votes > 0:
                self._refute()
        if self._edge and self._known is not None and in_flight > self._known - 1:
            self._edge -= 1
        if 2 * in_flight >= int(self.limit):  # the window was the limit
            self._grow(now)

    def _tells_of_a_queue(self, in_flight: int, seconds: float | None, launched_at: float, now: float) -> bool:
        """Take the time of a response into account; whether a trial of a smaller window goes on."""
        # Whatever the window was since: without those that took long, a level would look fast.
        is_timed = seconds is not None and launched_at > self._times_since
        if is_timed:
            self._times.add(in_flight, seconds or 0.0)
            self._counted += 1
        is_due = is_timed and self._counted % 4 == 0
        if self._trial is not None:
            if launched_at > self._cut_at:
                self._try(self._trial, seconds, launched_at, now)
        elif launched_at > self._cut_at and is_due and (found := self._times.rise(in_flight)):
            self._try_after = min(2 * self._try_after, TRY_AFTER_MOST)
            self._begin_trial(self._times.level(in_flight), *found, now)
        else:
            return False
        return True

    def ended(self, launched_at: float, now: float) -> None:
        """Record a request that says nothing about how many the host takes."""
        if self._trial is not None and launched_at > self._cut_at:
            self._try(self._trial, None, launched_at, now)

    def refused(self, in_flight: int, launched_at: float, now: float) -> None:
        """Record a 429, a 503 or no response, with the number of requests in flight at its launch."""
        is_new = launched_at > self._cut_at
        if is_new:
            self._balance += 1
            if self._balance > TOO_MANY:  # more refused than accepted: whatever was concluded is wrong
                self._shrink(now)
                return
        if self._known is not None and not self._queued and in_flight > self._known:
            self._refused_beyond_known(launched_at, now)
        elif self._suspected and not is_new:  # one of the same handful
            self._known = self.limit = float(max(1, in_flight - 1))
        elif is_new and in_flight > self._proven and (self._known is None or self._queued):
            self._suspect(in_flight, now)
        elif is_new:
            self._refused_within(in_flight, now)

    def _refused_beyond_known(self, launched_at: float, now: float) -> None:
        if self._votes_on(launched_at):
            self._votes -= MOSTLY
        known = self._known or 1.0
        if launched_at <= self._probed_at or self.limit <= known:
            return
        self._refused_beyond += 1  # of what was tried
        strays = self._bad / (self._good + self._bad + 1)
        if self._refused_beyond > (RARE + 2 * strays) * self._beyond:
            self.limit, self._probed_at, self._step = known, now, 1
            self._accepted, self._probe_after = 0, min(2 * self._probe_after, PROBE_AFTER_MOST)

    def _refused_within(self, in_flight: int, now: float) -> None:
        """What was accepted before is refused: by chance, or the host takes less."""
        self._good, self._bad = self._good * FORGET, self._bad * FORGET + 1
        if self._known is not None and in_flight > self._known - 1:
            self._edge += MOSTLY
            if self._edge > MOSTLY**2:
                self._edge, self._known = 0, max(1.0, self._known - 1)
                self.limit = self._known
        # Those in flight count as well: refusals come back sooner than responses.
        if self._bad > MOSTLY and self._bad > MANY_REFUSALS * (self._bad + self._good + min(in_flight, self.limit)):
            self._good = self._bad = 0.0
            self._shrink(now)

    def _grow(self, now: float) -> None:
        if self._known is None:
            self.limit += self._growth
            return
        self._accepted += 1
        if self._queued:
            full = self._times.level(int(self.limit))
            if self._accepted >= self._try_after and full.count >= TRIAL_AT_LEAST:
                self._begin_trial(full, log(2), 2.0, now, is_routine=True)
        elif self._accepted >= self._probe_after and self.limit <= self._known:
            self._accepted, self._votes = 0, 1 - SURE
            self._suspected, self._probed_at = False, now
            self._beyond = self._refused_beyond = self._balance = 0
            self.limit = self._known + min(self._step, self._known)

    def _suspect(self, in_flight: int, now: float) -> None:
        """Ask whether a good part of what is beyond all that was accepted is refused."""
        self._lowest = min(self._lowest, in_flight) if self._refused_beyond else in_flight
        self._refused_beyond += 1
        if self._refused_beyond >= max(AT_LEAST, GOOD_PART * self._beyond):
            self._before = self.limit
            self._meet(max(1.0, (self._lowest - 1) * MARGIN), now)
            self._suspected = True

    def _meet(self, limit: float, now: float, *, queued: bool = False) -> None:
        """Go down to a limit of the host."""
        self._known = self.limit = float(int(min(limit, self.limit)))
        self._queued, self._trial = queued, None
        self._cut_at = self._probed_at = now
        self._accepted, self._votes, self._probe_after, self._step, self._edge = 0, -MOSTLY, PROBE_AFTER, 1, 0
        self._beyond = self._refused_beyond = 0

    def _shrink(self, now: float) -> None:
        """The host takes less than was known."""
        self._meet(max(1.0, self.limit * SHRINK), now)
        self._suspected, self._proven = False, 0

    def _votes_on(self, launched_at: float) -> bool:
        """Whether what comes of a request beyond the known limit tells whether there is that limit."""
        return launched_at <= self._cut_at if self._suspected else launched_at > self._probed_at

    def _refute(self) -> None:
        """More than the known limit is accepted."""
        if self._suspected:
            self._known, self._suspected, self.limit = None, False, max(self.limit, self._before)
        else:
            self._known = self.limit
            self._accepted, self._votes, self._probe_after, self._step = 0, 1 - SURE, PROBE_AFTER, 2 * self._step

    def _begin_trial(self, full: Spread, rise: float, ratio: float, now: float, *, is_routine: bool = False) -> None:
        before = self.limit
        smaller = max(1.0, min(full.in_flight / ratio, before / 2))
        self._meet(smaller, now, queued=True)
        self._trial = Trial(before, full, int(smaller), rise, is_routine=is_routine)

    def _try(self, trial: Trial, seconds: float | None, launched_at: float, now: float) -> None:
        if launched_at > trial.last:
            trial.late += 1
        elif seconds is not None:
            trial.spread.add(trial.in_flight, seconds)
        if trial.spread.count < MOST * trial.count and trial.late < trial.count:
            return
        self._trial = None
        is_known = trial.spread.count >= MOST * TRIAL_AT_LEAST
        if is_known:
            self._times_since = now
            self._times.begin_with(trial.in_flight, trial.spread)
        if not is_known or trial.full.mean - trial.spread.mean < trial.least:
            self._known, self._queued, self.limit = None, False, trial.before
        elif trial.is_routine:
            self.limit = self._known = trial.before
            self._try_after = min(2 * self._try_after, TRY_AFTER_MOST)
        else:
            at_once = trial.full.in_flight * trial.spread.expected / trial.full.seconds
            self.limit = self._known = max(1.0, min(SLACK * at_once, trial.before))
