"""Rates: how many requests may start in which time. Pure: told the time, it says when the next may start."""

import re
from collections import deque

import msgspec

from fetchcli.core.errors import UsageError

HANDFUL_SECONDS = 0.05  # what falls into so short a time may start together: timers are no finer

_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(?:/(s|m|h))?")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Rate(msgspec.Struct, frozen=True):
    """At most ``count`` starts in any ``seconds`` on end.

    Attributes:
        count: a whole number from 1.
        seconds: the length of the window.
    """

    count: int
    seconds: float

    def __post_init__(self) -> None:
        """Refuse what would never start anything."""
        if self.count < 1 or not 0 < self.seconds < float("inf"):
            raise UsageError(f"a rate is 1 or more in a time, not {self.count} in {self.seconds:g} s")

    @property
    def per_second(self) -> float:
        """Starts per second in the long run."""
        return self.count / self.seconds


def parse_rate(text: str) -> Rate | None:
    """A rate: ``10/s``, ``30/m``, ``100/h``, ``0.5/s``, ``10`` (a second); ``none`` is no limit.

    Raises:
        UsageError: anything else.
    """
    if text.strip().lower() == "none":
        return None
    match = _RATE.fullmatch(text.strip().lower())
    number = float(match[1]) if match else 0.0
    if match is None or number <= 0:
        raise UsageError(f"{text!r} is not a rate; write it as 10/s, 30/m, 100/h or none")
    seconds = _SECONDS[match[2] or "s"]
    # A broken number is stretched to a whole one: 0.5/s is one in 2 s, 2.5/s is 5 in 2 s.
    for times in range(1, 1001):
        if abs(number * times - round(number * times)) < 1e-9 and round(number * times) >= 1:
            return Rate(round(number * times), seconds * times)
    return Rate(1, seconds / number)


class Pacer:
    """Keeps one rate: never more than its count in any window, and spread evenly over it.

    The times of the last starts are kept, so that the promise holds for every window and not just on
    average; on top of that a start waits for its turn in an even spread, but for small handfuls.
    """

    __slots__ = ("_interval", "_log", "_rate", "_slack", "_turn")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._interval = rate.seconds / rate.count
        self._slack = max(self._interval, HANDFUL_SECONDS)
        self._log: deque[float] = deque(maxlen=rate.count)
        self._turn = float("-inf")

    @property
    def ready_at(self) -> float:
        """When the next one may start; in the past, or at -inf, it may start now."""
        window = self._log[0] + self._rate.seconds if len(self._log) == self._rate.count else float("-inf")
        return max(window, self._turn - self._slack)

    @property
    def idle_at(self) -> float:
        """When it may be forgotten: from then on a new one would say the same."""
        return self._log[-1] + self._rate.seconds if self._log else float("-inf")

    def start(self, now: float) -> None:
        """Note that one starts now."""
        self._log.append(now)
        self._turn = max(self._turn, now) + self._interval
