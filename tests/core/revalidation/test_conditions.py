"""Conditional requests, with hishel's state machine as the oracle (RFC 9111 section 4.3)."""

from uuid import uuid4

import hishel
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.checks.evaluate import Evidence, failed_checks
from fetchcli.core.checks.verdict import outcome_of, outcome_without_attempt
from fetchcli.core.expect.expectations import Check, parse_checks
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Known, Rejected
from fetchcli.core.request.credentials import Credentials, Login
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.revalidation.conditions import conditions, from_cache, may_be_known, unasked, with_earlier
from fetchcli.core.revalidation.table import EarlierResponses
from fetchcli.core.revalidation.unchanged import has_changed, is_unchanged
from fetchcli.core.revalidation.variant import variant_of
from fetchcli.core.rows.columns import find
from fetchcli.core.summary.summary import Summary
from fetchcli.core.summary.totals import totals_text
from fetchcli.core.timings import Timings
from tests.support.outcomes import answered, target

LATER = "Mon, 07 Nov 1994 08:49:37 GMT"
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
URL = "http://h/a"
TAGS = ["", '"a"', '"b"', 'W/"a"', 'W/"b"']


def oracle(earlier: Earlier) -> hishel.NeedRevalidation:
    """What hishel does with the earlier response: nothing says how long it is fresh."""
    fields = {"date": DATE, "cache-control": "no-cache", "etag": earlier.etag, "last-modified": earlier.last_modified}
    headers = hishel.Headers({name: value for name, value in fields.items() if value})
    stored = hishel.Entry(uuid4(), hishel.Request("GET", URL), hishel.Response(200, headers))
    state = hishel.IdleClient(hishel.CacheOptions()).next(hishel.Request("GET", URL), [stored])
    assert isinstance(state, hishel.NeedRevalidation)
    return state


@given(st.sampled_from(TAGS), st.sampled_from(["", DATE]))
def test_what_is_asked(etag: str, modified: str) -> None:
    earlier = Earlier("ab", etag=etag, last_modified=modified)
    asked = oracle(earlier).request.headers
    expected = [(name, asked[name]) for name in ("if-none-match", "if-modified-since") if name in asked]
    assert [(name.lower(), value) for name, value in conditions(earlier)] == expected


@given(st.sampled_from(TAGS), st.sampled_from(["", DATE]), st.sampled_from(TAGS), st.sampled_from(["", DATE, LATER]))
def test_what_304_stands_for(etag: str, modified: str, new_tag: str, new_modified: str) -> None:
    earlier = Earlier("ab", etag=etag, last_modified=modified, size=7, content_type="text/css")
    fields = {"etag": new_tag, "last-modified": new_modified}
    given_fields = {name: value for name, value in fields.items() if value}
    headers = {name.encode(): [value.encode()] for name, value in given_fields.items()}
    response = with_earlier(Response(304, URL, Timings(), headers=headers, sha256="e3", not_modified=True), earlier)
    assert (response.sha256, response.size_decoded) == (("ab", 7) if response.not_modified else ("e3", 0))
    state = oracle(earlier).next(hishel.Response(304, hishel.Headers(given_fields)))
    updates = isinstance(state, hishel.NeedToBeUpdated)
    if response.not_modified:
        assert updates  # never more than the standard allows
        assert response.headers.get(b"etag", [b""])[0].decode() == (new_tag or etag)
    elif updates:  # stricter in one case: two weak tags that differ
        assert etag
        assert new_tag.startswith("W/")


def test_a_304_to_a_request_without_conditions_stands_for_nothing() -> None:
    plain = Response(304, URL, Timings())
    assert with_earlier(plain, Earlier("ab", etag='"a"')) is plain


@pytest.mark.parametrize("date", ["yesterday", "1994-11-06", "\x00"])
def test_a_date_that_is_none_is_not_sent(date: str) -> None:
    assert conditions(Earlier("ab", last_modified=date)) == ()


@pytest.mark.parametrize(
    ("request_", "checks", "known"),
    [
        (RequestOptions(), (), True),
        (RequestOptions(), parse_checks("size", ("5",)), True),
        (RequestOptions(), parse_checks("body", ("x",)), False),
        (RequestOptions(), parse_checks("header", ("etag: exists",)), False),
        (RequestOptions("HEAD"), (), False),
        (RequestOptions("POST", content=b"x"), (), False),
        (RequestOptions(content=b"x"), (), False),
        (RequestOptions(headers=(("If-None-Match", "*"),)), (), False),
        (RequestOptions(headers=(("Range", "bytes=0-1"),)), (), False),
    ],
)
def test_when_an_earlier_response_may_stand_for_a_new_one(
    request_: RequestOptions, checks: tuple[Check, ...], known: bool
) -> None:
    assert may_be_known(request_, checks) is known


def test_what_was_received_is_found_by_what_was_asked() -> None:
    found, own = EarlierResponses(), RowRequest(headers=(("Accept", "text/css"),))
    found.add("http://example.com/a", "GET", "", None, Earlier("1"))
    found.add("http://example.com/a", "GET", "", None, Earlier("2"))
    found.add("http://example.com/a", "GET", "", own, Earlier("3"))
    assert len(found) == 2
    assert found.find(target()) == Earlier("2")
    assert found.find(msgspec.structs.replace(target(), row_request=own)) == Earlier("3")
    assert found.find(target(url="http://example.com/b")) is None
    assert found.find(msgspec.structs.replace(target(), variant="f")) is None
    assert found.find(Rejected(1, "x", "no URL")) is None


def test_requests_whose_answers_may_differ_are_told_apart() -> None:
    plain, login = Credentials(), Credentials(default=Login(name="me", password="secret"))
    assert variant_of((), plain) == variant_of((("User-Agent", "x"), ("Referer", "y")), plain) == ""
    variants = {
        variant_of((("Accept-Language", "de"),), plain),
        variant_of((("Accept-Language", "fr"),), plain),
        variant_of((("Authorization", "Bearer one"),), plain),
        variant_of((("Authorization", "Bearer two"),), plain),
        variant_of((), login),
        variant_of((), Credentials(digest=Login(name="me", password="other"))),
    }
    assert len(variants) == 6
    assert variant_of((("ACCEPT", "a"), ("X", "b")), plain) == variant_of((("x", "b"), ("accept", "a")), plain)
    column = find("variant").get
    assert column(msgspec.structs.replace(answered(), row=msgspec.structs.replace(target(), variant="f"))) == "f"
    assert column(answered()) is None
    assert column(Outcome(Rejected(1, "x", "no URL"), Verdict.REJECTED)) is None


def test_what_has_changed() -> None:
    response = answered().response
    assert response is not None
    same = Earlier("ab" * 32)
    assert has_changed(response, same) is False
    assert has_changed(response, Earlier("cd" * 32)) is True
    assert has_changed(response, Earlier("")) is None
    assert has_changed(response, None) is None
    assert has_changed(None, same) is None
    assert has_changed(from_cache(Earlier("x", etag='"a"')), Earlier("x")) is False
    outcome = msgspec.structs.replace(answered(), row=msgspec.structs.replace(target(), earlier=same))
    assert is_unchanged(outcome)
    assert not is_unchanged(answered())
    assert not is_unchanged(Outcome(Rejected(1, "x", "no URL"), Verdict.REJECTED))


def test_rows_that_are_known_and_rows_that_are_not_modified_are_counted_apart() -> None:
    earlier = Earlier("x", saved=Saved("out/a", 5), size=5, etag='"a"')
    row = msgspec.structs.replace(target(), earlier=earlier)
    known = outcome_without_attempt(Known.from_target(row))
    assert (known.verdict, known.saved, known.attempts[-1].number) == (Verdict.OK, earlier.saved, 0)
    response = with_earlier(Response(304, URL, Timings(), not_modified=True), earlier)
    asked = outcome_of(row, (Attempt(1, 0.0, 0.1, response),), 0.0)
    assert (asked.verdict, asked.saved) == (Verdict.OK, earlier.saved)
    summary = Summary()
    for outcome in (known, asked, answered()):
        summary.add(outcome)
    assert (summary.from_cache, summary.not_modified, summary.saved) == (1, 1, 0)
    assert dict(summary.statuses) == {304: 1, 200: 1}
    assert "3 accepted (1 not modified) (1 not asked again)" in totals_text(summary)


def test_answers_that_were_not_asked_for_are_failures() -> None:
    plain, ranged = RequestOptions(), RequestOptions(headers=(("Range", "bytes=0-3"),))
    assert unasked(Response(200, URL, Timings()), plain) == ""
    assert unasked(Response(304, URL, Timings(), not_modified=True), plain) == ""
    assert unasked(Response(206, URL, Timings()), ranged) == ""
    for status, said in (
        (304, "304, which does not match the conditions sent"),
        (206, "206, though no range was asked for"),
    ):
        response = Response(status, URL, Timings())
        assert unasked(response, plain) == said
        failed = failed_checks(Evidence(response, 0.1, 0.0, unasked=said), Policy(), ())
        assert [check.text for check in failed] == [f"status: expected the whole body, got {said}"]


def test_the_column_changed() -> None:
    changed = find("changed").get
    row = msgspec.structs.replace(target(), earlier=Earlier("cd" * 32))
    assert changed(msgspec.structs.replace(answered(), row=row)) is True
    assert changed(answered()) is None
    assert changed(Outcome(Rejected(1, "x", "no URL"), Verdict.REJECTED)) is None
