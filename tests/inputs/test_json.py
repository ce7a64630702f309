"""JSON Lines and JSON arrays: values, what is wrong with them, and our own results as input."""

import json
from collections.abc import Iterator, Sequence

import pytest

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Rejected, Target
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.request.secrets import Expander
from fetchcli.core.rows.schema import Schema
from fetchcli.core.settings import Reading, Selection
from fetchcli.core.summary.summary import Summary
from fetchcli.core.url.parse import parse_url
from fetchcli.inputs.json import read_json
from fetchcli.sinks.base import Sink
from fetchcli.sinks.formats import BY_NAME
from tests.support.lists import read
from tests.support.outcomes import answered, failed

VALUES = [
    "http://h/1",
    {"url": "http://h/2", "method": "PUT", "headers": {"A": "b", "N": 1, "E": "", "None": None}, "body": "x", "tag": 7},
    {"url": "http://h/3", "json": {"a": [1, "é"]}, "tag": "t", "unknown": True},
    {"url": "http://h/4", "headers": ["A: b", ["C", "d"]], "body_file": "README.md"},
]
LABELS = (("Content-Type", "application/json"), ("Accept", "application/json"))
WRONG = [
    (5, "expected a string or an object, got a number"),
    (None, "expected a string or an object, got null"),
    ({"link": "http://h/"}, "url: expected text, and there is no 'url' (--url-column)"),
    ({"url": ["http://h/"]}, "url: expected text, got a list"),
    ({"url": "http://h/", "method": 5}, "method: expected text, got a number"),
    ({"url": "http://h/", "headers": 5}, "headers: expected an object, got a number"),
    ({"url": "http://h/", "headers": [5]}, "headers: expected 'Name: value' or [name, value], got a number"),
    ({"url": "http://h/", "headers": {"A": True}}, "headers: expected text for A, got true"),
    ({"url": "http://h/", "headers": {"A": "b\nc"}}, "headers: header 'A: ...' contains a control character (U+000A)"),
    ({"url": "http://h/", "body": {}}, "body: expected text, got an object"),
    ({"url": "http://h/", "body": "a", "json": 1}, "json: body and json cannot be combined"),
    ({"url": "http://h/", "body_file": "/missing"}, "body_file: expected a file that can be read, got '/missing'"),
    ({"url": "http://h/", "tag": []}, "tag: expected text, got a list"),
    ({"url": "http://h/", "expect": {"xyz": 1}}, "expect.xyz: unknown expectation; known: status"),
    ({"url": "http://h/", "expect_xyz": 1}, "expect_xyz: unknown expectation; known: status"),
    ({"url": "http://h/", "expect": True}, "expect: expected text, a number or a list of them, got true"),
    ({"url": "http://h/", "expect": {"size": "much"}}, "expect: size: 'much' is not a size; write it as '>1K'"),
    ({"url": "http://u:***@h/"}, "url: the password is masked; expected the real one"),
    ("mailto:x@y", "url: the scheme is 'mailto', not http or https"),
]


def lines(values: Sequence[object]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


@pytest.mark.parametrize(("data", "name"), [(lines(VALUES), "x.jsonl"), (json.dumps(VALUES).encode(), "x.json")])
def test_strings_and_objects(data: bytes, name: str) -> None:
    rows, errors = read(data, name, Reading(keep=("unknown",)), sizes=(7,))
    assert not errors
    assert [row.text for row in rows] == [f"http://h/{number}" for number in range(1, 5)]
    assert [row.row_request for row in rows] == [
        None,
        RowRequest(method="PUT", headers=(("A", "b"), ("N", "1"), ("E", ";"), ("None", "")), body="x"),
        RowRequest(
            method=None,
            headers=(("Content-Type", "application/json"), ("Accept", "application/json")),
            body='{"a": [1, "\\u00e9"]}',
        ),
        RowRequest(method=None, headers=(("A", "b"), ("C", "d")), body=None, body_file="README.md"),
    ]
    assert [row.tag for row in rows] == ["", "7", "t", ""]
    assert rows[2].carried == (True,)


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_what_is_wrong_with_a_value(name: str) -> None:
    values = [value for value, _ in WRONG]
    data = lines(values) if name.endswith("l") else json.dumps(values, indent=0).encode()
    rows, errors = read(data, name)
    assert not errors
    assert len(rows) == len(WRONG)
    for row, (_, reason) in zip(rows, WRONG, strict=True):
        assert isinstance(row, Rejected)
        assert row.reason.startswith(reason)
        assert row.line


def test_a_line_that_is_no_json_is_one_row() -> None:
    rows, errors = read(b'"http://h/1"\n{"url": \nhttp://h/2\n"http://h/\xff"\n[[[[\n"http://h/3"\n', "x.jsonl")
    assert not errors
    assert [type(row) for row in rows] == [Target, Rejected, Rejected, Rejected, Rejected, Target]
    assert isinstance(rows[1], Rejected)
    assert rows[1].message == "x.jsonl:2: expected JSON: Input data was truncated"
    deep, errors = read(b"[" * 100_000 + b"\n", "x.jsonl")
    assert (len(deep), errors) == (1, [])


@pytest.mark.parametrize(
    ("data", "rows", "said"),
    [
        (b"", 0, "x.json:1: expected a JSON array"),
        (b'"http://h/"', 0, "x.json:1: expected a JSON array, got '\"'"),
        (b'["http://h/1",\n"http://h/2"', 2, "x.json:2: the array never ends"),
        (b'["http://h/1",\n{"url": }]', 1, "x.json:2: expected JSON: Expecting value"),
        (b'["http://h/1" "http://h/2"]', 1, "x.json:1: expected a comma or ], got '\"'"),
        (b'["http://h/1"] x', 1, "x.json:1: expected the end, got 'x'"),
        (b'["http://h/1",]', 1, "x.json:1: expected JSON: Expecting value"),
        (b"[12", 0, "x.json:1: the array never ends"),
        (b"[" * 100_000, 0, "x.json:1: expected JSON: maximum recursion depth"),
    ],
)
def test_an_array_that_breaks_off(data: bytes, rows: int, said: str) -> None:
    for sizes in ((65536,), (1,)) if len(data) < 1000 else ((65536,),):
        found, errors = read(data, "x.json", sizes=sizes)
        assert len(found) == rows
        if sizes != (1,) or "got" not in said:
            assert said in str(errors[0])
        else:
            assert errors


def test_empty_arrays_numbers_and_space() -> None:
    assert read(b" \n[ \n ]\n ", "x.json") == ([], [])
    rows, errors = read(b"[12 , 3]", "x.json", sizes=(1,))
    assert ([row.text for row in rows], errors) == (["12", "3"], [])


def test_elements_are_out_before_the_next_block_is_read() -> None:  # 8
    taken = []

    def blocks() -> Iterator[bytes]:
        for block in (b'["http://h/1", {"url":', b'"http://h/2"}', b"]"):
            taken.append(block)
            yield block

    seen = [(record.url, len(taken)) for records in read_json(blocks(), "url", ()) for record in records]
    assert seen == [("http://h/1", 1), ("http://h/2", 2)]


def test_what_cannot_be_written_is_a_row_that_says_so_and_costs_no_other() -> None:
    big = b'{"url":"http://h/2","id":' + b"9" * 5000 + b"}"
    values = [
        b'"http://h/1"',
        big,
        b'{"url":"http://h/3","json":"\\ud800"}',
        b'{"url":"http://h/4","headers":{"A":"\\ud800"}}',
        b'{"url":"http://h/5","json":NaN}',
        b'{"url":"http://h/6","json":{"b":1.10,"b":12345678901234567890123.10}}',
        b"[1.5, 12345]",
        b'"http://h/8"',
    ]
    for sizes in ((65536,), (1,), (7, 300)):
        rows, errors = read(b"[" + b",\n".join(values) + b"]", "x.json", Reading(keep=("n",)), sizes=sizes)
        assert not errors
        assert len(rows) == len(values)
        assert [number for number, row in enumerate(rows, 1) if isinstance(row, Rejected)] == [3, 4, 5, 7]
        sixth = rows[5]
        assert isinstance(sixth, Target)
        assert sixth.request is not None
        assert sixth.request.content == b'{"b":1.10,"b":12345678901234567890123.10}'
    rows, _ = read(b"[1.5,12,true,null]", "x.json", sizes=(1,))
    assert [row.text for row in rows] == ["1.5", "12", "true", "null"]


def test_what_is_no_row_shows_too_little_to_hold_a_secret() -> None:
    data = b'{"headers":{"Authorization":"Bearer s3cret"},}\n{"uri":"http://h/","headers":{"Authorization":"s3cret"}}\n'
    rows, _ = read(data, "x.jsonl")
    assert [row.text for row in rows] == ['{"headers":{"Authori…', "{uri, headers}"]


def test_a_result_that_was_rejected_is_rejected_again() -> None:
    data = b'{"seq":1,"url":"http://h/","verdict":"REJECTED","request":null}\n'
    (row,), _ = read(data, "x.jsonl")
    assert isinstance(row, Rejected)
    assert "the row was rejected in the earlier run" in row.reason


def test_a_column_of_somebody_else_that_is_named_as_ours() -> None:
    for data, name in (
        (b"url,method,body,verdict\nhttp://h/,POST,hello,OK\n", "x.csv"),
        (b'{"url":"http://h/","method":"POST","body":"hello","verdict":"OK"}', "x.jsonl"),
    ):
        (row,), _ = read(data, name)
        assert row.row_request == RowRequest(method="POST", headers=(), body="hello")
    data = b'{"seq":1,"url":"http://h/","verdict":"FAILED","request":{"method":"PUT","json":5}}'
    (row,), _ = read(data, "x.jsonl")
    assert row.row_request == RowRequest(method="PUT")


def test_an_object_that_is_named_json_is_read_by_the_line() -> None:
    assert [row.text for row in read(b'{"url":"http://h/"}', "x.json")[0]] == ["http://h/"]


class Memory:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data


def results(form: str) -> bytes:
    """A result file of five rows, as a run writes it."""
    row_request = RowRequest(method="PUT", headers=(("X", "1"), ("Authorization", "Bearer ${TOKEN}")), body="body")
    secret = RowRequest(headers=(("Authorization", "Bearer abc"),))
    rows = [
        answered(seq=1, url="http://h/ok"),
        answered(404, seq=2, url="http://h/bad"),
        failed(seq=3),
        Outcome(Target(4, parse_url("http://h/own"), "a.csv", 9, None, row_request, "t"), Verdict.SKIPPED),
        Outcome(Target(5, parse_url("http://h/secret"), "a.csv", 9, None, secret), Verdict.FAILED),
    ]
    output = Memory()
    sink: Sink = BY_NAME[form].load()(output, Schema())
    sink.open()
    for row in rows:
        sink.handle(row)
    sink.close(Summary())
    return output.data


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_our_own_results_are_a_list(form: str) -> None:
    rows, errors = read(results(form), f"x.{form}", Reading(expand=Expander({"TOKEN": "s3cret"})))
    assert not errors
    assert [row.text for row in rows] == [
        "http://h/ok",
        "http://h/bad",
        "http://example.com/a",
        "http://h/own",
        "http://h/secret",
    ]
    again = rows[3]
    assert isinstance(again, Target)
    assert again.request is not None
    assert (again.tag, again.request.method, again.request.content) == ("t", "PUT", b"body")
    assert again.request.headers == (("X", "1"), ("Authorization", "Bearer s3cret"))
    assert isinstance(rows[4], Rejected)
    assert "Authorization is masked; expected the real value" in rows[4].reason


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_only_the_failed_ones(form: str) -> None:
    chosen = Reading(format=form, selection=Selection(only_failed=True))
    rows, _ = read(results(form), f"x.{form}", chosen)
    assert [(row.seq, row.text) for row in rows] == [
        (1, "http://h/bad"),
        (2, "http://example.com/a"),
        (3, "http://h/own"),
        (4, "http://h/secret"),
    ]
