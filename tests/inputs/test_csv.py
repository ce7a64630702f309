"""CSV and TSV as others write them, and what is wrong with a row."""

import tracemalloc
from collections.abc import Iterator

import pytest

from fetchcli.core.model.target import Rejected, Row, Target
from fetchcli.core.settings import Reading
from fetchcli.inputs import csv as csv_module
from fetchcli.inputs.csv import read_csv
from tests.support.lists import read

# As Excel saves "CSV UTF-8" where the comma is the decimal point: BOM, semicolons, CRLF, quoted line ends.
EXCEL = (
    "\ufeffURL;Name;Größe;method;body\r\n"
    'http://h/1;"Straße; nord";1,5;;\r\n'
    'http://h/2;"two\r\nlines ""quoted""";;POST;"{""a"":\r\n1}"\r\n'
    ";;;;\r\n"
    '"http://h/3?q=a;b";;;;\r\n'
).encode()


def message(row: Row) -> str:
    assert isinstance(row, Rejected)
    return row.message


def test_as_excel_saves_it() -> None:
    rows, errors = read(EXCEL, "urls.csv", Reading(keep=("Name", "größe")), sizes=(3,))
    assert not errors
    assert [(row.text, row.line, row.carried) for row in rows] == [
        ("http://h/1", 2, ("Straße; nord", "1,5")),
        ("http://h/2", 3, ('two\r\nlines "quoted"', "")),
        ("http://h/3?q=a;b", 7, ("", "")),
    ]
    assert isinstance(rows[1], Target)
    assert rows[1].request is not None
    assert rows[1].request.content == b'{"a":\r\n1}'


def test_what_is_wrong_with_a_row_is_said_with_file_line_and_column() -> None:
    data = (
        b"url,method,headers,json,tag\n"
        b"http://h/1,GE T,,,\n"
        b"ftp://h/,GET,,,\n"
        b"http://h/2,,nothing,,\n"
        b'http://h/3,,"{""a"": [1]}",,\n'
        b"http://h/4,,,{,\n"
        b"http://h/5,a,b,c,d,e\n"
        b'"http://h/6"x,,,,\n'
        b"http://h/\xff,,,,\n"
        b",,,,only a tag\n"
        b'http://h/7,PUT,"A: b\nC: d",3,fine\n'
        b"http://h/8\n"
    )
    rows, errors = read(data, "urls.csv")
    assert not errors
    assert [message(row) for row in rows[:-2]] == [
        "urls.csv:2: method: expected a token, got 'GE T'",
        "urls.csv:3: url: the scheme is 'ftp', not http or https",
        "urls.csv:4: headers: header 'nothing' has no colon; expected 'Name: value'",
        "urls.csv:5: headers: expected text for a, got a list",
        "urls.csv:6: json: expected JSON: Input data was truncated",
        "urls.csv:7: expected 5 cells, got 6; quote the delimiter",
        "urls.csv:8: ',' expected after '\"'",
        "urls.csv:9: url: byte 10 is not UTF-8",
        "urls.csv:10: url: no scheme; start the URL with http:// or https://",
    ]
    last = rows[-2]
    assert isinstance(last, Target)
    assert (last.line, last.tag) == (11, "fine")
    assert last.request is not None
    assert (last.request.method, last.request.content) == ("PUT", b"3")
    assert dict(last.request.headers)["C"] == "d"
    assert rows[-1].text == "http://h/8"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"name,link\n1,2\n", "x.csv:1: no column is named 'url' (--url-column); the header has name, link"),
        (b"http://h/,1\n", "no column is named 'url' (--url-column); the first row must be a header"),
        (b"url,URL\n", "x.csv:1: the header has 2 columns named 'url'"),
        (b"url," + b"x" * 5_000_000, "x.csv:1: a line of more than 4194304 bytes"),
        (b'"url"x\nhttp://h/', "x.csv:1: the header: ',' expected after '\"'"),
        (b"PK\x03\x04rest", "x.csv: not a list of URLs but a zip archive or a workbook; save it as CSV"),
        (bytes(range(32)) * 40, "x.csv: not a list of URLs but binary data"),
    ],
)
def test_what_is_no_table(data: bytes, said: str) -> None:
    rows, errors = read(data, "x.csv")
    assert said in str(errors[0])
    assert len(rows) <= 1


@pytest.mark.parametrize("sizes", [(65536,), (3,)])
def test_a_quote_that_never_ends_costs_one_row(sizes: tuple[int, ...]) -> None:
    data = b'url\nhttp://h/1\n"http://h/2\n' + b"".join(b"http://h/%d\n" % n for n in range(3, 500))
    rows, errors = read(data, "x.csv", sizes=sizes)
    assert not errors
    assert [row.text for row in rows][:4] == ["http://h/1", '"http://h/2', "http://h/3", "http://h/4"]
    assert (len(rows), rows[1].line) == (499, 3)
    assert message(rows[1]) == "x.csv:3: the quoted cell that starts here never ends"
    closed = data + b'http://h/a,"b\n'
    rows, errors = read(closed, "x.csv", sizes=sizes)
    assert sum(isinstance(row, Rejected) for row in rows) <= 2
    assert len(rows) == 500


@pytest.mark.parametrize("line", [b'"a\n', b'"a"b\n', b'x,"\n', b'"\n"x\n'])
def test_hostile_quotes_take_no_more_than_their_time(line: bytes) -> None:
    rows, errors = read(b"url,b\n" + line * 20_000, "x.csv", sizes=(64, 16384))
    assert not errors
    assert rows


def test_between_tabs_quotes_may_be_data() -> None:
    data = b'url\tb\nhttp://h/1\t"Hello" world\nhttp://h/2\t"open\nhttp://h/3\t"a\tb\n c"\nhttp://h/4\tx\n'
    rows, errors = read(data, "x.tsv", Reading(keep=("b",)))
    assert not errors
    assert [(row.text, row.carried) for row in rows if isinstance(row, Target)][:2] == [
        ("http://h/1", ('"Hello" world',)),
        ("http://h/2", ('"open',)),
    ]
    assert rows[-1].text == "http://h/4"


@pytest.mark.parametrize("sizes", [(65536,), (1000,), (4096,)])
def test_a_long_cell_between_tabs_is_one_cell(sizes: tuple[int, ...]) -> None:
    body = b"".join(b"http://h/evil%d\n" % number for number in range(1000))
    rows, errors = read(b'url\tmethod\tbody\nhttp://h/\tPOST\t"' + body + b'"\n', "x.tsv", sizes=sizes)
    assert (len(rows), errors) == (1, [])
    assert rows[0].row_request is not None
    assert rows[0].row_request.body == body.decode()


def test_what_a_faulty_table_shows_holds_no_secret() -> None:
    rows, _ = read(b'headers,url\n"Authorization: s3cret,http://h/\n', "x.csv")
    assert rows[0].text == "…"
    _, errors = read(b'http://u:s3cret@h/,"Authorization: s3cret"\n', "x.csv")
    assert "s3cret" not in str(errors[0])


def test_a_header_that_ends_with_cr_says_which_delimiter() -> None:
    rows, errors = read(b"url;tag\rhttp://h/?x=1,2,3;t\r", "x.csv")
    assert (errors, [(row.text, row.tag) for row in rows]) == ([], [("http://h/?x=1,2,3", "t")])


def test_columns_to_keep_must_be_there() -> None:
    _, errors = read(b"url,a\n", "x.csv", Reading(keep=("b",)))
    assert str(errors[0]) == ("x.csv:1: no column is named 'b' (--keep); the header has url, a; the rest was not read")
    _, errors = read(b"http://h/\n", "x.txt", Reading(keep=("b",)))
    assert str(errors[0]) == "x.txt: --keep requires named columns, and the format lines has none"


@pytest.mark.parametrize("data", [b"sep=|\nurl|a\nhttp://h/|1\n", b"a|url\n1|http://h/\n", b"url\r\rhttp://h/\r"])
def test_delimiters_and_line_ends(data: bytes) -> None:
    rows, errors = read(data, "x.csv")
    assert (len(rows), errors) == (1, [])
    assert rows[0].text == "http://h/"


def test_an_empty_table_has_no_rows() -> None:
    assert read(b"", "x.csv") == ([], [])
    assert read(b"url\n", "x.csv") == ([], [])


def test_another_column_for_the_url() -> None:
    rows, _ = read(b"link,url\nhttp://h/,no\n", "x.csv", Reading(url_column="link"))
    assert rows[0].text == "http://h/"


def test_rows_are_out_before_the_next_block_is_read() -> None:  # 8
    taken = []

    def blocks() -> Iterator[bytes]:
        for block in (b"url,x\nhttp://h/1,1\nhttp://h/2,", b"2\n", b'"http://h/3"', b"\n"):
            taken.append(block)
            yield block

    seen = [(record.url, len(taken)) for records in read_csv(blocks(), "url", ()) for record in records]
    assert seen == [("http://h/1", 1), ("http://h/2", 2), ("http://h/3", 4)]


@pytest.mark.parametrize("rest", [b"\n", b"aaaaaaa\n", b'"a\n', b"a,b\n", b'a"b\n'])
def test_5_a_cell_that_never_ends_takes_no_memory(monkeypatch: pytest.MonkeyPatch, rest: bytes) -> None:
    """Thousands of rows may hide in it: they come in batches, and only a batch is in memory at once."""
    monkeypatch.setattr(csv_module, "MAX_RECORD", 60_000)
    monkeypatch.setattr(csv_module, "BATCH", 100)
    data = b'url,x\n"' + rest * (90_000 // len(rest))
    blocks = (data[start : start + 65536] for start in range(0, len(data), 65536))
    largest = count = 0
    tracemalloc.start()
    for records in read_csv(blocks, "url", ()):
        largest, count = max(largest, len(records)), count + len(records)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count >= 1
    assert largest <= 100
    assert peak < 20 * len(data)
