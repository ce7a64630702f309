"""Every row in exactly one part, no part above the mean and the largest host, and the same again."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.shard.division import BalancedDivision, Division, HashDivision, part_without_host
from fetchcli.core.shard.host_counts import HostCounts, host_key

KEYS = [host_key(f"h{number}.example") for number in range(40)]
# Few hosts with many rows, and many with few.
LISTS = st.lists(st.one_of(st.sampled_from(KEYS[:3]), st.sampled_from(KEYS)), max_size=200)
PARTS = st.integers(1, 12)


def counted(rows: list[int], max_hosts: int = 1000) -> HostCounts:
    counts = HostCounts(max_hosts, bits=4)
    for key in rows:
        counts.add(key)
    return counts


def dealt(division: Division, rows: list[int]) -> list[int]:
    return [division.part_of(key) for key in rows]


@given(LISTS, PARTS, st.integers(0, 30))
def test_parts_of_a_counted_list(rows: list[int], parts: int, without_host: int) -> None:
    division = BalancedDivision(counted(rows), parts, without_host)
    found = dealt(division, rows)
    assert all(1 <= part <= parts for part in found)
    assert dealt(BalancedDivision(counted(rows[::-1]), parts, without_host), rows) == found
    assert len(set(zip(rows, found, strict=True))) == len(set(rows))  # a host is in one part
    sizes = Counter(found) + Counter(part_without_host(before, parts) for before in range(without_host))
    assert division.sizes == [sizes[part] for part in range(1, parts + 1)]
    largest = max([*Counter(rows).values(), 1])
    assert max(division.sizes) <= (len(rows) + without_host) / parts + largest


@given(LISTS, PARTS)
def test_only_hosts_above_the_mean_are_split(rows: list[int], parts: int) -> None:
    division = BalancedDivision(counted(rows), parts, split=True)
    found = dealt(division, rows)
    assert dealt(BalancedDivision(counted(rows), parts, split=True), rows) == found
    assert division.sizes == [Counter(found)[part] for part in range(1, parts + 1)]
    mean, sizes = len(rows) / parts, Counter(rows)
    for key, size in sizes.items():
        own = [part for row, part in zip(rows, found, strict=True) if row == key]
        if size <= mean:
            assert len(set(own)) == 1
        else:  # consecutive pieces
            changes = sum(one != other for one, other in pairwise(own))
            assert changes < -(-size // max(mean, 1))
    assert max(division.sizes) <= 2 * max(mean, 1)


@given(LISTS, PARTS)
def test_without_large_hosts_splitting_changes_nothing(rows: list[int], parts: int) -> None:
    if max(Counter(rows).values(), default=0) <= len(rows) / parts:
        plain, split = (BalancedDivision(counted(rows), parts, split=split) for split in (False, True))
        assert dealt(plain, rows) == dealt(split, rows)


@given(LISTS, PARTS)
def test_parts_of_a_pipe(rows: list[int], parts: int) -> None:
    found = dealt(HashDivision(parts), rows)
    assert all(1 <= part <= parts for part in found)
    assert len(set(zip(rows, found, strict=True))) == len(set(rows))


@given(LISTS, PARTS, st.integers(0, 5), st.booleans())
def test_with_very_many_hosts_groups_of_them_are_counted(
    rows: list[int], parts: int, max_hosts: int, split: bool
) -> None:
    counts = counted(rows, max_hosts)
    assert counts.rows == len(rows) == sum(count for _, count in counts.items())
    division = BalancedDivision(counts, parts, split=split)
    found = dealt(division, rows)
    assert division.sizes == [Counter(found)[part] for part in range(1, parts + 1)]
    groups = Counter(counts.unit(key) for key in rows)
    assert max(division.sizes) <= len(rows) / parts + max([*groups.values(), 1])


def test_a_list_that_has_grown_meanwhile() -> None:
    rows = KEYS[:1] * 4
    division = BalancedDivision(counted(rows), 2, split=True)
    more = dealt(division, rows * 3)
    assert set(more[4:]) == {more[3]}
    assert division.part_of(KEYS[7]) == HashDivision(2).part_of(KEYS[7])


def test_the_key_of_a_host_is_the_same_on_every_machine() -> None:
    assert host_key("example.com") == 0x13C51305C1CF2666
