"""Learn from results: circuit breaker, cool-downs, adaptive windows."""

from collections.abc import Callable
from urllib.parse import urlsplit

from fetchcli.core.errors import Contact, ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.schedule.breaker import Breaker
from fetchcli.core.schedule.lane import Lane, Launch, Origin
from fetchcli.core.schedule.retry import requested_pause
from fetchcli.core.schedule.window import Window
from fetchcli.core.url.parse import DEFAULT_PORT

REFUSALS = frozenset({429, 503})
MAX_COOLING = 1_000  # hosts; beyond this number, hosts whose pause is over are forgotten
MAX_LOOKUPS = 20  # consecutive failed lookups before a warning


class Feedback:
    """Learns from the results of launches.

    Attributes:
        breaker: the circuit breaker, or None.
        latest: when the last host that asked for a pause may be asked again.
    """

    def __init__(
        self, policy: Policy, lanes: dict[Origin, Lane], began: float, epoch: float, warn: Callable[[str], None]
    ) -> None:
        self._policy, self._lanes, self._began, self._epoch_offset, self._warn = policy, lanes, began, epoch, warn
        errors = policy.pace.max_host_errors
        self.breaker = Breaker(errors) if errors is not None else None
        self.latest = float("-inf")
        self._cooling: dict[Origin, float] = {}
        self._max_cooling = MAX_COOLING
        self._lookups_failed = 0
        self._lookup_warned = False

    def paused_hosts(self, now: float) -> int:
        """Number of hosts that asked for a pause; for displays, from any thread."""
        return sum(until > now for until in list(self._cooling.values()))

    def learn(self, launch: Launch, result: Response | Failure, now: float) -> None:
        """Record the result of a launch."""
        if isinstance(result, Response) and (pause := requested_pause(result, self._policy, now + self._epoch_offset)):
            self.pause(self._responding_lane(launch, result), now + pause, now)
        if self.breaker is not None and not self._is_deploying(now):
            self._update_breaker(self.breaker, launch, result, now)
        window = launch.lane.window
        if window is not None:
            _inform(window, launch, result, now)
        self._note_lookup(result)

    def learn_accepted(self, launch: Launch, now: float) -> None:
        """Record that the response to a launch was accepted, and that it asks for no pause."""
        if self.breaker is not None and not self._is_deploying(now):
            self.breaker.succeeded(launch.lane.origin)
        if launch.lane.window is not None:  # its host has asked for a pause meanwhile
            launch.lane.window.accepted(launch.in_flight, None, launch.began, now)
        self._lookups_failed = 0

    def _is_deploying(self, now: float) -> bool:
        """Whether hosts may be down because they are being deployed (``--wait``)."""
        wait = self._policy.retry.wait
        return wait is not None and now - self._began < wait

    def _responding_lane(self, launch: Launch, result: Response) -> Lane | None:
        """The lane of the host that answered (another one after a redirect), or None."""
        if not result.redirects:
            return launch.lane
        parts = urlsplit(result.url)
        port = parts.port if parts.port is not None else DEFAULT_PORT[parts.scheme]
        return self._lanes.get((parts.scheme, parts.hostname or "", port))

    @staticmethod
    def _update_breaker(breaker: Breaker, launch: Launch, result: Response | Failure, now: float) -> None:
        """Record whether the host of the row answered, also if a later hop failed."""
        origin = launch.lane.origin
        if isinstance(result, Response) or result.redirects or result.kind.contact is Contact.ANSWERED:
            breaker.succeeded(origin)
        elif result.kind.contact is Contact.SILENT:
            breaker.failed(origin, now)
        else:
            breaker.release(origin)  # it says nothing about the host

    def pause(self, lane: Lane | None, until: float, now: float) -> None:
        """Pause a lane, if there is one."""
        if lane is None:
            return
        lane.paused_until = max(lane.paused_until, until)
        if lane.window is None:  # so that not everything starts at once when the pause is over
            lane.window = Window(2.0, 0.5, now)
        self.latest = max(self.latest, lane.paused_until)
        if len(self._cooling) > self._max_cooling:
            self._cooling = {origin: until for origin, until in self._cooling.items() if until > now}
            self._max_cooling = max(MAX_COOLING, 2 * len(self._cooling))
        self._cooling[lane.origin] = lane.paused_until

    def _note_lookup(self, result: Response | Failure) -> None:
        """Warn once when the resolver does not answer at all."""
        if not (isinstance(result, Failure) and result.kind is ErrorKind.DNS and result.remedy is Remedy.LATER):
            self._lookups_failed = 0
            return
        self._lookups_failed += 1
        if self._lookups_failed >= MAX_LOOKUPS and not self._lookup_warned:
            self._lookup_warned = True
            self._warn(
                f"{MAX_LOOKUPS} consecutive name lookups had no answer ({result.detail}); check the DNS resolver"
            )

    def reset_breaker(self) -> None:
        """Close the circuit breaker of every host."""
        if self.breaker is not None:
            self.breaker.reset()


def _response_time(response: Response, elapsed: float) -> float:
    """Seconds from the request to the first byte: neither a new connection nor a large body tells of a queue."""
    timings = response.timings
    begun = max(timings.namelookup, timings.connect, timings.appconnect)
    return timings.starttransfer - begun if timings.starttransfer > begun else elapsed


def _inform(window: Window, launch: Launch, result: Response | Failure, now: float) -> None:
    """Tell a window what came of a launch."""
    level, began = launch.in_flight, launch.began
    if isinstance(result, Response) and result.status not in REFUSALS:
        # Behind redirects the time is that of several hops, and perhaps of another host.
        seconds = None if result.redirects else _response_time(result, now - began)
        window.accepted(level, seconds, began, now)
    elif not result.redirects and (isinstance(result, Response) or result.kind.contact is Contact.SILENT):
        window.refused(level, began, now)
    else:
        window.ended(began, now)
