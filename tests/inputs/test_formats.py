"""Which format a list is in; curl lines; globs; how far a strict reading goes."""

import json

import pytest

from fetchcli.core.model.target import Rejected, Target
from fetchcli.core.settings import Reading, Selection
from fetchcli.inputs.base import Argument, File
from fetchcli.inputs.count import count_rows
from fetchcli.inputs.formats import BY_NAME, detect_format
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.record import BadFormat
from tests.support.lists import as_jsonl, as_sitemap, read


@pytest.mark.parametrize(
    ("name", "first", "found"),
    [
        ("a.txt", b'{"url":1}', "jsonl"),
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
    assert detect_format(name, first, Reading()) is BY_NAME[found]


@pytest.mark.parametrize("first", [b"<!DOCTYPE html><html>", b"<html lang=en>"])
def test_a_page_is_no_list(first: bytes) -> None:
    with pytest.raises(BadFormat, match="an HTML page"):
        detect_format("-", first, Reading())


def test_columns_that_are_asked_for_say_that_there_are_some() -> None:
    assert detect_format("-", b"link,n\nhttp://h/,1", Reading(url_column="link")) is BY_NAME["csv"]
    assert detect_format("-", b"http://h/\n", Reading(keep=("n",))) is BY_NAME["csv"]


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
        (5, "curl …"),
        (6, "http://h/3"),
        (6, "http://h/4"),
        (7, "wget …"),
        (8, "curl …"),
        (9, 'b" …'),
    ]
    assert isinstance(rows[1], Rejected)
    assert rows[1].message == "x.curl:5: a quote is never closed"
    assert isinstance(rows[5], Rejected)
    assert rows[5].reason == "behind line 5: a quote is never closed"
    (row,), _ = read(b'\xef\xbb\xbfcurl http://h/6 --data-raw "a\nb" \\', "x.curl")
    assert isinstance(row, Target)
    assert row.request is not None
    assert row.request.content == b"a\nb"


DECORATED = """\
curl http://h/1 -o x 2>&1 || exit 1
curl -s 'http://h/2' > out.json && echo "done $? $(date; echo ')')"
curl http://h/3 # it's a comment \\
curl http://h/4 | jq . 2>/dev/null; echo ok
curl http://h/5 \\
  -H 'A: b' &&
  echo ok ||
  { echo failed; exit 1; }
curl http://h/6 || {
  echo "failed"
  exit 1
} && echo
curl http://h/7 & curl http://h/8; wait
curl http://h/9?a=1&b=2
curl -d @- http://h/10 <<-'E'
{"a": "it's"
 \\
}
\tE
curl http://h/11 <<< 'x y' |
  tail
curl http://h/12 >
curl http://h/$X
curl http://h/13 << end || {
 x {
end
  echo }
}
curl http://h/14 || {
 echo failed; exit 1; }
curl http://h/15 \\
  -H 'a: b' > "$LOG" 2>>$HOME/x || (
  echo "a) {" )
curl "http://h/16?a=1"&wait
curl http://h/17 || echo {
curl http://h/18 \\
  -H 'a: }'; echo $((1<<3)) $((1 << x))
cat > out.txt <<EOF
curl http://h/NOT
EOF
curl http://h/19"""


def test_what_follows_a_pasted_command_is_no_part_of_it() -> None:
    rows, errors = read(DECORATED.encode(), "x.curl", sizes=(7,))
    assert not errors
    assert [(row.line, row.text if isinstance(row, Target) else row.reason) for row in rows] == [
        (1, "http://h/1"), (2, "http://h/2"), (3, "http://h/3"), (4, "http://h/4"), (5, "http://h/5"),
        (9, "http://h/6"), (13, "http://h/7"), (13, "http://h/8"),
        (14, "the shell ends the command at & or ;: put the URL in quotes"),
        (15, "here-documents (<<) are not supported: write the content after --data-raw, in single quotes"),
        (20, "http://h/11"),
        (22, "nothing follows the redirection >"),
        (23, "the shell would substitute something here ($, `): write the value, or ${NAME} in single quotes with "
             "--expand-env"),
        (24, "here-documents (<<) are not supported: write the content after --data-raw, in single quotes"),
        (29, "http://h/14"), (31, "http://h/15"), (34, "http://h/16?a=1"), (35, "http://h/17"), (36, "http://h/18"),
        (38, "expected a curl command, got 'cat'"), (41, "http://h/19"),
    ]  # fmt: skip


@pytest.mark.parametrize("opening", ["curl http://h/0 <<E", "curl http://h/0 || {"])
@pytest.mark.parametrize("lines", [10, 20_000])
def test_what_never_ends_swallows_no_other_row(opening: str, lines: int) -> None:
    rows, _ = read(f"{opening}\n".encode() + b"curl http://h/2 -H A:b\n" * (lines + 1), "x.curl")
    assert len(rows) == lines + 2
    assert isinstance(rows[0], Rejected)
    assert rows[0].reason == "the command never ends: a here-document or a group is open"
    assert all(isinstance(row, Target) for row in rows[1:])


def test_an_escaped_backslash_at_the_end_goes_on_nowhere() -> None:
    rows, _ = read(b"curl -g http://h/\\\\\ncurl http://h/2", "x.curl")
    assert [row.text for row in rows] == ["http://h/\\", "http://h/2"]


def test_comments_hold_no_quotes() -> None:
    rows, _ = read(b"curl http://h/1 # don't\ncurl http://h/2#'x'\n  # it's\ncurl http://h/3\n", "x.curl")
    assert [row.text for row in rows] == ["http://h/1", "http://h/2", "http://h/3"]


def test_a_quote_that_swallows_much_is_given_up() -> None:
    data = b"curl 'http://h/0\n" + b"curl http://h/1 -H A:b\n" * 20_000
    rows, _ = read(data, "x.curl")
    assert len(rows) == 20_001
    assert [type(row) for row in rows[:2]] == [Rejected, Target]


@pytest.mark.parametrize("line", [b"curl \\''\n", b"curl http://h/\xc2\xa0\n", b"'\n", b"curl 'x' '\n"])
def test_hostile_quotes_take_no_more_than_their_time(line: bytes) -> None:
    rows, errors = read(line * 8000, "x.curl", sizes=(100,))
    assert not errors
    assert rows


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'curl http://h/ -H "A: $B"', "the shell would substitute something here"),
        (b"curl http://h/ --data-raw $'\\ud800'", "surrogates not allowed"),
        (b"curl http://h/ --data-raw $'\\U00110000'", "chr()"),
        (b"curl http://h/ -u secret:word --bogus", "curl's option --bogus is not supported in a row"),
    ],
)
def test_a_curl_line_that_cannot_be_a_row_says_why_and_shows_no_secret(line: bytes, said: str) -> None:
    rows, errors = read(b"curl http://h/1\n" + line + b"\ncurl http://h/2\n", "x.curl")
    assert not errors
    assert [row.text for row in rows] == ["http://h/1", "curl …", "http://h/2"]
    assert isinstance(rows[1], Rejected)
    assert said in rows[1].reason
    assert "secret" not in rows[1].text + rows[1].reason


def test_only_result_files_know_what_failed() -> None:
    rows, errors = read(b"http://h/\n", "x.txt", Reading(selection=Selection(only_failed=True)))
    assert not rows
    assert "x.txt:1: --only-failed requires a results file; this row has no verdict" in str(errors[0])


@pytest.mark.parametrize(
    ("name", "first", "found"),
    [
        ("a.txt", b"url,method\nhttp://h/,POST\n", "csv"),
        ("a.txt", b'["http://h/"]', "json"),
        ("a.txt", b"<urlset>", "sitemap"),
        ("a.txt", b"curl http://h/\n", "curl"),
        ("a.txt", b"<http://h/>\n", "lines"),
        ("-", b"<https://h/>\n", "lines"),
        ("a.txt", b"http://h/?url=,url\n", "lines"),
        ("a.csv", b'{"url":1}\n', "csv"),
        ("a.json", b'{"url":1}\n{"url":2}\n', "jsonl"),
        ("a.json", b'{"url":1}', "jsonl"),
    ],
)
def test_the_content_decides_about_a_txt(name: str, first: bytes, found: str) -> None:
    assert detect_format(name, first, Reading()) is BY_NAME[found]


@pytest.mark.parametrize("name", ["o.json", "o.jsonl", "o.txt", "-"])
@pytest.mark.parametrize("document", [{"urls": ["http://h/"]}, {"a": 1, "b": {"c": []}}])
def test_a_document_over_several_lines_is_one_clear_error(name: str, document: object) -> None:
    rows, errors = read(json.dumps(document, indent=1).encode(), name)
    assert rows == []
    assert [str(error) for error in errors] == [
        f"{'stdin' if name == '-' else name}: one JSON object over several lines; expected an array, "
        "or one object per line"
    ]


@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        (b"PAR1\x15\x04\n", "a Parquet file"),
        (b"ARROW1\0\0", "an Arrow file"),
        (b"\xff\xff\xff\xff\x10", "an Arrow stream"),
        (b"Obj\x01\x04", "an Avro file"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"GIF89a", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"7z\xbc\xaf\x27\x1c", "an archive"),
        (b"PK\x03\x04", "a zip archive or a workbook"),
    ],
)
def test_a_binary_file_is_one_line(magic: bytes, kind: str) -> None:
    rows, errors = read(magic + bytes(range(256)) * 100, "x")
    assert rows == []
    assert len(errors) == 1
    assert f"not a list of URLs but {kind}" in str(errors[0])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["x.txt", "x.csv", "x.jsonl", "x.json", "x.xml", "-"])
def test_utf_16_is_read(encoding: str, name: str) -> None:
    texts = {
        "x.csv": "url,tag\nhttp://h/\u00e9,t\n",
        "x.jsonl": '{"url": "http://h/\u00e9"}\n',
        "x.json": '["http://h/\u00e9"]',
        "x.xml": '<?xml version="1.0"?>\n<urlset><url><loc>http://h/\u00e9</loc></url></urlset>',
    }
    data = texts.get(name, "http://h/\u00e9\r\n# a comment\r\n").encode(encoding)
    for cut in (1, 3, 64):
        rows, errors = read(data, name, sizes=(cut,))
        assert ([row.text for row in rows], errors) == (["http://h/%C3%A9"], [])


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("<http://h/>", "http://h/"),
        ('"http://h/",', "http://h/"),
        ("'http://h/'", "http://h/"),
        ("`http://h/`;", "http://h/"),
        ("- http://h/", "http://h/"),
        ("* <http://h/>", "http://h/"),
        ("\u2022 http://h/", "http://h/"),
        ("12. http://h/", "http://h/"),
        ("3) 'http://h/'", "http://h/"),
        ("http://h/,", "http://h/,"),
        ("\ufeffhttp://h/", "http://h/"),
        ("http://h/'a'", "http://h/'a'"),
    ],
)
def test_what_is_meant_where_there_is_one_meaning(line: str, text: str) -> None:
    rows, errors = read(f"http://first/\n{line}\n".encode(), "x.txt")
    assert ([row.text for row in rows], errors) == (["http://first/", text], [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("http://h/ some text", "text after the URL; write a space in a URL as %20"),
        ("- http://h/\tx", "text after the URL; write a space in a URL as %20"),
        ("\u00a0http://h/", "no-break space (U+00A0) before the URL"),
        ("\u200bhttp://h/", "zero width space (U+200B) before the URL"),
        ("\u3000http://h/", "ideographic space (U+3000) before the URL"),
        ("<http://h/", "no scheme"),
    ],
)
def test_what_is_not_clear_is_rejected_for_a_true_reason(line: str, said: str) -> None:
    (row,), _ = read(line.encode(), "x.txt")
    assert isinstance(row, Rejected)
    assert said in row.message


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.txt", b"http://h/\xe9\n", "x.txt:1: byte 10 is not UTF-8"),
        ("x.csv", b"url\nhttp://h/\xe9\n", "x.csv:2: url: byte 10 is not UTF-8"),
        ("x.json", b'["http://h/\xe9"]', "x.json:1: byte 10 is not UTF-8"),
        ("x.json", b'[{"url": "http://h/\xe9"}]', "x.json:1: url: byte 10 is not UTF-8"),
        ("x.jsonl", b'"http://h/\xe9"\n', "x.jsonl:1: byte 11 is not UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_told_alike(name: str, data: bytes, message: str) -> None:
    (row,), _ = read(data, name)
    assert isinstance(row, Rejected)
    assert row.message.endswith(message.partition(": ")[2])
    assert "udce9" not in row.text


def test_white_space_and_comments_before_an_xml_declaration() -> None:
    sitemap = b'<?xml version="1.0"?><urlset><url><loc>http://h/</loc></url></urlset>'
    for before in (b"\n", b" \r\n\t", b"<!-- made by x -->\n", b"\xef\xbb\xbf\n<!-- a - b --><!---->"):
        rows, errors = read(before + sitemap, "x.xml")
        assert ([row.text for row in rows], errors) == (["http://h/"], [])


def test_a_comment_behind_a_url() -> None:
    rows, _ = read(b"http://h/1 # one\nhttp://h/2\t#two\nhttp://h/3#three\n", "x.txt")
    assert [row.text for row in rows] == ["http://h/1", "http://h/2", "http://h/3"]


def test_globs_stand_for_rows_of_one_line() -> None:
    data = b"http://h/{a,b}[1-2]\nhttp://h/{\nhttp://h/c\n"
    rows, _ = read(data, "x.txt", Reading(glob=True))
    assert [(row.seq, row.line, row.text) for row in rows[:4]] == [
        (seq, 1, f"http://h/{name}") for seq, name in enumerate(("a1", "a2", "b1", "b2"), 1)
    ]
    assert isinstance(rows[4], Rejected)
    assert rows[4].message == "x.txt:2: glob: unclosed '{' at character 10"
    assert read(data, "x.txt")[0][0].text == "http://h/{a,b}[1-2]"
    many = RowReader([Argument("http://h/[1-1000000000]")], Reading(glob=True)).batches()
    assert [len(next(many)), len(next(many))] == [1000, 1000]


def test_a_strict_reading_ends_with_the_first_row_that_cannot_be_fetched() -> None:
    rows, errors = read(b"http://h/1\nftp://x\nhttp://h/2\n" * 1000, "x.txt", Reading(strict=True), sizes=(8,))
    assert [row.text for row in rows] == ["http://h/1", "ftp://x"]
    assert str(errors[0]) == ("x.txt:2: the scheme is 'ftp', not http or https; the rest was not read (--strict-input)")
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
    assert count_rows([Argument("http://h/s.xml")], Reading(format="sitemap")) is None
    assert count_rows([paths["b.xml"]], Reading(strict=True)) is None


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_an_object_over_several_lines_is_seen_wherever_blocks_end(end: bytes, size: int) -> None:
    rows, errors = read(b'{"url":' + end + b'"http://h/"}' + end, "-", sizes=(size,))
    assert not rows
    assert [str(error) for error in errors] == [
        "stdin: one JSON object over several lines; expected an array, or one object per line"
    ]


def test_credentials_that_are_not_utf_8() -> None:
    (row,), _ = read(b"curl http://caf\xe9:p%ff@h/\n", "x.curl")
    assert isinstance(row, Rejected)
    assert row.reason == "url: byte 11 is not UTF-8"
