"""Decide whether times have grown beyond noise.

The rule, over pairs of an earlier and a new time: a pair is slower if the new time is more than
`MARGIN` times the earlier one. The group is slower if chance alone (each pair equally likely to be
slower or not) would make as many pairs slower in at most one of a hundred comparisons (one-sided
sign test; several groups share the hundredth, after Bonferroni), and the median grew by `MIN_GROWTH`.
"""

from math import comb
from statistics import median

import msgspec

MARGIN = 1.25
MIN_GROWTH = 0.005  # seconds
SIGNIFICANCE = 0.01
MIN_PAIRS = 8

Pair = tuple[float, float]


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """How times have moved.

    Attributes:
        then: earlier median in seconds.
        now: new median in seconds.
        moved: pairs that moved in that direction by more than `MARGIN`.
        pairs: all pairs.
    """

    then: float
    now: float
    moved: int
    pairs: int


def slower(pairs: list[Pair], groups: int = 1) -> Shift | None:
    """The shift if a group became slower, else None.

    Args:
        pairs: earlier and new seconds.
        groups: number of groups that are compared.
    """
    if len(pairs) < MIN_PAIRS:
        return None
    moved = sum(now > MARGIN * then for then, now in pairs)
    before, after = median(then for then, _ in pairs), median(now for _, now in pairs)
    if after - before < MIN_GROWTH or tail_probability(moved, len(pairs)) > SIGNIFICANCE / groups:
        return None
    return Shift(then=before, now=after, moved=moved, pairs=len(pairs))


def faster(pairs: list[Pair], groups: int = 1) -> Shift | None:
    """The shift if a group became faster, else None."""
    shift = slower([(now, then) for then, now in pairs], groups)
    return None if shift is None else Shift(then=shift.now, now=shift.then, moved=shift.moved, pairs=shift.pairs)


def tail_probability(heads: int, tosses: int) -> float:
    """Probability that a fair coin shows heads at least that often."""
    ways: int = sum(comb(tosses, count) for count in range(heads, tosses + 1))
    return ways / (1 << tosses)
