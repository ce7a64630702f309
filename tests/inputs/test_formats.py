"""Which format a list is in; curl lines; globs; how far a strict reading goes."""

import pytest

from fetchcli.core.model import Rejected, Target
from fetchcli.core.settings import InputFormat, Reading
from fetchcli.inputs.base import Argument, File
from fetchcli.inputs.count import count_rows
from fetchcli.inputs.formats import guess
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.record import BadFormat
from tests.support.lists import as_jsonl, as_sitemap, read


@pytest.mark.parametrize(
    ("name", "first", "found"),
    [
        ("a.txt", b'{"url":1}', "lines"),
        ("a.csv", b"http://h/", "csv"),
        ("a.TSV", b"", "tsv"),
        ("a.csv.gz", b"url", "csv"),
        ("a.jsonl.zst", b"", "jsonl"),
        ("a.ndjson", b"", "jsonl"),
        ("a.json", b"[1]", "json"),
        ("a.json", b' {"url":1}', "jsonl"),
        ("a.xml", b"<x>", "sitemap"),
        ("a.curl", b"", "curl"),
        ("-", b"http://h/\n", "lines"),
        ("-", b"", "lines"),
        ("list", b"# comment\nhttp://h/", "lines"),
        ("-", b'\xef\xbb\xbf{"url":1}', "jsonl"),
        ("-", b'"http://h/"', "jsonl"),
        ("-", b"\n [", "json"),
        ("-", b"<?xml?>", "sitemap"),
        ("-", b"curl 'http://h/'", "curl"),
        ("-", b"Name,URL\n", "csv"),
        ("-", b'"name";"url"\r\n', "csv"),
        ("-", b"sep=;\n", "csv"),
        ("-", b"http://h/,url\n", "lines"),
        ("-", b"name,link\n", "lines"),
        ("-", b"url\nhttp://h/\n", "lines"),
    ],
)
def test_the_extension_and_then_the_content(name: str, first: bytes, found: str) -> None:
    assert guess(name, first) == InputFormat(found)


@pytest.mark.parametrize("first", [b"<!DOCTYPE html><html>", b"<html lang=en>"])
def test_a_page_is_no_list(first: bytes) -> None:
    with pytest.raises(BadFormat, match="an HTML page"):
        guess("-", first)


def test_curl_lines_with_comments_and_mistakes_between() -> None:
    data = (
        b"# from the browser\n"
        b"curl 'http://h/1' \\\n  -H 'A: b' ;\n"
        b"\n"
        b"curl 'http://h/2\n"
        b"curl http://h/3 & curl http://h/4\n"
        b"wget http://h/5\n"
        b'curl http://h/6 --data-raw "a\nb"\n'
    )
    rows, errors = read(data, "x.curl", sizes=(5,))
    assert not errors
    assert [(row.line, row.text) for row in rows] == [
        (2, "http://h/1"),
        (5, "curl 'http://h/2"),
        (6, "http://h/3"),
        (6, "http://h/4"),
        (7, "wget http://h/5"),
        (8, "http://h/6"),
    ]
    assert isinstance(rows[1], Rejected)
    assert rows[1].message == "x.curl:5: a quote is opened and never closed"
    assert isinstance(rows[5], Target)
    assert rows[5].request is not None
    assert rows[5].request.content == b"a\nb"


def test_a_quote_that_swallows_much_is_given_up() -> None:
    data = b"curl 'http://h/0\n" + b"curl http://h/1 -H @x\n" * 20_000
    rows, _ = read(data, "x.curl")
    assert len(rows) == 20_001


def test_globs_stand_for_rows_of_one_line() -> None:
    data = b"http://h/{a,b}[1-2]\nhttp://h/{\nhttp://h/c\n"
    rows, _ = read(data, "x.txt", Reading(glob=True))
    assert [(row.seq, row.line, row.text) for row in rows[:4]] == [
        (seq, 1, f"http://h/{name}") for seq, name in enumerate(("a1", "a2", "b1", "b2"), 1)
    ]
    assert isinstance(rows[4], Rejected)
    assert rows[4].message == "x.txt:2: glob: '{' without its '}' at character 10"
    assert read(data, "x.txt")[0][0].text == "http://h/{a,b}[1-2]"
    many = RowReader([Argument("http://h/[1-1000000000]")], Reading(glob=True)).batches()
    assert [len(next(many)), len(next(many))] == [1000, 1000]


def test_a_strict_reading_ends_with_the_first_row_that_cannot_be_fetched() -> None:
    rows, errors = read(b"http://h/1\nftp://x\nhttp://h/2\n" * 1000, "x.txt", Reading(strict=True), sizes=(8,))
    assert [row.text for row in rows] == ["http://h/1", "ftp://x"]
    assert str(errors[0]) == (
        "x.txt:2: the scheme is 'ftp', not http or https; nothing after it was read (--strict-input)"
    )
    assert read(b"http://h/1\n", "x.txt", Reading(strict=True)) == read(b"http://h/1\n", "x.txt")


def test_rows_are_counted_where_they_can_be(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    lists = {
        "a.jsonl": as_jsonl([("http://h/{a,b}", None, ""), ("http://h/{", None, "")]),
        "b.xml": as_sitemap([("http://h/", None, "")] * 3),
        "c.xml": b"<sitemapindex><sitemap><loc>http://h/</loc></sitemap></sitemapindex>",
        "d.csv": b"no url",
    }
    for name, data in lists.items():
        (folder / name).write_bytes(data)
    paths = {name: File(str(folder / name)) for name in lists}
    assert count_rows([paths["a.jsonl"], paths["b.xml"], Argument("http://h/{a,b}")], Reading()) == 6
    assert count_rows([paths["a.jsonl"], Argument("http://h/[1-5]")], Reading(glob=True)) == 8
    assert count_rows([paths["c.xml"]], Reading()) is None
    assert count_rows([paths["d.csv"]], Reading()) is None
    assert count_rows([Argument("http://h/s.xml")], Reading(format=InputFormat.SITEMAP)) is None
    assert count_rows([paths["b.xml"]], Reading(strict=True)) is None
