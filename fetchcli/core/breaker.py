"""Giving up on hosts that are down: a circuit breaker for each host that fails. Pure."""

from collections import OrderedDict
from enum import Enum, auto

PROBE_SECONDS = 30.0  # after which one request may try whether the host is back
MOST_HOSTS = 10_000


class Gate(Enum):
    """What a breaker says of a host."""

    CLOSED = auto()  # go on
    PROBE = auto()  # one request may try
    HOLD = auto()  # wait for what that one brings
    OPEN = auto()  # leave it alone


class _State:
    __slots__ = ("failures", "opened_at", "probing")

    def __init__(self) -> None:
        self.failures = 0
        self.opened_at: float | None = None
        self.probing = False


class Breaker:
    """Counts the consecutive transport failures of hosts.

    A host that answers is forgotten at once; of those that fail at most `MOST_HOSTS` are known, the
    ones that failed last.

    Args:
        limit: failures in a row after which a host is left alone.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._hosts: OrderedDict[object, _State] = OrderedDict()

    def gate(self, host: object, now: float) -> Gate:
        """Whether a request may go to a host."""
        state = self._hosts.get(host)
        if state is None or state.opened_at is None:
            return Gate.CLOSED
        if state.probing:
            return Gate.HOLD
        return Gate.PROBE if now >= state.opened_at + PROBE_SECONDS else Gate.OPEN

    def probe(self, host: object) -> None:
        """Note that the one request that tries is on its way."""
        if (state := self._hosts.get(host)) is not None:
            state.probing = True

    def release(self, host: object) -> None:
        """The one request that was to try never went out."""
        if (state := self._hosts.get(host)) is not None:
            state.probing = False

    def succeeded(self, host: object) -> None:
        """The host answered, whatever it said."""
        self._hosts.pop(host, None)

    def failed(self, host: object, now: float) -> None:
        """The host did not answer."""
        state = self._hosts.setdefault(host, _State())
        self._hosts.move_to_end(host)
        state.failures += 1
        state.probing = False
        if state.failures >= self._limit:
            state.opened_at = now
        if len(self._hosts) > MOST_HOSTS:
            self._hosts.popitem(last=False)

    def forgive(self) -> None:
        """Forget all that failed."""
        self._hosts.clear()

    def reason(self, host: object) -> str:
        """Why rows of an open host are skipped."""
        state = self._hosts.get(host)
        failures = state.failures if state is not None else self._limit
        return f"{failures} failure{'s' * (failures != 1)} of its host in a row (--max-host-errors {self._limit})"
