"""How a list is cut into shards, and in which order they can be fetched."""

import random
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.job.cutter import Cut, Cutter
from fetchcli.core.job.queue import ShardQueue

KEYS = st.lists(st.one_of(st.none(), st.integers(0, 40)), max_size=300)
PARALLEL = 3


def cut(keys: list[int | None], chains: int, *, split: bool = False) -> tuple[list[Cut], list[int]]:
    """The shards of a list with these hosts, small ones, and the chain of each row."""
    cutter = Cutter(chains, split=split, first=2, most=8)
    found, chain_of = [], []
    for key in keys:
        chain_of.append(chain := cutter.chain(key))
        number = cutter.piece(chain)
        if (shard := cutter.add(chain)) is not None:
            assert [piece[:2] for piece in shard.pieces] == [(chain, number)]
            found.append(shard)
    assert cutter.rows == len(keys)
    return [*found, *cutter.rest(PARALLEL)], chain_of


@given(KEYS, st.integers(1, 9), st.booleans())
def test_every_row_is_in_one_shard(keys: list[int | None], chains: int, split: bool) -> None:
    shards, chain_of = cut(keys, chains, split=split)
    assert [shard.number for shard in shards] == list(range(1, len(shards) + 1))
    assert sum(shard.rows for shard in shards) == len(keys)
    rows: dict[int, int] = defaultdict(int)
    for shard in shards:
        for piece in shard.pieces:
            rows[piece.chain] += piece.rows
    assert rows == {chain: chain_of.count(chain) for chain in set(chain_of)}


@given(KEYS, st.integers(1, 9))
def test_shards_are_bounded_and_grow(keys: list[int | None], chains: int) -> None:
    for shard in cut(keys, chains)[0]:
        assert 0 < shard.rows <= 8
        assert all(piece.rows <= 2 << piece.number for piece in shard.pieces)


@given(KEYS, st.integers(1, 9))
def test_rows_of_a_host_are_never_in_two_shards_at_once(keys: list[int | None], chains: int) -> None:
    shards, chain_of = cut(keys, chains)
    hosts: dict[int, set[int]] = defaultdict(set)
    for key, chain in zip(keys, chain_of, strict=True):
        if key is not None:
            hosts[key].add(chain)
    assert all(len(found) == 1 for found in hosts.values())
    last: dict[int, int] = {}
    for shard in shards:
        assert shard.after == tuple(sorted({last[piece.chain] for piece in shard.pieces if piece.chain in last}))
        last |= {piece.chain: shard.number for piece in shard.pieces}


@given(KEYS, st.integers(1, 9))
def test_the_same_list_is_cut_in_the_same_way(keys: list[int | None], chains: int) -> None:
    assert cut(keys, chains) == cut(keys, chains)


def test_a_host_may_be_split() -> None:
    shards, _ = cut([7] * 40, 4, split=True)
    assert len(shards) > PARALLEL
    assert all(shard.after == () for shard in shards)


def test_a_short_list_is_enough_for_all_workers() -> None:
    shards = list(Cutter(64).rest(PARALLEL))
    assert shards == []
    cutter = Cutter(64)
    for key in range(60):
        cutter.add(cutter.chain(key))
    assert [shard.rows for shard in cutter.rest(PARALLEL)] == [20, 20, 20]


@given(KEYS, st.integers(1, 9), st.randoms(use_true_random=False))
def test_shards_are_given_out_once_and_after_those_they_wait_for(
    keys: list[int | None], chains: int, chance: random.Random
) -> None:
    shards, _ = cut(keys, chains)
    queue, coming, running, done = ShardQueue(), list(shards), list[Cut](), set[int]()
    given_out = []
    while coming or running or queue.waiting:
        if coming and chance.random() < 0.5:
            queue.add(coming.pop(0))
        elif (shard := queue.next()) is not None:
            assert done.issuperset(shard.after)
            running.append(shard)
            given_out.append(shard.number)
        elif running:
            number = running.pop(chance.randrange(len(running))).number
            done.add(number)
            queue.done(number)
    assert sorted(given_out) == [shard.number for shard in shards]


def test_a_shard_that_was_done_before_it_was_added() -> None:
    shards, _ = cut([1] * 20, 1)
    queue = ShardQueue()
    queue.done(1)
    queue.add(shards[1])
    assert queue.next() == shards[1]
