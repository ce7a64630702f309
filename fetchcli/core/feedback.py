"""What answers, and their absence, say about hosts and about this machine. Pure."""

from collections.abc import Callable

from fetchcli.core.adaptive import Window
from fetchcli.core.breaker import Breaker
from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.lane import Launch, Origin
from fetchcli.core.model import Response
from fetchcli.core.policy import Policy
from fetchcli.core.retry import told_pause

MOST_COOLING = 1_000  # hosts, after which those that no longer are get forgotten
MOST_LOOKUPS = 20  # that fail in a row before it is said


class Feedback:
    """Learns from what launches bring.

    Attributes:
        breaker: gives up on hosts that are down, where that is asked for.
        latest: when the last of the hosts that asked to be left alone may be asked again.
    """

    def __init__(self, policy: Policy, epoch: float, warn: Callable[[str], None]) -> None:
        self._policy, self._epoch, self._warn = policy, epoch, warn
        errors = policy.pace.max_host_errors
        self.breaker = Breaker(errors) if errors is not None else None
        self.latest = float("-inf")
        self._cooling: dict[Origin, float] = {}
        self._lookups_failed = 0

    def cooling(self, now: float) -> int:
        """Hosts that are being left alone because they asked for it; for displays, from any thread."""
        return sum(until > now for until in list(self._cooling.values()))

    def learn(self, launch: Launch, result: Response | Failure, now: float) -> None:
        """Take in what a launch brought."""
        lane = launch.lane
        if isinstance(result, Response) and (pause := told_pause(result, self._policy, now + self._epoch)):
            self._leave_alone(launch, now + pause, now)
        if self.breaker is not None:
            if isinstance(result, Response):
                self.breaker.succeeded(lane.origin)
            else:
                self.breaker.failed(lane.origin, now)
        if lane.window is not None:
            if isinstance(result, Response) and result.status not in (429, 503):
                lane.window.accepted(launch.in_flight, now - launch.began, launch.began, now)
            else:
                lane.window.refused(launch.in_flight, launch.began, now)
        self._note_lookup(result)

    def _leave_alone(self, launch: Launch, until: float, now: float) -> None:
        lane = launch.lane
        lane.paused_until = max(lane.paused_until, until)
        if lane.window is None:  # and when it is over, not all that waits at once
            lane.window = Window()
        self.latest = max(self.latest, lane.paused_until)
        if len(self._cooling) > MOST_COOLING:
            self._cooling = {origin: until for origin, until in self._cooling.items() if until > now}
        self._cooling[lane.origin] = lane.paused_until

    def _note_lookup(self, result: Response | Failure) -> None:
        """Say so, once, when the resolver answers nobody."""
        if not (isinstance(result, Failure) and result.kind is ErrorKind.DNS and result.remedy is Remedy.LATER):
            self._lookups_failed = 0
            return
        self._lookups_failed += 1
        if self._lookups_failed == MOST_LOOKUPS:
            self._warn(f"{MOST_LOOKUPS} name lookups in a row had no answer ({result.detail}): is the resolver down?")
