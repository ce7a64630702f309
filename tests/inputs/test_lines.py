"""BEHAVIOUR A: lists of lines, as pure functions. The same cases run through the process in tests/cli."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import InputError
from fetchcli.core.model.target import Rejected, Row, Target
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import Argument, File
from fetchcli.inputs.count import count_rows
from fetchcli.inputs.lines import MAX_LINE, data_lines, split_lines
from fetchcli.inputs.reader import RowReader


def read(path: Path) -> list[Row]:
    reader = RowReader([File(str(path))])
    rows = [row for batch in reader.batches() for row in batch]
    assert not reader.errors
    return rows


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    return tmp_path / "urls.txt"


def blocks_of(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        if start < end:
            yield data[start:end]


@given(st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b" "]), max_size=40), st.lists(st.integers(0, 99)))
def test_2_lines_do_not_depend_on_block_boundaries(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    lines = [line for batch in split_lines(blocks_of(data, cuts)) for line in batch]
    assert lines == data.splitlines()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_1_2_6_bom_line_ends_and_no_final_newline(listing: Path, end: bytes) -> None:
    listing.write_bytes(b"\xef\xbb\xbf" + end.join([b"http://a/", b"http://b/", b"http://c/"]))
    assert [row.text for row in read(listing)] == ["http://a/", "http://b/", "http://c/"]


def test_3_4_12_bad_rows_are_rejected_and_the_rest_goes_on(listing: Path) -> None:
    listing.write_bytes(b"http://a\x00b/\nhttp://a/\xff\\x\nmailto:x@y\n-o/etc/x\nhttp://ok/\n")
    rows = read(listing)
    assert [type(row) for row in rows] == [Rejected] * 4 + [Target]
    assert rows[1].text == "http://a/\\xff\\\\x"
    reasons = [row.reason for row in rows if isinstance(row, Rejected)]
    assert reasons[0].startswith("a control character (U+0000)")
    assert reasons[1] == "byte 10 is not UTF-8"
    assert "'mailto'" in reasons[2]
    assert "no scheme" in reasons[3]


def test_5_a_huge_line_is_one_rejected_row_in_bounded_memory() -> None:
    def huge() -> Iterator[bytes]:
        yield b"http://a/\nhttp://b/"
        for _ in range(3000):
            yield b"x" * 65536
        yield b"\nhttp://c/\n"

    batches = list(data_lines(huge()))
    lines = [line for batch in batches for _, line in batch]
    assert [line for line in lines if len(line) <= MAX_LINE] == [b"http://a/", b"http://c/"]
    assert max(map(len, lines)) <= MAX_LINE + 65536


def test_5_a_huge_row_is_shown_cut(listing: Path) -> None:
    listing.write_bytes(b"http://b/" + b"x" * MAX_LINE + b"\nhttp://c/\n")
    first, second = read(listing)
    assert isinstance(first, Rejected)
    assert len(first.text) == 201
    assert "more than 65536 bytes" in first.reason
    assert second.text == "http://c/"


def test_7_comments_and_blank_lines_are_no_rows_but_lines(listing: Path) -> None:
    listing.write_bytes(b"# list\n\nhttp://a/#x\n  \t\n  # http://no/\n  http://b/  \n")
    assert [(row.seq, row.line, row.text) for row in read(listing)] == [(1, 3, "http://a/"), (2, 6, "http://b/")]


def test_10_duplicates_are_rows_of_their_own(listing: Path) -> None:
    listing.write_bytes(b"http://a/\n" * 3)
    assert [row.seq for row in read(listing)] == [1, 2, 3]


def test_51_credentials_of_a_rejected_row_are_masked(listing: Path) -> None:
    listing.write_bytes(b"ftp://user:secret@h/\nhttp://u:secret@a@b/\n")
    assert [row.text for row in read(listing)] == ["ftp://***@h/", "http://***@b/"]


def test_rows_are_numbered_over_all_inputs_and_an_unreadable_one_is_kept_as_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"http://a/\n")
    (tmp_path / "b").write_bytes(b"http://b/\n")
    names = [str(tmp_path / name) for name in ("a", "missing", "b")]
    reader = RowReader([Argument("http://arg/"), *map(File, names)])
    rows = [row for batch in reader.batches() for row in batch]
    assert [(row.seq, row.text, row.source) for row in rows] == [
        (1, "http://arg/", ""),
        (2, "http://a/", names[0]),
        (3, "http://b/", names[2]),
    ]
    assert [str(error) for error in reader.errors] == [f"{names[1]}: No such file or directory"]


def test_a_directory_or_a_missing_file_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory"):
        File(str(tmp_path)).check()
    with pytest.raises(InputError, match=r"no such file; to fetch it as a URL write http://example\.com"):
        File("example.com").check()
    File("-").check()


def test_rows_are_counted_where_that_is_possible(listing: Path, tmp_path: Path) -> None:
    listing.write_bytes(b"# x\nhttp://a/\n\nnonsense\n")
    assert count_rows([File(str(listing)), Argument("http://b/")], Reading()) == 3
    assert count_rows([File("-")], Reading()) is None
    assert count_rows([File(str(tmp_path / "missing"))], Reading()) is None


@given(st.binary(max_size=300))
def test_any_bytes_end_as_rows(data: bytes) -> None:
    class Bytes(File, frozen=True):
        def blocks(self) -> Iterator[bytes]:
            yield data

    reader = RowReader([Bytes("x")], Reading(format="lines"))
    rows = [row for batch in reader.batches() for row in batch]
    if reader.errors:  # it begins as something else does
        assert not rows
        return
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    expected = [line.strip(b" \t") for line in data.removeprefix(b"\xef\xbb\xbf").splitlines()]
    assert len(rows) == len([line for line in expected if line and not line.startswith(b"#")])
