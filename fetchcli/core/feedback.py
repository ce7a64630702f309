"""What answers, and their absence, say about hosts and about this machine. Pure."""

from collections.abc import Callable
from urllib.parse import urlsplit

from fetchcli.core.adaptive import Window
from fetchcli.core.breaker import Breaker
from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.lane import Lane, Launch, Origin
from fetchcli.core.model import Response
from fetchcli.core.policy import Policy
from fetchcli.core.retry import told_pause
from fetchcli.core.urls import DEFAULT_PORT

REFUSALS = frozenset({429, 503})
# The host did not answer.
_NO_ANSWER = frozenset(
    {
        ErrorKind.DNS,
        ErrorKind.CONNECT,
        ErrorKind.TLS,
        ErrorKind.EMPTY,
        ErrorKind.TIMEOUT_CONNECT,
        ErrorKind.TIMEOUT_TTFB,
        ErrorKind.TIMEOUT_TOTAL,
    }
)
# Nobody asked it.
_NOT_ASKED = frozenset(
    {ErrorKind.BLOCKED, ErrorKind.INTERNAL, ErrorKind.INVALID_URL, ErrorKind.INVALID_ROW, ErrorKind.CANCELLED}
)
_ANSWERED = frozenset(ErrorKind) - _NO_ANSWER - _NOT_ASKED
MOST_COOLING = 1_000  # hosts, after which those that no longer are get forgotten
MOST_LOOKUPS = 20  # that fail in a row before it is said


class Feedback:
    """Learns from what launches bring.

    Attributes:
        breaker: gives up on hosts that are down, where that is asked for.
        latest: when the last of the hosts that asked to be left alone may be asked again.
    """

    def __init__(
        self, policy: Policy, lanes: dict[Origin, Lane], began: float, epoch: float, warn: Callable[[str], None]
    ) -> None:
        self._policy, self._lanes, self._began, self._epoch, self._warn = policy, lanes, began, epoch, warn
        errors = policy.pace.max_host_errors
        self.breaker = Breaker(errors) if errors is not None else None
        self.latest = float("-inf")
        self._cooling: dict[Origin, float] = {}
        self._most_cooling = MOST_COOLING
        self._lookups_failed = 0
        self._lookups_said = False

    def cooling(self, now: float) -> int:
        """Hosts that are being left alone because they asked for it; for displays, from any thread."""
        return sum(until > now for until in list(self._cooling.values()))

    def learn(self, launch: Launch, result: Response | Failure, now: float) -> None:
        """Take in what a launch brought."""
        if isinstance(result, Response) and (pause := told_pause(result, self._policy, now + self._epoch)):
            self._leave_alone(self._asked_by(launch, result), now + pause, now)
        if self.breaker is not None and not self._is_deploying(now):
            self._tell_breaker(self.breaker, launch, result, now)
        window = launch.lane.window
        if window is not None and not result.redirects:
            if isinstance(result, Response) and result.status not in REFUSALS:
                window.accepted(launch.in_flight, now - launch.began, launch.began, now)
            elif isinstance(result, Response) or result.kind in _NO_ANSWER:
                window.refused(launch.in_flight, launch.began, now)
        self._note_lookup(result)

    def _is_deploying(self, now: float) -> bool:
        """Whether hosts may be down because they are only coming up (``--wait``)."""
        wait = self._policy.retry.wait
        return wait is not None and now - self._began < wait

    def _asked_by(self, launch: Launch, result: Response) -> Lane | None:
        """The lane of the host that answered, which after a redirect may be another one, or none."""
        if not result.redirects:
            return launch.lane
        parts = urlsplit(result.url)
        port = parts.port if parts.port is not None else DEFAULT_PORT[parts.scheme]
        return self._lanes.get((parts.scheme, parts.hostname or "", port))

    @staticmethod
    def _tell_breaker(breaker: Breaker, launch: Launch, result: Response | Failure, now: float) -> None:
        """Whether the host of the row answered, whatever it said and whoever came after it."""
        origin = launch.lane.origin
        if isinstance(result, Response) or result.redirects or result.kind in _ANSWERED:
            breaker.succeeded(origin)
        elif result.kind in _NO_ANSWER:
            breaker.failed(origin, now)
        else:
            breaker.release(origin)  # it is not about the host

    def _leave_alone(self, lane: Lane | None, until: float, now: float) -> None:
        if lane is None:
            return
        lane.paused_until = max(lane.paused_until, until)
        if lane.window is None:  # and when it is over, not all that waits at once
            lane.window = Window()
        self.latest = max(self.latest, lane.paused_until)
        if len(self._cooling) > self._most_cooling:
            self._cooling = {origin: until for origin, until in self._cooling.items() if until > now}
            self._most_cooling = max(MOST_COOLING, 2 * len(self._cooling))
        self._cooling[lane.origin] = lane.paused_until

    def _note_lookup(self, result: Response | Failure) -> None:
        """Say so, once, when the resolver answers nobody."""
        if not (isinstance(result, Failure) and result.kind is ErrorKind.DNS and result.remedy is Remedy.LATER):
            self._lookups_failed = 0
            return
        self._lookups_failed += 1
        if self._lookups_failed >= MOST_LOOKUPS and not self._lookups_said:
            self._lookups_said = True
            self._warn(f"{MOST_LOOKUPS} name lookups in a row had no answer ({result.detail}): is the resolver down?")

    def forgive(self) -> None:
        """Try hosts again that were given up."""
        if self.breaker is not None:
            self.breaker.forgive()
