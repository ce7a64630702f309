"""Whether something has become slower, beyond noise.

The rule, over pairs of a time then and a time now: more than `MARGIN` times as long counts as slower, and so
many pairs must be slower that chance alone (each pair as likely slower as not) would bring as many in one of
a hundred comparisons at most (sign test, one-sided; with several groups in one comparison the hundredth is
shared among them, after Bonferroni). And the median must have grown by `FLOOR` at least.
"""

from math import comb
from statistics import median

import msgspec

MARGIN = 1.25
FLOOR = 0.005  # seconds
ALPHA = 0.01
LEAST_PAIRS = 8

Pair = tuple[float, float]


class Shift(msgspec.Struct, frozen=True):
    """How times have moved.

    Attributes:
        then: the median before, in seconds.
        now: the median.
        moved: pairs that moved that way by more than `MARGIN`.
        pairs: all pairs.
    """

    then: float
    now: float
    moved: int
    pairs: int


def slower(pairs: list[Pair], groups: int = 1) -> Shift | None:
    """The shift, if it is one for the worse.

    Args:
        pairs: seconds then, and now.
        groups: how many such questions are asked in this comparison.
    """
    if len(pairs) < LEAST_PAIRS:
        return None
    moved = sum(now > MARGIN * then for then, now in pairs)
    before, after = median(then for then, _ in pairs), median(now for _, now in pairs)
    if after - before < FLOOR or chance(moved, len(pairs)) > ALPHA / groups:
        return None
    return Shift(before, after, moved, len(pairs))


def faster(pairs: list[Pair], groups: int = 1) -> Shift | None:
    """The same, for the better."""
    shift = slower([(now, then) for then, now in pairs], groups)
    return None if shift is None else Shift(shift.now, shift.then, shift.moved, shift.pairs)


def chance(heads: int, tosses: int) -> float:
    """How likely a fair coin shows heads as often as that, or more often."""
    ways: int = sum(comb(tosses, count) for count in range(heads, tosses + 1))
    return ways / (1 << tosses)
