"""A circuit breaker per host: skip hosts that are down."""

from collections import OrderedDict
from enum import Enum, auto

PROBE_SECONDS = 30.0  # after which one request may probe the host
MAX_HOSTS = 10_000


class Gate(Enum):
    """What the breaker says about a host."""

    CLOSED = auto()  # send
    PROBE = auto()  # send one request to find out
    HOLD = auto()  # wait for the result of the probe
    OPEN = auto()  # skip


class _State:
    __slots__ = ("failures", "opened_at", "probing")

    def __init__(self) -> None:
        self.failures = 0
        self.opened_at: float | None = None
        self.probing = False


class Breaker:
    """Counts the consecutive transport failures of hosts.

    A host that answers is forgotten at once; of the failing hosts the last `MAX_HOSTS` are remembered.

    Args:
        limit: consecutive failures after which a host is skipped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hosts: OrderedDict[object, _State] = OrderedDict()

    def gate(self, host: object, now: float) -> Gate:
        """Whether a request may be sent to a host."""
        state = self._hosts.get(host)
        if state is None or state.opened_at is None:
            return Gate.CLOSED
        if state.probing:
            return Gate.HOLD
        return Gate.PROBE if now >= state.opened_at + PROBE_SECONDS else Gate.OPEN

    def probe(self, host: object) -> None:
        """Record that the probe request has been launched."""
        if (state := self._hosts.get(host)) is not None:
            state.probing = True

    def release(self, host: object) -> None:
        """Record that the probe request was not sent."""
        if (state := self._hosts.get(host)) is not None:
            state.probing = False

    def succeeded(self, host: object) -> None:
        """Record that the host answered, with any status."""
        self._hosts.pop(host, None)

    def failed(self, host: object, now: float) -> None:
        """Record that the host did not answer."""
        state = self._hosts.setdefault(host, _State())
        self._hosts.move_to_end(host)
        state.failures += 1
        state.probing = False
        if state.failures >= self._limit:
            state.opened_at = now
        if len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)

    def recall(self, host: object, failures: int, when: float) -> None:
        """Record failures of an earlier run, the last one at this time."""
        state = self._hosts.setdefault(host, _State())
        state.failures = failures
        state.opened_at = when if failures >= self._limit else None

    def reset(self) -> None:
        """Forget all failures."""
        self._hosts.clear()

    def reason(self, host: object) -> str:
        """Why rows of an open host are skipped."""
        state = self._hosts.get(host)
        failures = state.failures if state is not None else self._limit
        return f"{failures} failure{'s' * (failures != 1)} of its host in a row (--max-host-errors {self._limit})"
