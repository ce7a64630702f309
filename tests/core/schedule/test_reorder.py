"""Input order, in bounded memory."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.schedule.reorder import Reorder
from tests.support.outcomes import answered


@given(st.permutations(range(1, 30)))
def test_any_order_in_is_input_order_out(order: list[int]) -> None:
    reorder = Reorder(window=100)
    assert all(reorder.admit(seq) for seq in range(1, 30))
    out = [outcome.row.seq for seq in order for outcome in reorder.push(answered(seq=seq))]
    assert out == sorted(order)
    assert len(reorder) == 0


@given(st.sets(st.integers(1, 10**9), max_size=30), st.randoms())
def test_a_part_of_a_list_comes_in_order(seqs: set[int], random: Random) -> None:
    reorder, ended = Reorder(window=100), list(seqs)
    assert all(reorder.admit(seq) for seq in sorted(seqs))
    random.shuffle(ended)
    out = [outcome.row.seq for seq in ended for outcome in reorder.push(answered(seq=seq))]
    assert out == sorted(seqs)


@given(st.integers(1, 10), st.data())
def test_the_window_bounds_what_is_held(window: int, data: st.DataObject) -> None:
    reorder, waiting = Reorder(window), list(range(1, 41))
    flying: list[int] = []
    while waiting or flying:
        while waiting and reorder.admit(waiting[0]):
            flying.append(waiting.pop(0))
        seq = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
        reorder.push(answered(seq=seq))
        assert len(reorder) < window or window == 1
    assert len(reorder) == 0


def test_what_is_left_when_the_run_stops_comes_in_order() -> None:
    reorder = Reorder(window=10)
    assert all(reorder.admit(seq) for seq in range(1, 6))
    for seq in (5, 2, 3):
        assert reorder.push(answered(seq=seq)) == []
    assert [outcome.row.seq for outcome in reorder.flush()] == [2, 3, 5]
    assert reorder.flush() == []
