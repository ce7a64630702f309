"""Sets of HTTP statuses, in lychee's notation: ``200..399,401``, ``2xx``, ``!404``."""

import re

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

_ITEM = lazy_pattern(r"(?P<not>!?)(?:(?P<low>[1-9]\d\d)(?:\.\.=?(?P<high>[1-9]\d\d))?|(?P<cls>[1-9])xx)", re.IGNORECASE)


class StatusSet(msgspec.Struct, frozen=True):
    """A set of statuses 100-999, and the text that it was parsed from."""

    text: str
    statuses: frozenset[int]

    def __contains__(self, status: int) -> bool:
        return status in self.statuses


def parse_status_set(text: str) -> StatusSet:
    """Parse a comma-separated list of statuses and ranges; ranges include both ends.

    ``!`` removes statuses; a list of only ``!`` items removes them from 200..399.

    Raises:
        UsageError: an item is not a status, a range or a class, or a range runs backwards.
    """
    wanted: set[int] = set()
    refused: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item.strip())
        if match is None:
            raise UsageError(f"{item.strip()!r} is not a status, a range like 200..399 or a class like 2xx")
        first, last = _bounds(match)
        if first > last:
            raise UsageError(f"the range {item.strip()!r} runs backwards")
        (refused if match["not"] else wanted).update(range(first, last + 1))
    base = wanted or set(range(200, 400))
    return StatusSet(text, frozenset(base - refused))


def _bounds(match: re.Match[str]) -> tuple[int, int]:
    if match["cls"]:
        first = int(match["cls"]) * 100
        return first, first + 99
    low = int(match["low"])
    return low, int(match["high"] or low)
