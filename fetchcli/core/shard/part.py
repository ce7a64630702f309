"""``--shard``: one part of a list, as it is written."""

from collections.abc import Mapping

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.shard.environment import AUTO, part_of_this_job

MAX_PARTS = 1_000_000
_EXPECTED = "expected K/N, such as 2/5, or auto, or auto/N"


class Shard(msgspec.Struct, frozen=True):
    """One part of a list.

    Attributes:
        number: number of the part, from 1.
        count: number of parts.
    """

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def parse_shard(text: str, environment: Mapping[str, str]) -> Shard:
    """Parse ``K/N``, ``auto`` or ``auto/N``.

    Args:
        text: the text.
        environment: the environment variables, from which ``auto`` takes the part.

    Raises:
        UsageError: it is none of them, or the environment does not tell the part.
    """
    first, slash, second = text.partition("/")
    if first == AUTO and not slash:
        return Shard(*_checked(text, *part_of_this_job(environment, None)))
    count = _number(second)
    if count is None or not slash:
        raise UsageError(f"{text!r}: {_EXPECTED}")
    if first == AUTO:
        return Shard(*_checked(text, *part_of_this_job(environment, count)))
    number = _number(first)
    if number is None:
        raise UsageError(f"{text!r}: {_EXPECTED}")
    return Shard(*_checked(text, number, count))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _checked(text: str, number: int, count: int) -> tuple[int, int]:
    if not 1 <= count <= MAX_PARTS:
        raise UsageError(f"{text!r}: the number of parts must be between 1 and {MAX_PARTS:,}")
    if not 1 <= number <= count:
        raise UsageError(f"{text!r}: the first part is 1/{count}, and the last one {count}/{count}")
    return number, count
