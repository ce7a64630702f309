"""The outcome that a row stands for: written again it is the same row, and counted it is the same sum."""

import csv
import io
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.checks.verdict import outcome_of, outcome_without_attempt
from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.expect.expectations import KEYS, merged
from fetchcli.core.journal.shape import InvalidRow, Shape
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Known, Rejected, SkipCause, Skipped, Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary, exit_code
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url
from fetchcli.sinks.csv import CsvSink
from fetchcli.sinks.jsonl import RowEncoder
from tests.core.summary.test_summary import facts

MORE = ("saved_as", "size_saved", "variant", "not_modified", "from_cache", "changed", "headers", "header:etag")
TEXTS = st.text("a =\x1b\u202eé\U0001f600", max_size=8)
CELLS = st.text("ab c.=;\n\x1bé", max_size=8)
SECONDS = st.integers(0, 10**9).map(lambda micros: micros / 1e6)
URLS = st.sampled_from(
    [
        "http://example.com/a",
        "http://u:p@example.com:8080/x?y=http://z/",
        "https://[2001:db8::1]:443/",
        "http://h?q",
        "https://xn--bcher-kva.example:1/%E2%82%AC",
    ]
).map(parse_url)
REDIRECTS = st.lists(st.builds(Redirect, URLS.map(lambda url: url.text), st.integers(300, 308)), max_size=2).map(tuple)
TIMINGS = st.builds(Timings, SECONDS, SECONDS, SECONDS, SECONDS, SECONDS)
ADDRESSES = st.sampled_from(["", "127.0.0.1", "2001:db8::1"])
FAILED = st.builds(FailedCheck, st.sampled_from(sorted(KEYS)), CELLS, CELLS)
RESPONSES = st.builds(
    Response,
    status=st.integers(100, 599),
    url=URLS.map(lambda url: url.text),
    timings=TIMINGS,
    redirects=REDIRECTS,
    content_type=st.sampled_from(["", "text/html"]),
    remote_ip=ADDRESSES,
    size_download=st.integers(0, 2**40),
    size_decoded=st.integers(0, 2**40),
    sha256=st.sampled_from(["", "ab" * 32]),
    length_verified=st.booleans(),
    unknown_coding=st.sampled_from(["", "exi"]),
    headers=st.dictionaries(
        st.sampled_from([b"etag", b"x-a"]), st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=2)
    ),
    cert_expires=st.integers(0, 2 * 10**9).map(float),
    resumed_from=st.integers(0, 99),
    not_modified=st.booleans(),
    from_cache=st.just(False),
)
FAILURES = st.builds(
    Failure,
    st.sampled_from(list(ErrorKind)),
    CELLS,
    URLS.map(lambda url: url.text),
    REDIRECTS,
    ADDRESSES,
    timings=TIMINGS,
)
ROW_REQUESTS = st.builds(
    RowRequest,
    method=st.sampled_from([None, "GET", "PUT"]),
    headers=st.sampled_from([(), (("X-A", "b"), ("Authorization", "Basic s3cr3t"))]),
    body=st.sampled_from([None, "ä"]),
)


@st.composite
def rows(draw: st.DrawFn, kind: type[Target] = Target) -> Target:
    row_request = draw(st.none() | ROW_REQUESTS)
    fields: dict[str, Any] = {
        "seq": draw(st.integers(1, 10**6)),
        "url": draw(URLS),
        "source": draw(st.sampled_from(["", "-", "urls.txt"])),
        "line": draw(st.integers(0, 99)),
        "request": RequestOptions((row_request and row_request.method) or draw(st.sampled_from(["GET", "HEAD"]))),
        "row_request": row_request,
        "tag": draw(st.sampled_from(["", "a", "=b"])),
        "carried": (draw(st.none() | st.booleans() | st.integers(-9, 9) | TEXTS),),
        "expect": draw(st.sampled_from([None, merged((), {"status": ("404",), "body": ("x", "y")})])),
        "round": draw(st.integers(1, 3)),
        "variant": draw(st.sampled_from(["", "v"])),
        "earlier": draw(st.none() | st.builds(Earlier, st.sampled_from(["ab" * 32, "cd" * 32]))),
    }
    if kind is Skipped:
        fields |= {"reason": draw(CELLS), "cause": draw(st.sampled_from(sorted(set(SkipCause) - {SkipCause.HOST})))}
    return kind(**fields)


def rejected() -> st.SearchStrategy[Rejected]:
    return st.builds(
        Rejected,
        st.integers(1, 99),
        CELLS,
        CELLS,
        st.sampled_from(["", "-", "urls.txt"]),
        st.integers(1, 99),
        st.none() | ROW_REQUESTS,
        kind=st.sampled_from([ErrorKind.INVALID_URL, ErrorKind.INVALID_ROW]),
    )


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    what = draw(st.sampled_from(["attempts", "attempts", "skipped", "host", "rejected", "known"]))
    if what == "skipped":
        return outcome_without_attempt(draw(rows(Skipped)))  # type: ignore[arg-type]
    if what == "rejected":
        return outcome_without_attempt(draw(rejected()))
    row = draw(rows())
    if what == "known":
        earlier = Earlier("ab" * 32, "http://h/", seconds=draw(st.integers(1, 10**9)) / 7, saved=Saved("a/b", 3))
        return outcome_without_attempt(Known.from_target(msgspec.structs.replace(row, earlier=earlier)))
    attempts = []
    for number in range(1, draw(st.integers(0 if what == "host" else 1, 3)) + 1) if what != "host" else ():
        result = draw(RESPONSES | FAILURES)
        failed = draw(st.lists(FAILED, max_size=2).map(tuple)) if isinstance(result, Response) else ()
        started = 1.7e9 + draw(st.integers(0, 10**12)) / 1e6
        attempts.append(Attempt(number, started, draw(SECONDS), result, failed))
    outcome = outcome_of(row, tuple(attempts), draw(SECONDS), note=draw(CELLS))
    saved = draw(st.none() | st.builds(Saved, st.just("dir/ä.html"), st.integers(0, 99)))
    return msgspec.structs.replace(outcome, saved=saved) if outcome.response and not outcome.saved else outcome


SCHEMA = Schema(("kept",), more=MORE)


@given(outcomes())
def test_a_row_of_json_is_the_same_again(outcome: Outcome) -> None:
    encode, shape = RowEncoder(SCHEMA), Shape(SCHEMA.names)
    written = encode(outcome)
    # Of several headers with one name, the column of that header has them joined: a row with it is the same again.
    assert encode(shape.outcome(shape.of_json(written))) == written
    assert shape.carried == ("kept",)


class Cells:
    def __init__(self) -> None:
        self.text = b""

    def write(self, data: bytes) -> None:
        self.text += data


def as_csv(outcome: Outcome) -> list[list[str]]:
    output = Cells()
    sink = CsvSink(output, SCHEMA)
    sink.open()
    sink.handle(outcome)
    return list(csv.reader(io.StringIO(output.text.decode(), newline="")))


@given(outcomes())
def test_a_row_of_csv_is_the_same_again(outcome: Outcome) -> None:
    names, cells = as_csv(outcome)
    shape = Shape(names)
    again = as_csv(shape.outcome(shape.of_cells(names, cells)))[1]
    different = {name for name, one, other in zip(names, cells, again, strict=True) if one != other}
    assert different <= {"kept"}  # a number of the input is text now


@given(st.lists(outcomes(), max_size=30))
def test_the_summary_of_rows_is_that_of_their_outcomes(found: list[Outcome]) -> None:
    encode, shape = RowEncoder(SCHEMA), Shape()
    live, again = Summary(), Summary()
    for outcome in found:
        live.add(outcome)
        again.add(shape.outcome(shape.of_json(encode(outcome))))
    assert exit_code(again) is exit_code(live)
    assert [again.flaky, again.skipped, again.saved, again.size_saved, again.not_modified, again.from_cache] == [
        live.flaky,
        live.skipped,
        live.saved,
        live.size_saved,
        live.not_modified,
        live.from_cache,
    ]
    assert facts(again)[:4] == facts(live)[:4]
    assert again.checks == live.checks
    assert {host.lower() for host in again.slowest_hosts} == {host.lower() for host in live.slowest_hosts}


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"url": "http://h/"},
        {"url": "http://h/", "verdict": "OK"},
        {"url": "http://h/", "verdict": "GOOD", "status": 200, "error": None},
        {"url": "http://h/", "verdict": "OK", "status": "200", "error": None},
        {"url": "http://h/", "verdict": "FAILED", "status": None, "error": "sunspots"},
        {"url": 1, "verdict": "OK", "status": 200, "error": None},
    ],
)
def test_what_is_no_row_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        Shape().of_json(json.dumps(row).encode())


@pytest.mark.parametrize("text", ["x", "http://", "ftp://h/", "http://h:99999/", "", "//h"])
def test_a_url_of_somebody_else_is_taken_as_it_is(text: str) -> None:
    row = {"url": text, "verdict": "OK", "status": 200, "error": None, "method": "NOT A TOKEN"}
    outcome = Shape().outcome(Shape().of_json(json.dumps(row).encode()))
    assert outcome.row.text == text
    Summary().add(outcome)


def test_values_of_a_database() -> None:
    values = {"url": "http://h/", "verdict": "OK", "status": 200, "flaky": 1, "redirects": '[{"url":"x","status":301}]'}
    row = Shape().of_values({**values, "error": None, "request": None})
    assert (row.flaky, row.redirects) == (True, (Redirect("x", 301),))
    with pytest.raises(InvalidRow):
        Shape().of_values(values | {"redirects": "[", "failed_checks": "["})
    with pytest.raises(InvalidRow, match="expected 2 cells, got 1"):
        Shape().of_cells(["url", "verdict"], ["http://h/"])


def test_a_table_without_carried_columns_reads_headers() -> None:
    shape = Shape(["url", "header:etag"])
    row = shape.of_values({"url": "http://h/", "verdict": "OK", "status": 200, "header:etag": "x", "attempts": 1})
    response = shape.outcome(row).response
    assert response is not None
    assert response.headers == {b"etag": [b"x"]}
    assert shape.of_values({"url": "http://h/", "verdict": "OK", "request": {"method": "PUT"}}).request == {
        "method": "PUT"
    }


def test_a_rejected_row_keeps_its_method_alone() -> None:
    row = {"url": "x", "verdict": "REJECTED", "status": None, "error": "invalid_row", "method": "PUT"}
    outcome = Shape().outcome(Shape().of_json(json.dumps(row).encode()))
    assert outcome.row.method == "PUT"
