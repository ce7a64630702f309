"""The row schema and the templates over it."""

import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, Failure, Redirect, UsageError
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Skipped
from fetchcli.core.rows.columns import COLUMNS, NAMES, as_text, as_written, find
from fetchcli.core.rows.schema import Schema
from fetchcli.core.rows.template import compile_template
from fetchcli.core.timings import Timings
from tests.support.outcomes import NOT_ACCEPTED, STARTED, answered, failed, rejected, target

TYPES = {"boolean": bool, "integer": int, "number": float, "string": str, "list": tuple, "object": dict}


@pytest.mark.parametrize("outcome", [answered(), answered(404), failed(), rejected()])
def test_every_value_is_of_its_columns_type_or_none(outcome: Outcome) -> None:
    for column, value in zip(COLUMNS, Schema().values(outcome), strict=True):
        assert value is None or type(value) is TYPES[column.type], column.name
        assert column.doc


def test_columns_go_to_other_processes() -> None:
    schema = Schema(("memo",), more=("saved_as",), columns="+headers,-sha256", always=("seq",), csv_raw=True)
    copy = pickle.loads(pickle.dumps(schema))
    assert (copy.names, copy.csv_raw, copy.values(answered(carried=("a",)))) == (
        schema.names,
        True,
        schema.values(answered(carried=("a",))),
    )


def test_names_and_aliases_are_unique() -> None:
    names = [*NAMES, *(alias for column in COLUMNS for alias in column.aliases)]
    assert len(set(names)) == len(names)
    assert find("http_code") is find("status")


def test_a_response_row() -> None:
    row = dict(zip(NAMES, Schema().values(answered(404, seq=7)), strict=True))
    assert (row["seq"], row["status"], row["verdict"], row["failed_checks"]) == (7, 404, "FAILED", (NOT_ACCEPTED,))
    assert (row["error"], row["time_total"], row["num_redirects"]) == (None, 0.25, 1)
    assert row["started_at"] == "2026-01-01T00:00:00.250000Z"
    assert (row["source"], row["line"]) == ("urls.txt", 8)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {b"retry-after": [b"7"]}, 7),
        (200, {b"retry-after": [b"7"]}, None),  # only refusals count
        (200, {b"ratelimit": [b'"default";r=0;t=5']}, 5),
        (503, {b"date": [b"x"]}, None),
    ],
)
def test_the_pause_that_a_response_asks_for(
    status: int, headers: dict[bytes, list[bytes]], seconds: int | None
) -> None:
    outcome = answered(status)
    attempt = outcome.attempts[0]
    response = msgspec.structs.replace(attempt.result, headers=headers)
    outcome = msgspec.structs.replace(outcome, attempts=(msgspec.structs.replace(attempt, result=response),))
    assert find("retry_after").get(outcome) == seconds


def test_a_failure_row_has_no_response() -> None:
    row = dict(zip(NAMES, Schema().values(failed()), strict=True))
    assert (row["error"], row["error_detail"], row["status"], row["size_download"]) == (
        "connect",
        "connection refused",
        None,
        None,
    )
    assert row["time_total"] == 0.5
    assert (row["url_effective"], row["num_redirects"], row["remote_ip"]) == (None, 0, None)


def test_a_failure_row_says_how_far_it_came() -> None:
    hops = (Redirect("http://a/", 301), Redirect("http://a/2", 302))
    reached = Failure(ErrorKind.CONNECT, "connection refused", "http://b/", hops, "192.0.2.7")
    outcome = Outcome(target(), Verdict.FAILED, (Attempt(1, STARTED, 0.5, reached),))
    row = dict(zip(NAMES, Schema().values(outcome), strict=True))
    assert (row["url_effective"], row["num_redirects"], row["remote_ip"]) == ("http://b/", 2, "192.0.2.7")
    assert row["redirects"] == hops
    assert as_text(row["redirects"]) == "301 http://a/; 302 http://a/2"


def test_21_a_failure_row_has_the_phases_that_were_over() -> None:
    names = ("time_namelookup", "time_connect", "time_appconnect", "time_starttransfer", "remote_ip")
    failure = Failure(ErrorKind.TLS, "expired", remote_ip="192.0.2.1", timings=Timings(0.1, 0.2))
    outcome = Outcome(target(), Verdict.FAILED, (Attempt(1, STARTED, 0.5, failure),))
    row = dict(zip(NAMES, Schema().values(outcome), strict=True))
    assert [row[name] for name in names] == [0.1, 0.2, None, None, "192.0.2.1"]
    rejected_row = dict(zip(NAMES, Schema().values(rejected()), strict=True))
    assert [rejected_row[name] for name in names] == [None] * 5


def test_a_rejected_row_was_never_tried() -> None:
    row = dict(zip(NAMES, Schema().values(rejected()), strict=True))
    assert (row["error"], row["attempts"], row["time_total"], row["started_at"]) == ("invalid_url", 0, None, None)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("%{http_code} %{url}\\n", "200 http://example.com/a\n"),
        ("100%% \\t\\r\\\\", "100% \t\r\\"),
        ("%{time_total}|%{error}|%{failed_checks}|", "0.250000|||"),
        ("plain", "plain"),
        ("", ""),
        ("100% \\x", "100% \\x"),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert compile_template(template, Schema())(answered()) == text


def test_template_values_cannot_drive_a_terminal() -> None:
    outcome = answered(content_type="\x1b]0;x\x07")
    assert compile_template("%{content_type}", Schema())(outcome) == "\\x1b]0;x\\x07"


@pytest.mark.parametrize(
    ("template", "message"),
    [("%{http_cod}", "did you mean 'http_code'"), ("%{qqqqq}", "known: seq, url"), ("x %{url", "without '}'")],
)
def test_wrong_templates_are_usage_errors(template: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compile_template(template, Schema())


@given(st.text())
def test_no_template_raises_anything_but_a_usage_error(template: str) -> None:
    try:
        render = compile_template(template, Schema())
    except UsageError:
        return
    assert isinstance(render(answered()), str)


def test_text_of_what_has_no_type_elsewhere() -> None:
    assert as_text({"a": [1, "\ud800"]}) == '{"a":[1,"\\\\ud800"]}'
    assert as_text([1.5, None]) == "[1.5,null]"
    assert (as_text(1e-7), as_written(1e-7), as_written("x"), as_written(None)) == ("0.000000", "1e-7", "x", "")


@pytest.mark.parametrize(
    ("columns", "names"),
    [
        ("", NAMES),
        ("status,url", ("status", "url")),
        (" status , kept ", ("status", "kept")),
        ("+headers,-sha256", tuple(name for name in (*NAMES, "kept", "headers") if name != "sha256")),
        ("-kept", NAMES),
        ("http_code,header:X-A", ("status", "header:x-a")),
    ],
)
def test_columns_are_chosen(columns: str, names: tuple[str, ...]) -> None:
    schema = Schema(("kept",), columns=columns) if columns else Schema()
    assert schema.names == names
    assert len(schema.values(answered())) == len(names)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("nothing", "--columns: no column is named 'nothing'"),
        ("url,-status", "change the default columns"),
        ("url,url", "url: the column is there already"),
        ("-headers", "it is not one of the default columns"),
        (",".join(f"-{name}" for name in NAMES), "leaves no column"),
        ("header:", "'' is not a header name"),
    ],
)
def test_columns_that_there_are_not(columns: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Schema(columns=columns)


def test_headers() -> None:
    response = Response(
        200, "http://h/", Timings(), headers={b"etag": [b"v"], b"x": [b"1", b"\xff"]}, cert_expires=86400.0
    )
    outcome = Outcome(target(), Verdict.OK, (Attempt(1, STARTED, 0.5, response),))
    schema = Schema(columns="headers,header:X,header:none,cert_expires")
    assert schema.values(outcome) == [{"etag": ["v"], "x": ["1", "\udcff"]}, "1, \udcff", None, "1970-01-02T00:00:00Z"]
    assert schema.values(failed()) == [None] * 4
    assert compile_template("%header{X} %{header:ETag}", Schema())(outcome) == "1, \\udcff v"
    skipped = Outcome(Skipped.from_target(target(), "why"), Verdict.SKIPPED, note="why")
    assert Schema(columns="error,note").values(skipped) == [None, "why"]


@given(st.text(max_size=30))
def test_no_header_name_reaches_the_compiler(name: str) -> None:
    """Rows are compiled from expressions, so a name must not be one."""
    try:
        column = find(f"header:{name}")
    except UsageError:
        return
    assert column.get(answered()) is None
