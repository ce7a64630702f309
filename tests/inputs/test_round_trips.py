"""For each format: rows -> file -> rows is the identity, however the file is cut and compressed."""

import csv
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetchcli.core.model.target import Target
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.settings import Reading
from tests.support.lists import (
    COMPRESSIONS,
    Plain,
    as_csv,
    as_curl,
    as_json,
    as_jsonl,
    as_sitemap,
    read,
)

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=20)
LINES = st.text(st.sampled_from("ab\"',;|\t\n é\\$"), max_size=30).map(lambda text: text.replace("\r", ""))
PATHS = st.text(st.sampled_from("abc/?=&%20é'\"(),;"), max_size=20)
URLS = PATHS.map(lambda path: f"http://h.example/{path}x")
TOKENS = st.sampled_from(["GET", "POST", "PURGE", "x-y", "DELETE"])
NAMES = st.sampled_from(["X-A", "accept", "Content-Type"])
VALUES = TEXT.map(lambda text: text.strip(" \t")).filter(lambda text: text not in ("", ";", "***"))
REQUESTS = st.builds(
    RowRequest,
    method=TOKENS,
    headers=st.dictionaries(NAMES, VALUES, max_size=3).map(lambda headers: tuple(headers.items())),
    body=st.none() | LINES.filter(bool),
)
ROWS = st.lists(st.tuples(URLS, REQUESTS, st.just("") | st.sampled_from(["t", "ü 1"])), min_size=1, max_size=5)
CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=5).map(tuple)

FORMATS: dict[str, tuple[str, Callable[[list[Plain]], bytes], bool, bool]] = {
    # name of the file, writer, whether it holds requests, whether it holds tags
    "csv": ("x.csv", as_csv, True, True),
    "excel": ("x.csv", lambda rows: b"\xef\xbb\xbf" + as_csv(rows, ";"), True, True),
    "quoted": ("x.csv", lambda rows: as_csv(rows, quoting=csv.QUOTE_ALL, line_end="\n"), True, True),
    "tsv": ("x.tsv", lambda rows: as_csv(rows, "\t"), True, True),
    "jsonl": ("x.jsonl", as_jsonl, True, True),
    "json": ("x.json", as_json, True, True),
    "sitemap": ("x.xml", as_sitemap, False, False),
    "curl": ("x.curl", as_curl, True, False),
}


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=60)
@given(rows=ROWS, cuts=CUTS)
def test_rows_come_back(name: str, rows: list[Plain], cuts: tuple[int, ...]) -> None:
    file, write, has_requests, has_tags = FORMATS[name]
    found, errors = read(write(rows), file, sizes=cuts)
    assert not errors
    assert [row.seq for row in found] == list(range(1, len(rows) + 1))
    for row, (url, row_request, tag) in zip(found, rows, strict=True):
        assert isinstance(row, Target), row
        assert row.url.target == Target(1, row.url).url.target
        assert row.row_request == (row_request if has_requests else None)
        assert row.tag == (tag if has_tags else "")
        plain, _ = read(url.encode(), "x.txt", Reading(format="lines"))
        assert isinstance(plain[0], Target)
        assert row.url == plain[0].url


@pytest.mark.parametrize("compression", COMPRESSIONS)
@settings(deadline=None, max_examples=25)
@given(rows=ROWS, cuts=CUTS, split=st.integers(0, 300))
def test_compressed_or_not(compression: str, rows: list[Plain], cuts: tuple[int, ...], split: int) -> None:
    data = as_jsonl(rows)
    compress = COMPRESSIONS[compression]
    whole = read(data, "x.jsonl")[0]
    several = compress(data[:split]) + compress(data[split:])
    for packed, name in ((compress(data), f"x.jsonl.{compression}"), (several, "-")):
        found, errors = read(packed, name, sizes=cuts)
        assert not errors
        assert [(row.text, row.line) for row in found] == [(row.text, row.line) for row in whole]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_compressed_list_that_is_cut_or_corrupt_is_an_error_and_not_silence(compression: str) -> None:
    data = b"".join(b"http://h/%d\n" % number for number in range(5000))
    packed = COMPRESSIONS[compression](data)
    name = {"gz": "gzip", "zst": "zstd", "bz2": "bzip2", "xz": "xz"}[compression]
    rows, errors = read(packed[:-9], "x.txt")
    assert f"x.txt: the {name} stream is incomplete" in str(errors[0]) or "corrupt" in str(errors[0])
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xFF
    rows, errors = read(bytes(damaged), "x.txt")
    assert errors or compression == "zst"  # which was written without a checksum
    assert len(rows) <= 5000


def test_padding_after_a_compressed_stream_is_harmless() -> None:
    packed = COMPRESSIONS["gz"](b"http://h/\n") + b"\0" * 100
    assert read(packed, "x", sizes=(10,)) == read(b"http://h/\n", "x")
    rows, errors = read(packed + b"junk", "x")
    assert len(rows) == 1
    assert "corrupt gzip" in str(errors[0])
