"""The parts of a list as they are read: every row in exactly one of them, from files and from pipes."""

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.model.target import Rejected, Row, Target
from fetchcli.core.shard.part import Shard
from fetchcli.core.url.parse import parse_url
from fetchcli.inputs.sharding import Sharding

# Hosts by number; 0 stands for a row without a host.
LISTS = st.lists(st.one_of(st.integers(0, 3), st.integers(0, 30)), max_size=120)


def rows(hosts: list[int]) -> list[Row]:
    return [
        Target(seq, parse_url(f"http://h{host}/{seq}")) if host else Rejected(seq, "x", "no scheme")
        for seq, host in enumerate(hosts, 1)
    ]


def batches(found: list[Row], size: int = 7) -> Iterator[list[Row]]:
    for start in range(0, len(found), size):
        yield found[start : start + size]


def part(
    found: list[Row], number: int, count: int, *, split: bool = False, pipe: bool = False
) -> tuple[Sharding, list[Row]]:
    sharding = Sharding(Shard(number, count), None if pipe else lambda: batches(found, 5), split=split)
    return sharding, [row for batch in sharding.rows(batches(found)) for row in batch]


@given(LISTS, st.integers(1, 9), st.booleans(), st.booleans())
def test_every_row_is_in_exactly_one_part(hosts: list[int], count: int, split: bool, pipe: bool) -> None:
    whole = rows(hosts)
    parts = [part(whole, number, count, split=split, pipe=pipe) for number in range(1, count + 1)]
    assert sorted(row.seq for _, own in parts for row in own) == list(range(1, len(whole) + 1))
    manifests = [sharding.manifest(complete=True) for sharding, _ in parts]
    assert [manifest.rows for manifest in manifests] == [len(own) for _, own in parts]
    assert {(manifest.fingerprint, manifest.list_rows) for manifest in manifests} == {
        (manifests[0].fingerprint, len(whole))
    }
    assert [part(whole, number, count, split=split, pipe=pipe)[1] for number in range(1, count + 1)] == [
        own for _, own in parts
    ]
    for _, own in parts:
        assert [row.seq for row in own] == sorted(row.seq for row in own)
    if not pipe:
        largest = max([*Counter(host for host in hosts if host).values(), 1])
        assert max(len(own) for _, own in parts) <= len(whole) / count + largest


def test_the_fingerprint_is_of_rows_their_order_and_their_hosts() -> None:
    def fingerprint(found: list[Row]) -> str | None:
        return part(found, 1, 2, pipe=True)[0].manifest(complete=True).fingerprint

    whole = rows([1, 2, 3])
    assert fingerprint(whole) == part(whole, 2, 3)[0].manifest(complete=True).fingerprint
    others = [rows([1, 2]), rows([1, 3, 2]), rows([1, 2, 3, 4]), rows([1, 2, 0])]
    assert len({fingerprint(found) for found in [whole, *others]}) == 5
    # A row that is invalid on one machine only: the parts do not fit together.
    rejected: list[Row] = [Rejected(1, "http://h1/1", "no such file", key="k"), *whole[1:]]
    assert fingerprint(rejected) != fingerprint([Target(1, parse_url("http://h1/1"), key="k"), *whole[1:]])


@pytest.mark.parametrize("pipe", [False, True])
def test_what_is_known_before_the_end(pipe: bool) -> None:
    whole = rows([1] * 10)
    sharding = Sharding(Shard(1, 2), None if pipe else lambda: batches(whole))
    assert (sharding.list_rows, sharding.part_rows) == (None, None)
    next(sharding.rows(batches(whole)))
    manifest = sharding.manifest(complete=True)
    assert (manifest.list_rows, manifest.complete) == ((None, False) if pipe else (10, True))


def test_messages() -> None:
    whole = rows([1, 1, 1])
    found = [part(whole, number, 2)[0].messages for number in (1, 2)]
    assert sorted(found) == [[], [f"part {1 + bool(found[1])}/2 has none of the 3 rows of the list"]]
    assert any("dealt by hash: 2 parts of 0 to 3 rows" in text for text in part(whole, 1, 2, pipe=True)[0].messages)
    assert part([], 1, 2, pipe=True)[0].messages == []
