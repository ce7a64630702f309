"""What is kept about a part, and which parts belong together."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.shard.manifest import (
    PartManifest,
    conflict,
    imbalance,
    missing_ranges,
    parse_manifest,
    row_ranges,
)

ONE = PartManifest(shard=1, of=3, dealing="size", fingerprint="a", list_rows=9, rows=3, complete=True)


def changed(**values: object) -> PartManifest:
    return msgspec.structs.replace(ONE, **{"shard": 2, **values})


def test_a_manifest_is_read_again() -> None:
    assert parse_manifest(msgspec.json.encode(ONE)) == ONE
    assert ONE.name == "part 1/3"


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"\xff", b'{"shard": 0, "of": 2, "dealing": "size"}', b'{"shard": 3, "of": 2, "dealing": "size"}',
     b'{"shard": 1, "of": 2, "dealing": "size", "rows": -1}', b"[" * 10_000],
)  # fmt: skip
def test_what_is_no_manifest(data: bytes) -> None:
    assert parse_manifest(data) is None


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (changed(), ""),
        (changed(fingerprint=None, list_rows=None, rows=None), ""),
        (changed(fingerprint="b"), "a.jsonl and b.jsonl are parts of different lists"),
        (changed(list_rows=8), "a.jsonl and b.jsonl are parts of different lists"),
        (changed(of=4), "a.jsonl is part 1/3, but b.jsonl is part 2/4"),
        (changed(dealing="hash"), "a.jsonl and b.jsonl were dealt differently: by size, and by hash"),
        (changed(shard=1), "a.jsonl and b.jsonl are both part 1/3"),
    ],
)
def test_parts_that_belong_together(other: PartManifest, message: str) -> None:
    assert conflict(ONE, "a.jsonl", other, "b.jsonl") == message


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 5))
def test_the_ranges_that_are_missing(there: list[bool], most: int) -> None:
    ranges, more = missing_ranges(bytearray(there), most)
    missing = [number for number, seen in enumerate(there, 1) if not seen]
    shown = [number for first, last in ranges for number in range(first, last + 1)]
    assert shown == missing[: len(shown)]
    assert more == (len(shown) < len(missing))
    assert len(ranges) <= most


def test_messages() -> None:
    assert row_ranges([(3, 3), (7, 9)], more=False) == "3, 7-9"
    assert row_ranges([(3, 3)], more=True) == "3 and more"
    assert "3 parts of 1 to 2,000 rows" in imbalance([1, 2000, 7])
