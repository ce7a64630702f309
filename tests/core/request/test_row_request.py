"""Rows that bring their own request; secrets; credentials; the schema of a run."""

import pytest

from fetchcli.core.checks.verdict import outcome_without_attempt
from fetchcli.core.errors import ExitCode, UsageError
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Rejected, Skipped, Target
from fetchcli.core.request.credentials import Credentials, Login
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RequestMerger, RowProblem, RowRequest, json_request
from fetchcli.core.request.secrets import Expander, is_secret, masked, split_marks
from fetchcli.core.rows.columns import NAMES, as_text
from fetchcli.core.rows.schema import Schema
from fetchcli.core.settings import Selection
from fetchcli.core.summary.summary import Summary, exit_code
from fetchcli.core.url.parse import parse_url
from tests.support.outcomes import answered

BASE = RequestOptions("GET", (("X-A", "1"), ("Accept", "*/*")), None)


def combined(row_request: RowRequest, base: RequestOptions = BASE, **environment: str) -> RequestOptions:
    return RequestMerger(base, Expander(environment))(row_request)


def test_a_row_overrides_the_run() -> None:
    request = combined(RowRequest(method="PUT", headers=(("x-a", "2"), ("New", "3")), body="body"))
    assert request == RequestOptions("PUT", (("Accept", "*/*"), ("x-a", "2"), ("New", "3")), b"body")


def test_a_row_with_a_content_posts_unless_somebody_says_otherwise() -> None:
    assert combined(RowRequest(body="x")).method == "POST"
    assert combined(RowRequest(body="x"), RequestOptions("HEAD")).method == "POST"
    assert combined(RowRequest(body="x"), RequestOptions("PATCH")).method == "PATCH"
    assert combined(RowRequest(method="GET", body="x")).method == "GET"
    assert combined(RowRequest(method="PUT"), RequestOptions("POST", content=b"y")) == RequestOptions(
        "PUT", content=b"y"
    )
    assert combined(RowRequest(method="GET"), RequestOptions("POST", content=b"y")) == RequestOptions("GET")


def test_the_content_of_a_row_is_not_the_form_of_the_run() -> None:
    form = RequestOptions("POST", (("Content-Type", "multipart/form-data; boundary=x"),), b"--x")
    assert combined(RowRequest(body="a"), form) == RequestOptions("POST", (), b"a")
    assert combined(RowRequest(body_file="f"), form) == RequestOptions("POST", (), None, "f")
    labelled = RequestOptions("POST", (("Content-Type", "application/json"),), b"{}")
    assert combined(RowRequest(body="1"), labelled).headers == labelled.headers


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": "GE T"}, "method: expected a token, got 'GE T'"),
        ({"headers": (("a b", "c"),)}, "headers: 'a b' is not a header name"),
        ({"headers": (("A", "b\nc"),)}, "headers: header 'A: ...' contains a control character"),
        ({"headers": (("A", "\ud800"),)}, "headers: header 'A: ...' contains a lone surrogate"),
        ({"body": "x", "body_file": "y"}, "body_file: body and body_file cannot be combined"),
    ],
)
def test_what_is_no_request_names_its_column(fields: dict[str, str], said: str) -> None:
    with pytest.raises(RowProblem) as problem:
        RowRequest(**fields)  # type: ignore[arg-type]
    assert str(problem.value).startswith(said)


@pytest.mark.parametrize(
    ("row_request", "said"),
    [
        (RowRequest(method="CONNECT"), "the method CONNECT is not supported"),
        (RowRequest(headers=(("Authorization", "***"),)), "headers: Authorization is masked; expected the real value"),
        (RowRequest(headers=(("A", "${NO}"),)), "headers: A: ${NO} is not set in the environment"),
        (RowRequest(body="\udcff"), "body: expected UTF-8 text"),
    ],
)
def test_what_cannot_be_combined(row_request: RowRequest, said: str) -> None:
    with pytest.raises(RowProblem) as problem:
        combined(row_request)
    assert str(problem.value).startswith(said)


def test_secrets_come_from_the_environment() -> None:
    expander = Expander({"TOKEN": "s3cret", "EMPTY": ""})
    request = RequestMerger(BASE, expander)(RowRequest(headers=(("Authorization", "Bearer ${TOKEN}"),)))
    assert request.headers[-1] == ("Authorization", "Bearer s3cret")
    assert expander("no reference $TOKEN") == "no reference $TOKEN"
    with pytest.raises(UsageError, match="is not set"):
        expander("${missing}")
    with pytest.raises(UsageError, match="is empty"):
        expander("${EMPTY}")
    assert split_marks(Expander(None)("a ${B} ${C}d")) == ["a ", "B", " ", "C", "d"]


def test_what_may_be_shown_of_a_secret() -> None:
    names = [
        "Authorization",
        "X-Goog-Api-Key",
        "Set-Cookie",
        "PRIVATE-TOKEN",
        "Ocp-Apim-Subscription-Key",
        "X-Vault-Token",
    ]
    assert all(map(is_secret, names))
    assert not any(map(is_secret, ["Accept", "User-Agent", "Content-Type"]))
    assert [masked(text) for text in ("", "${A}", "Bearer ${A}", "abc", "Bearer abc${A}")] == [
        "",
        "${A}",
        "Bearer ${A}",
        "***",
        "***",
    ]


def test_what_is_written_down_holds_no_secret() -> None:
    headers = (("Authorization", "Basic eA=="), ("cookie", "${C}"), ("X", ";"), ("Y", ""), ("Cookie", ""), ("Z", "1"))
    assert RowRequest(method="PUT", headers=headers, body="b").written() == {
        "method": "PUT",
        "headers": [
            ["Authorization", "***"],
            ["cookie", "${C}"],
            ["X", ""],
            ["Y", None],
            ["Cookie", None],
            ["Z", "1"],
        ],
        "body": "b",
    }
    assert RowRequest(body_file="f").written() == {"body_file": "f"}


def test_json_is_labelled() -> None:
    row_request = json_request(None, (("accept", "x"),), "{}")
    assert row_request == RowRequest(
        method=None, headers=(("accept", "x"), ("Content-Type", "application/json")), body="{}"
    )


def test_credentials() -> None:
    known = Credentials(machines={"h": Login(name="a", password="b")}, default=Login(name="d", password=""))
    assert known.authorization("h", redirected=True) == Login(name="a", password="b").basic == "Basic YTpi"
    assert known.authorization("i", redirected=False) == "Basic ZDo="
    assert known.authorization("i", redirected=True) == ""  # 42
    assert Credentials().authorization("h", redirected=False) == ""


def test_kept_columns_follow_the_others() -> None:
    schema = Schema(("name", "n"))
    row = dict(zip(schema.names, schema.values(answered(carried=("x", 3))), strict=True))
    assert (row["name"], row["n"], row["status"]) == ("x", 3, 200)
    assert [column.name for column in schema.columns] == list(schema.names)
    assert schema.find("name").get(answered(carried=("x", 3))) == "x"
    assert schema.find("http_code").name == "status"
    unreadable = Outcome(Rejected(1, "x", "expected JSON"), Verdict.REJECTED)
    assert schema.values(unreadable)[-2:] == [None, None]
    for names, said in ((("status",), "already"), (("a", "a"), "twice")):
        with pytest.raises(UsageError, match=said):
            Schema(names)


def test_a_run_that_keeps_nothing_has_the_columns_of_every_run() -> None:
    assert len(Schema().values(answered())) == len(Schema().names) == len(NAMES)
    row = Outcome(Target(1, parse_url("http://h/"), row_request=RowRequest(method="PUT")), Verdict.SKIPPED)
    assert as_text(dict(zip(NAMES, Schema().values(row), strict=True))["request"]) == '{"method":"PUT"}'


def test_a_row_that_was_passed_over_is_skipped_with_the_reason_and_no_failure() -> None:
    outcome = outcome_without_attempt(Skipped(1, parse_url("http://h/"), reason="seen"))
    assert (outcome.verdict, outcome.note, outcome.attempts) == (Verdict.SKIPPED, "seen", ())
    summary = Summary()
    summary.add(outcome)
    assert (summary.skipped, summary.not_accepted, exit_code(summary)) == (1, 0, ExitCode.OK)


def test_which_selections_choose() -> None:
    assert [
        Selection().filters_content,
        Selection(only_failed=True).filters_content,
        Selection(limit=1).filters_content,
    ] == [
        False,
        True,
        False,
    ]


def test_the_method_of_a_row() -> None:
    assert Rejected(1, "x", "y", row_request=RowRequest(method="PUT")).method == "PUT"
    assert Rejected(1, "x", "y").method is None
