"""What is sent besides the URL, and what a redirect leaves of it."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import UsageError
from fetchcli.core.request.ranges import parse_ranges
from fetchcli.core.request.request import (
    RequestOptions,
    asks_to_close,
    for_unnamed_host,
    header_fields,
    parse_header,
    redirected,
    user_host,
)


def header_lines(request: RequestOptions, defaults: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in header_fields(request, defaults))


DEFAULTS = {"User-Agent": "ua", "Accept": "*/*"}


def test_the_defaults() -> None:
    assert header_lines(RequestOptions(), DEFAULTS) == "User-Agent: ua\r\nAccept: */*\r\n"


def test_user_headers_replace_the_defaults() -> None:
    request = RequestOptions(headers=(("accept", "text/html"), ("User-Agent", ""), ("X-A", ";"), ("X-A", "2")))
    assert header_lines(request, DEFAULTS) == "accept: text/html\r\nX-A: \r\nX-A: 2\r\n"


def test_content_has_a_length_and_a_type() -> None:
    lines = header_lines(RequestOptions("POST", content=b"a=b"), {})
    assert lines == "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n"
    json = RequestOptions("POST", (("Content-Type", "application/json"),), b"{}")
    assert header_lines(json, {}) == "Content-Length: 2\r\nContent-Type: application/json\r\n"
    assert header_lines(RequestOptions("POST"), {}) == "Content-Length: 0\r\n"
    assert header_lines(RequestOptions("PUT", (("Content-Type", ""),), b""), {}) == "Content-Length: 0\r\n"


def test_host_is_not_among_the_lines() -> None:
    request = RequestOptions(headers=(("Host", "other"),))
    assert user_host(request) == "other"
    assert header_lines(request, {}) == ""
    assert user_host(RequestOptions(headers=(("Host", ""),))) is None


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("A: b", ("A", "b")),
        ("A:b:c", ("A", "b:c")),
        ("A:", ("A", "")),
        ("A;", ("A", ";")),
        ("A: \t é\t", ("A", "é")),
        ("A: b\tc", ("A", "b\tc")),
    ],
)
def test_headers(text: str, header: tuple[str, str]) -> None:
    assert parse_header(text) == header


@pytest.mark.parametrize(
    "secret", ["A: top\rsecret", "A: top\nsecret", "A: top\0secret", "A: top\x1bsecret", "A: \ntop"]
)
def test_24_control_characters_are_refused(secret: str) -> None:
    with pytest.raises(UsageError, match=r"control character") as caught:
        parse_header(secret)
    assert "top" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    ["", "A", ": b", "a b: c", "é: c", "Content-Length: 3", "transfer-encoding: chunked", "Proxy-Authorization: x"],
)
def test_other_headers_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_header(text)


@given(st.text(max_size=30))
def test_a_header_is_one_line_or_refused(text: str) -> None:
    with suppress(UsageError):
        header = parse_header(text)
        lines = header_lines(RequestOptions(headers=(header,)), {})
        assert lines.count("\r\n") <= 1
        assert len(lines.split("\n")) <= 2


def test_the_user_may_ask_for_the_connection_to_be_closed() -> None:
    assert asks_to_close(RequestOptions(headers=(("connection", "x, Close"),)))
    assert not asks_to_close(RequestOptions(headers=(("Connection", "keep-alive"), ("X", "close"))))


def test_methods() -> None:
    assert RequestOptions("PURGE").method == "PURGE"
    for wrong in ("", "GE T", "GET\r\n", "CONNECT", "é"):
        with pytest.raises(UsageError):
            RequestOptions(wrong)
    assert RequestOptions("DELETE").idempotent
    assert not RequestOptions("POST").idempotent


# BEHAVIOUR 50: curl's, measured in tests/transport/test_curl.py where curl is installed.
@pytest.mark.parametrize(
    ("method", "status", "after"),
    [
        *((method, status, method) for method in ("GET", "HEAD", "PUT", "DELETE") for status in (301, 302, 307, 308)),
        *(("POST", status, "GET") for status in (301, 302, 303)),
        *(("POST", status, "POST") for status in (307, 308)),
        ("GET", 303, "GET"),
        ("HEAD", 303, "HEAD"),
        ("PUT", 303, "GET"),
    ],
)
def test_50_the_method_after_a_redirect(method: str, status: int, after: str) -> None:
    content = b"x" if method in ("POST", "PUT") else None
    request = RequestOptions(method, (("Content-Type", "a/b"), ("X-A", "1")), content)
    following = redirected(request, status, same_origin=True)
    assert following.method == after
    kept = after == method and not (method == "GET" and status == 303)
    assert following.content == (content if kept else None)
    assert (("Content-Type", "a/b") in following.headers) is (after == method)
    assert ("X-A", "1") in following.headers


def test_24_a_request_made_by_hand_is_checked_too() -> None:
    for header in (("X", "a\r\nEvil: 1"), ("X\r\n", "a"), ("Content-Length", "5")):
        with pytest.raises(UsageError):
            RequestOptions(headers=(header,))


def test_content_keeps_its_label_wherever_it_goes() -> None:
    request = RequestOptions("POST", (("Content-Type", "application/json"), ("X-A", "1")), b"{}")
    assert redirected(request, 307, same_origin=False) == RequestOptions(
        "POST", (("Content-Type", "application/json"),), b"{}"
    )


def test_36_39_40_another_origin_gets_no_secret() -> None:
    headers = (("Authorization", "a"), ("authorization", "b"), ("Cookie", "c"), ("X-Api-Key", "d"), ("Host", "e"))
    there = redirected(RequestOptions("GET", headers), 302, same_origin=False)
    assert there == RequestOptions("GET")
    assert redirected(there, 302, same_origin=False) == RequestOptions("GET")  # 39: back at the first origin


HARMLESS = (("User-Agent", ""), ("accept", "a/b"), ("Accept-Language", "de"), ("Accept-Encoding", ""), ("Range", "x"))


@given(st.sampled_from([301, 302, 303, 307, 308]), st.booleans(), st.permutations([*HARMLESS, ("X-A", "1")]))
def test_36_what_says_who_asks_and_in_what_form_holds_for_every_hop(
    status: int, same_origin: bool, headers: list[tuple[str, str]]
) -> None:
    following = redirected(RequestOptions("POST", tuple(headers), b"x"), status, same_origin=same_origin)
    assert following.headers == tuple(field for field in headers if same_origin or field != ("X-A", "1"))


ABOUT_CONTENT = tuple(
    (f"Content-{name}", "x") for name in ("Type", "Encoding", "Language", "Location", "Disposition", "MD5")
)


def test_content_headers_go_with_the_content() -> None:
    request = RequestOptions("POST", ABOUT_CONTENT, b"x")
    assert redirected(request, 307, same_origin=True) == request
    assert redirected(request, 307, same_origin=False).headers == ABOUT_CONTENT[:1]
    assert redirected(request, 303, same_origin=True).headers == ()
    assert (
        redirected(RequestOptions("PUT", ABOUT_CONTENT), 303, same_origin=True).headers == ()
    )  # no content, but a new method
    assert redirected(RequestOptions("GET", ABOUT_CONTENT), 303, same_origin=True).headers == ABOUT_CONTENT
    assert redirected(RequestOptions("GET", ABOUT_CONTENT), 303, same_origin=False).headers == ()


def test_the_referer_follows_the_redirects_if_asked() -> None:
    request = RequestOptions(headers=(("referer", "http://start/"),), auto_referer=True)
    first = redirected(request, 302, same_origin=False, referer="http://a/1")
    assert first.headers == (("Referer", "http://a/1"),)
    assert redirected(first, 302, same_origin=True, referer="http://b/2").headers == (("Referer", "http://b/2"),)
    assert redirected(RequestOptions(), 302, same_origin=True, referer="http://a/1").headers == ()


def test_a_range_asks_for_no_coding() -> None:
    defaults = {"Accept-Encoding": "gzip"}
    assert header_lines(RequestOptions(headers=(("range", "bytes=0-1"),)), defaults).startswith(
        "Accept-Encoding: identity\r\n"
    )
    chosen = RequestOptions(headers=(("Range", "bytes=0-1"), ("accept-encoding", "br")))
    assert header_lines(chosen, defaults) == "Range: bytes=0-1\r\naccept-encoding: br\r\n"
    assert header_lines(RequestOptions(headers=(("Range", ""),)), defaults) == "Accept-Encoding: gzip\r\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0-499", "bytes=0-499"),
        ("500-", "bytes=500-"),
        ("-500", "bytes=-500"),
        ("4", "bytes=4-"),
        ("0-0, -1", "bytes=0-0,-1"),
        ("7-7", "bytes=7-7"),
    ],
)
def test_ranges(text: str, value: str) -> None:
    assert parse_ranges(text) == value


@pytest.mark.parametrize("text", ["", "-", "5-4", "a-b", "1-2-3", "bytes=0-1", "0-1,", "1.5-2", "+1-2", "1 - 2", "٣-"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError, match="expected a byte range"):
        parse_ranges(text)


@pytest.mark.parametrize("content", [{"content": b"x"}, {"content_file": "f"}, {"form": ("a=b",)}, {}])
def test_a_host_that_the_user_did_not_name_gets_no_secret(content: dict[str, Any]) -> None:
    headers = (("X-Key", "k"), ("User-Agent", "u"), ("Content-Type", "t/u"), ("Cookie", "a=b"), ("Range", "bytes=0-1"))
    request = for_unnamed_host(RequestOptions("POST", headers, **content))
    kept = ("User-Agent", "Content-Type", "Range") if content else ("User-Agent", "Range")
    assert tuple(name for name, _ in request.headers) == kept
    assert not request.named
    assert request.method == "POST"
