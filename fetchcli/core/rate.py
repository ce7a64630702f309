"""Request rates as users write them: `10/s`, `30/m`, `100/h`."""

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

_RATE = lazy_pattern(r"(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(?:/(s|m|h))?")


_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Rate(msgspec.Struct, frozen=True):
    """At most ``count`` starts in any window of ``seconds``.

    Attributes:
        count: a whole number from 1.
        seconds: length of the window.
    """

    count: int
    seconds: float

    def __post_init__(self) -> None:
        """Validate the values."""
        if self.count < 1 or not 0 < self.seconds < float("inf"):
            raise UsageError(
                f"expected a rate of at least 1 in a positive time, got {self.count} in {self.seconds:g} s"
            )

    @property
    def per_second(self) -> float:
        """Average starts per second."""
        return self.count / self.seconds


def parse_rate(text: str) -> Rate | None:
    """Parse a rate: ``10/s``, ``30/m``, ``100/h``, ``0.5/s``, ``10`` (per second); ``none`` is no limit.

    Raises:
        UsageError: the text is not a rate.
    """
    if text.strip().lower() == "none":
        return None
    match = _RATE.fullmatch(text.strip().lower())
    number = float(match[1]) if match else 0.0
    if match is None or number <= 0:
        raise UsageError(f"{text!r} is not a rate; write it as 10/s, 30/m, 100/h or none")
    seconds = _SECONDS[match[2] or "s"]
    # A fraction is scaled to a whole number: 0.5/s is 1 in 2 s, 2.5/s is 5 in 2 s.
    for times in range(1, 1001):
        if abs(number * times - round(number * times)) < 1e-9 and round(number * times) >= 1:
            return Rate(round(number * times), seconds * times)
    return Rate(1, seconds / number)
