"""When a run ends before its list does, and how often a list is fetched."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.summary.halt import FAIL_FAST, Halt, parse_halt
from fetchcli.core.summary.rounds import Rounds


@pytest.mark.parametrize(
    ("text", "accepted", "bad", "reason"),
    [
        ("soon,fail=3", 9, 2, ""),
        ("soon,fail=3", 9, 3, "3 rows failed (--halt soon,fail=3)"),
        ("now,fail=1", 0, 1, "1 row failed (--halt now,fail=1)"),
        ("now,fail=10%", 0, 2, ""),  # too few to say anything
        ("now,fail=10%", 28, 3, ""),
        ("now,fail=10%", 27, 3, "3 of 30 rows failed (--halt now,fail=10%)"),
        ("soon,fail=100%", 0, 3, "3 of 3 rows failed (--halt soon,fail=100%)"),
    ],
)
def test_when_it_halts(text: str, accepted: int, bad: int, reason: str) -> None:
    halt = parse_halt(text)
    assert halt is not None
    assert halt.now == text.startswith("now")
    assert halt.reason(bad, accepted + bad) == reason


def test_the_other_ways_to_say_it() -> None:
    assert parse_halt("never") is None
    assert Halt("--fail-fast", now=True, failed=1) == FAIL_FAST
    assert FAIL_FAST.reason(1, 6) == "1 row failed (--fail-fast)"


@pytest.mark.parametrize(
    "text", ["", "soon", "later,fail=1", "now,fail=0", "now,fail=101%", "now,fail=x", "now,success=1"]
)
def test_malformed(text: str) -> None:
    with pytest.raises(UsageError, match="expected soon,fail=3, now,fail=10% or never"):
        parse_halt(text)


@pytest.mark.parametrize(
    ("rounds", "done", "now", "start"),
    [
        (Rounds(), 0, 0.0, 0.0),
        (Rounds(), 1, 5.0, None),
        (Rounds(3), 2, 5.0, 5.0),
        (Rounds(3, every=10.0), 2, 11.0, 20.0),
        (Rounds(3, every=10.0), 2, 25.0, 25.0),  # late: at once
        (Rounds(None, every=10.0), 99, 5.0, 990.0),
        (Rounds(None, every=10.0, span=30.0), 2, 11.0, 20.0),
        (Rounds(None, every=10.0, span=30.0), 3, 21.0, None),
        (Rounds(None, span=30.0), 7, 29.0, 29.0),
        (Rounds(None, span=30.0), 7, 30.0, None),
        (Rounds(None, span=0.0), 0, 0.0, 0.0),
    ],
)
def test_when_the_next_round_begins(rounds: Rounds, done: int, now: float, start: float | None) -> None:
    assert rounds.next_start(done, now) == start


def test_several_rounds() -> None:
    assert not Rounds().several
    assert Rounds(2).several
    assert Rounds(None).several
    with pytest.raises(UsageError, match="--repeat: 0 is not a number from 1"):
        Rounds(0)
