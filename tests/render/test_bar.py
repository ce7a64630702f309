"""The progress as a line: whole parts at any width, and nothing but the truth."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.render.bar import Counters, bar_line, body_lines, plain_line, time_to_go

BUSY = Counters(
    done=1_234, failed=3, in_flight=50, total=10_000, retrying=12, paced_rows=340, paused_hosts=2, saved=5_000_000
)
PARTS = (
    *("1,234/10,000", "245/s", "50 in flight", "5.0 MB saved", "12 retrying", "340 paced", "2 hosts cooling"),
    *("3 failed", "0:05", "ETA 0:36"),
)


def parts_of(line: str) -> list[str]:
    return [part for part in PARTS if part in line]


def test_the_bar_says_everything_if_there_is_room() -> None:
    line = bar_line(BUSY, 5, 245, 150).plain
    assert parts_of(line) == list(PARTS)
    assert re.match("(?=[━─]{8})━+─+ ", line)


@given(st.integers(1, 200))
def test_parts_are_left_out_whole_the_least_important_first(width: int) -> None:
    line = bar_line(BUSY, 5, 245, width).plain
    assert len(line) <= width
    if width >= len(PARTS[0]):
        kept = parts_of(line)
        assert re.sub(r"\s+", " ", " ".join(kept)) == line.strip("━─").strip()
        order = ["ETA 0:36", "50 in flight", "245/s", "5.0 MB saved", "0:05"]
        left_out = [part for part in order if part not in kept]
        assert left_out == order[: len(left_out)]
        assert PARTS[0] in kept


@given(st.integers(0, 10**6), st.none() | st.integers(0, 10**6), st.integers(20, 120), st.floats(0, 10**5))
def test_the_bar_is_one_line_whatever_is_counted(done: int, total: int | None, width: int, elapsed: float) -> None:
    line = bar_line(Counters(done=done, failed=done, in_flight=500, total=total), elapsed, 12_345, width)
    assert line.cell_len <= width
    assert "\n" not in line.plain


def test_nothing_looks_like_a_failure_while_all_is_well() -> None:
    fine = bar_line(Counters(done=9, failed=0, in_flight=5, total=10), 5, 245, 100)
    assert "red" not in {str(span.style) for span in fine.spans}
    bad = bar_line(Counters(done=9, failed=1, in_flight=5, total=10), 5, 245, 100)
    assert "red" in {str(span.style) for span in bad.spans}


def test_a_deployment_is_waited_for_without_an_invented_end() -> None:
    waiting = Counters(done=0, failed=0, in_flight=0, total=2, retrying=2, wait=0.8, awaited="503 (try 4), 12 s left")
    assert "waiting: 503 (try 4), 12 s left" in bar_line(waiting, 5, 0, 80).plain
    assert "ETA" not in bar_line(waiting, 5, 0, 120).plain
    assert (
        plain_line(waiting, 5, 0)
        == "0 of 2 (0 %), 0 failed, 0 in flight, waiting: 503 (try 4), 12 s left, 0/s, 0:05 elapsed"
    )


def test_a_plain_line() -> None:
    line = plain_line(Counters(done=1_234, failed=3, in_flight=50, total=10_000), 5, 245)
    assert line == "1,234 of 10,000 (12 %), 3 failed, 50 in flight, 245/s, 0:05 elapsed, 0:36 to go"
    assert (
        plain_line(Counters(done=7, failed=0, in_flight=2, total=None), 61, 0)
        == "7, 0 failed, 2 in flight, 0/s, 1:01 elapsed"
    )
    assert time_to_go(Counters(done=1, failed=0, in_flight=1, total=10), 0) == ""


@pytest.mark.parametrize("width", [20, 80])
def test_bodies_on_their_way(width: int) -> None:
    lines = body_lines(
        Counters(done=0, failed=0, in_flight=1, total=1, largest=((5_000, "http://h/" + "x" * 90),)), width
    )
    assert [line.cell_len for line in lines] == [width]
    assert lines[0].plain.startswith("   5.0 kB  http")
