"""Attempts without the secrets that a server echoed."""

from fetchcli.core.errors import ErrorKind, Failure, Redirect
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.redacted import redacted, row_secrets
from fetchcli.core.model.target import Target
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import parse_url

REDACT = Redactor(["s3cret"])
HOPS = (Redirect("http://h/?a=s3cret", 302),)
SHOWN = (Redirect("http://h/?a=***", 302),)


def test_a_response() -> None:
    response = Response(
        200, "http://h/s3cret", Timings(), HOPS, "text/s3cret", unknown_coding="s3cret",
        headers={b"x": [b"s3cret"]}, body=b"s3cret", skipped_headers=("s3cret: 1",),
    )  # fmt: skip
    attempt = Attempt(1, 0.0, 1.0, response, (FailedCheck("header", "X: s3cret", '"s3cret"'),))
    shown = redacted(attempt, REDACT)
    assert isinstance(shown.result, Response)
    assert (shown.result.url, shown.result.redirects) == ("http://h/***", SHOWN)
    assert (shown.result.content_type, shown.result.unknown_coding) == ("text/***", "***")
    assert shown.result.skipped_headers == ("***: 1",)
    assert shown.result.headers == {b"x": [b"***"]}
    assert shown.result.body == response.body  # as received
    assert shown.failed_checks == (FailedCheck("header", "X: ***", '"***"'),)


def test_a_failure() -> None:
    failure = Failure(ErrorKind.PROTOCOL, "got 's3cret'", "http://h/s3cret", HOPS)
    shown = redacted(Attempt(1, 0.0, 1.0, failure), REDACT)
    assert shown.result == Failure(ErrorKind.PROTOCOL, "got '***'", "http://h/***", SHOWN)


def test_the_secrets_of_a_row() -> None:
    plain = Target(1, parse_url("http://h/"), request=RequestOptions(headers=(("X-Token", "of the run"),)))
    assert row_secrets(plain) == []
    assert row_secrets(Target(1, parse_url("http://me:pass%20word@h/"))) == ["bWU6cGFzcyB3b3Jk", "pass word"]
    headers = (("Accept", "a"), ("X-Token", "abc"), ("Authorization", "Bearer def"), ("Cookie", "a=ghi; b=jkl"))
    row = Target(
        1, parse_url("http://h/"), request=RequestOptions(headers=headers), row_request=RowRequest(headers=headers)
    )
    assert row_secrets(row) == ["abc", "def", "ghi", "jkl"]
    basic = (("Authorization", "Basic c2tfbGl2ZTo="),)
    row = Target(
        1, parse_url("http://h/"), request=RequestOptions(headers=basic), row_request=RowRequest(headers=basic)
    )
    assert row_secrets(row) == ["c2tfbGl2ZTo=", "sk_live"]
    broken = (("Authorization", "Basic %"),)
    row = Target(
        1, parse_url("http://h/"), request=RequestOptions(headers=broken), row_request=RowRequest(headers=broken)
    )
    assert row_secrets(row) == ["%"]
    run = Redactor(["run secret"])
    assert run.with_more(["row secret"])("run secret, row secret") == "***, ***"
    assert (run.any, Redactor().any) == (True, False)
