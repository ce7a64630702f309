"""Set-Cookie fields, as RFC 6265 reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import UsageError
from fetchcli.core.request.set_cookie import (
    EXPIRED,
    MAX_AGE,
    MAX_ATTRIBUTE,
    MAX_PAIR,
    Cookie,
    parse_date,
    parse_set_cookie,
)

NOW = 1_700_000_000.0


def parsed(line: str, host: str = "www.a.example", target: str = "/x/y?q=/z") -> Cookie | None:
    return parse_set_cookie(line, host, target, now=NOW)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("a=b", "a", "b"),
        (" a \t= b=c ; Path=/", "a", "b=c"),
        ('a="b c"', "a", '"b c"'),
        ("a=", "a", ""),
        ("=b", "", "b"),
        ("b", "", "b"),
        ("a=\u00e9\udcff", "a", "\u00e9\udcff"),
    ],
)
def test_name_and_value(line: str, name: str, value: str) -> None:
    cookie = parsed(line)
    assert cookie is not None
    assert (cookie.name, cookie.value) == (name, value)


@pytest.mark.parametrize("line", ["", ";", "=", " = ;Path=/", "a=\0", "a=b\x1b", "a=b;\x7f", "a=" + "b" * MAX_PAIR])
def test_what_is_no_cookie(line: str) -> None:
    assert parsed(line) is None


@pytest.mark.parametrize("field", ["name", "value", "domain", "path"])
def test_a_cookie_that_is_made_by_hand_is_checked(field: str) -> None:
    with pytest.raises(UsageError, match="contains a control character") as caught:
        Cookie(**{"name": "a", "value": "secret", "domain": "h", field: "x\r\nX-Evil: 1"})  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


def test_where_a_cookie_belongs() -> None:
    cookie = parsed("a=b")
    assert cookie == Cookie(name="a", value="b", domain="www.a.example", path="/x")
    cookie = parsed("a=b; Domain=.A.example; path = /p; SECURE; HttpOnly=x; SameSite=Lax")
    assert cookie == Cookie(
        name="a", value="b", domain="a.example", host_only=False, path="/p", secure=True, http_only=True
    )


@pytest.mark.parametrize(
    ("target", "attributes", "path"),
    [
        ("/", "", "/"),
        ("/x", "", "/"),
        ("/x/", "", "/x"),
        ("/x/y/z?a/b", "", "/x/y"),
        ("*", "", "/"),
        ("/x/y", "; Path=relative", "/x"),
        ("/x/y", "; Path=", "/x"),
        ("/x/y", "; Path=/a; Path=/b", "/b"),
        ("/x/y", f"; Path=/a; Path=/{'b' * MAX_ATTRIBUTE}", "/a"),
    ],
)
def test_the_path(target: str, attributes: str, path: str) -> None:
    cookie = parsed(f"a=b{attributes}", target=target)
    assert cookie is not None
    assert cookie.path == path


@pytest.mark.parametrize(
    ("attributes", "expires"),
    [
        ("", None),
        ("Max-Age=10", NOW + 10),
        ("max-age=0", EXPIRED),
        ("Max-Age=-5", EXPIRED),
        ("Max-Age=1x", None),
        (f"Max-Age={'9' * 400}", NOW + MAX_AGE),
        ("Expires=Tue, 14 Nov 2023 22:13:30 GMT", NOW + 10),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", EXPIRED),
        ("Expires=never", None),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10", NOW + 10),
    ],
)
def test_when_a_cookie_expires(attributes: str, expires: float | None) -> None:
    cookie = parsed(f"a=b; {attributes}")
    assert cookie is not None
    assert cookie.expires == expires


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("6 november 1994 8:49:37", 784111777),
        ("06-Nov-2026 08:49:37", 1793954977),
        ("06-Nov-26 08:49:37", 1793954977),
    ],
)
def test_dates(text: str, seconds: float) -> None:
    assert parse_date(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "Nov 1994 08:49:37", "06 1994 08:49:37", "06 Nov 08:49:37", "06 Nov 1994", "31 Feb 2026 08:49:37",
     "06 Nov 1600 08:49:37", "06 Nov 1994 24:00:00"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@given(st.text(max_size=60), st.from_regex(r"[a-z0-9.:_\-]{1,10}", fullmatch=True))
def test_any_line_is_a_cookie_or_none(line: str, host: str) -> None:
    for text in (line, f"a=b;{line}", f"a=b; Expires={line}"):
        cookie = parse_set_cookie(text, host, "/", now=NOW)
        if cookie is not None:
            assert cookie.path.startswith("/")
            assert cookie.domain
            assert "\n" not in cookie.name + cookie.value
            assert ";" not in cookie.name + cookie.value
