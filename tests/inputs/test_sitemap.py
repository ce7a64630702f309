"""Sitemaps as sitemaps.org documents them, and what only looks like one."""

import gzip

import pytest

from fetchcli.core.errors import InputError
from fetchcli.core.model.target import Rejected
from fetchcli.core.settings import Reading
from fetchcli.core.url.parse import HttpUrl
from fetchcli.inputs.base import Argument
from fetchcli.inputs.reader import MAX_NESTED, RowReader
from tests.support.lists import read

# The samples of sitemaps.org/protocol.html, with an image extension as search engines define it.
URLSET = b"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
   <url>
      <loc>http://www.example.com/</loc>
      <lastmod>2005-01-01</lastmod>
      <changefreq>monthly</changefreq>
      <priority>0.8</priority>
   </url>
   <url>
      <loc>
        http://www.example.com/catalog?item=12&amp;desc=vacation_hawaii
      </loc>
      <image:image><image:loc>http://www.example.com/image.jpg</image:loc></image:image>
   </url>
   <url><loc><![CDATA[http://www.example.com/catalog?item=73&desc=x]]></loc></url>
</urlset>
"""
INDEX = b"""<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
   <sitemap>
      <loc>http://www.example.com/sitemap1.xml.gz</loc>
      <lastmod>2004-10-01T18:23:17+00:00</lastmod>
   </sitemap>
   <sitemap>
      <loc>http://www.example.com/sitemap2.txt</loc>
   </sitemap>
   <sitemap><loc>http://www.example.com/gone.xml</loc></sitemap>
   <sitemap><loc>ftp://www.example.com/</loc></sitemap>
</sitemapindex>
"""
URLS = [
    "http://www.example.com/",
    "http://www.example.com/catalog?item=12&desc=vacation_hawaii",
    "http://www.example.com/catalog?item=73&desc=x",
]
WEB = {
    "http://www.example.com/sitemap1.xml.gz": gzip.compress(URLSET),
    "http://www.example.com/sitemap2.txt": b"http://www.example.com/text\n\n",
    "http://www.example.com/index.xml": INDEX,
}


def load(url: HttpUrl, _: bool) -> bytes:
    if url.text not in WEB:
        raise InputError(f"{url.text}: status 404")
    return WEB[url.text]


@pytest.mark.parametrize("sizes", [(65536,), (1,), (7, 100)])
def test_a_set_of_urls(sizes: tuple[int, ...]) -> None:
    rows, errors = read(URLSET, "sitemap.xml", sizes=sizes)
    assert not errors
    assert [(row.text, row.line) for row in rows] == list(zip(URLS, (5, 11, 16), strict=True))


def test_an_index_with_gzip_and_text_children() -> None:
    rows, errors = read(INDEX, "-", load=load)
    assert [row.text for row in rows] == [*URLS, "http://www.example.com/text", "ftp://www.example.com/"]
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert (rows[0].source, rows[0].line) == ("http://www.example.com/sitemap1.xml.gz", 5)
    assert isinstance(rows[4], Rejected)
    assert [str(error) for error in errors] == ["http://www.example.com/gone.xml: status 404"]


def test_a_sitemap_on_the_web() -> None:
    reading = Reading(format="sitemap")
    reader = RowReader([Argument("http://www.example.com/index.xml"), Argument("no url")], reading, load=load)
    assert [row.text for batch in reader.batches() for row in batch][-1] == "no url"
    assert len(reader.errors) == 1


def test_indexes_that_go_round_in_circles_or_on_for_ever_end() -> None:
    def child(name: str) -> bytes:
        return f"<sitemapindex><sitemap><loc>http://h/{name}</loc></sitemap></sitemapindex>".encode()

    asked: list[str] = []

    def circle(url: HttpUrl, _: bool) -> bytes:
        asked.append(url.text)
        return child("a")

    assert read(child("a"), "x.xml", load=circle) == ([], [])
    assert asked == ["http://h/a"]

    def deeper(url: HttpUrl, _: bool) -> bytes:
        return child(f"{url.target[1:]}x")

    rows, errors = read(child("a"), "x.xml", load=deeper)
    assert not rows
    assert str(errors[0]) == f"http://h/a{'x' * MAX_NESTED}: sitemaps nested more than {MAX_NESTED} deep"


def test_without_a_network_a_child_is_an_error() -> None:
    rows, errors = read(INDEX, "x.xml")
    assert len(rows) == 1
    assert "sitemap1.xml.gz: not fetched (--dry-run and --print-curl fetch nothing)" in str(errors[0])


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>
<urlset><url><loc>http://h/&lol2;</loc></url></urlset>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>
<urlset><url><loc>http://h/&e;</loc></url></urlset>"""


@pytest.mark.parametrize(
    ("data", "rows", "said"),
    [
        (BOMB, 0, "x.xml:1: entity declarations are not allowed"),
        (OUTSIDE, 0, "x.xml:1: entity declarations are not allowed"),
        (b"<!doctype html>\n<html><head></head></html>", 0, "x.xml: an HTML page, not a sitemap"),
        (b"<?xml version='1.0'?><html/>", 0, "x.xml:1: an HTML page, not a sitemap"),
        (b"<?xml version='1.0' encoding='utf-9'?><urlset/>", 0, "x.xml:1: expected a sitemap: unknown encoding: utf-9"),
        (b"<?xml version='1.0' encoding='shift_jis'?><urlset/>", 0, "expected a sitemap: "),
        (b"<rss><channel/></rss>", 0, "x.xml:1: a document of <rss>, not a sitemap"),
        (
            b"<urlset><url><loc>http://h/1</loc></url>\n<url><loc>http://h/2</url>",
            1,
            "x.xml:2: expected a sitemap",
        ),
        (b"<urlset><url><loc>http://h/1</loc></url>", 1, "x.xml:1: expected a sitemap: no element found"),
        (b"<urlset><url><loc>http://h/&nbsp;</loc></url></urlset>", 0, "undefined entity"),
        (b"\x89PNG\r\n", 0, "x.xml: not a list of URLs but a picture"),
    ],
)
def test_what_is_no_sitemap(data: bytes, rows: int, said: str) -> None:
    found, errors = read(data, "x.xml")
    assert len(found) == rows
    assert said in str(errors[0])


def test_a_url_without_its_loc_and_one_that_is_too_long_are_rows() -> None:
    data = f"<urlset><url><priority>1</priority></url><url><loc>http://h/{'x' * 70_000}</loc></url></urlset>".encode()
    rows, errors = read(data, "x.xml")
    assert not errors
    assert [row.reason for row in rows if isinstance(row, Rejected)] == [
        "loc: the URL is missing",
        "a URL of more than 65536 bytes",
    ]


def test_text_and_nothing() -> None:
    assert [row.text for row in read(b"\xef\xbb\xbfhttp://h/1\n", "x.xml")[0]] == ["http://h/1"]
    assert read(b"", "x.xml")[0] == []
