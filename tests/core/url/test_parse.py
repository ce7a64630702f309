"""BEHAVIOUR 14-23: what is accepted, and the bytes on the wire."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import InvalidUrl
from fetchcli.core.url.parse import mask_credentials, parse_url, resolve


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("http://h", "/"),
        ("http://h?q", "/?q"),
        ("http://h/?", "/?"),  # 18
        ("http://h/a?b?c", "/a?b?c"),
        ("http://h/%2f%7E%27%2e%2e%zz%", "/%2f%7E%27%2e%2e%zz%"),  # 14
        ("http://h/a/../b/./c//d", "/a/../b/./c//d"),
        ("http://h/a b?c d", "/a%20b?c%20d"),  # 15
        ("http://h/é?ü", "/%C3%A9?%C3%BC"),  # 16
        ("http://h/a#frag", "/a"),  # 17
        ("http://h#frag?no", "/"),
        ("http://h/{a}|b^c\\d", "/{a}|b^c\\d"),
    ],
)
def test_14_to_18_request_target_is_what_was_written(text: str, target: str) -> None:
    assert parse_url(text).target == target


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("HTTP://EXAMPLE.com", "example.com", 80),
        ("https://example.com", "example.com", 443),
        ("https://example.com:", "example.com", 443),
        ("http://example.com:0080/", "example.com", 80),
        ("http://example.com:" + "0" * 5000 + "/", "example.com", 0),
        ("http://under_score.example/", "under_score.example", 80),
        ("http://127.0.0.1:8080/", "127.0.0.1", 8080),
        ("http://[::1]:81/", "::1", 81),
        ("http://[2001:DB8:0::1]/", "2001:db8::1", 80),
        ("http://bücher.example/", "xn--bcher-kva.example", 80),  # 23
        ("http://BÜCHER.example/", "xn--bcher-kva.example", 80),
        ("http://faß.example/", "xn--fa-hia.example", 80),
        ("http://\uff11\uff12\uff17.0.0.1/", "127.0.0.1", 80),  # mapped first, judged after
        ("http://example.com./", "example.com.", 80),
    ],
)
def test_host_and_port(text: str, host: str, port: int) -> None:
    url = parse_url(text)
    assert (url.host, url.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("example.com", "no scheme"),
        ("", "no scheme"),
        ("-o/etc/x", "no scheme"),
        ("localhost:8080/x", "no scheme"),
        ("mailto:a@b", "'mailto'"),
        ("file:///etc/passwd", "'file'"),
        ("javascript:alert(1)", "'javascript'"),
        ("ftp://h/", "'ftp'"),
        ("http:h", "no //"),
        ("http:/h", "no //"),
        ("http://", "no host"),
        ("http:///path", "no host"),
        ("http://:80/", "no host"),
        ("http://h/a\rb", "U+000D"),  # 19
        ("http://h/a\nb", "U+000A"),
        ("http://h/a\tb", "U+0009"),
        ("http://h\x00/", "U+0000"),
        ("http://a\x7fb/", "U+007F"),
        ("http://a b/", "' ' in the host"),  # 20
        ("http://a%2Fb/", "'%' in the host"),  # 21
        ("http://a%00b/", "'%' in the host"),
        ("http://a@b@c/", "more than one @"),  # 22
        ("http://a;b/", "';' in the host"),
        ("http://a\\b/", "backslash"),
        ("http://good.example\\@evil.example/", "backslash"),
        ("http://a<b/", "'<' in the host"),
        ("http://h:x/", "the port is not a number"),
        ("http://h:65536/", "the port is not a number"),
        ("http://h:٣/", "the port is not a number"),
        ("http://h:00000000099999/", "the port is not a number"),
        ("http://h:1:2/", "the port is not a number"),
        ("http://[::1/", "closing bracket"),
        ("http://[::1]x/", "after the IPv6"),
        ("http://[nope]/", "not an IPv6"),
        ("http://[fe80::1%25eth0]/", "not an IPv6"),
        ("http://127.1/", "canonical IPv4"),
        ("http://0x7f.1/", "canonical IPv4"),
        ("http://2130706433/", "canonical IPv4"),
        ("http://0177.0.0.1/", "canonical IPv4"),
        ("http://xn--a-é.example/", "internationalised"),
        ("http://a\u2260\u0338b.\ud800/", "internationalised"),
        ("http://a\u2100b.example/", "'/' in the host"),
        ("http://h/\ud800", "surrogate"),
    ],
)
def test_19_to_22_what_is_no_url_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidUrl) as caught:
        parse_url(text)
    assert reason in str(caught.value)


def test_51_credentials_are_masked_in_text_and_kept_for_the_request() -> None:
    url = parse_url("http://us%C3%A9r:pa%3Ass@h:81/x")
    assert url.text == "http://us%C3%A9r:***@h:81/x"
    assert base64.b64decode(url.authorization.removeprefix("Basic ")) == "usér:pa:ss".encode()
    assert parse_url("http://token@h/").text == "http://***@h/"
    assert parse_url("http://@h/").text == "http://@h/"
    assert parse_url("http://h/").authorization == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ftp://user:secret@h/x@y", "ftp://***@h/x@y"),
        ("http:/u:secret@h/", "http:/***@h/"),
        ("admin:secret@example.com/x", "***@example.com/x"),
        ("http://u:secret@a@b/", "http://***@b/"),
        ("http://u:sec#ret@h/", "http://***@h/"),
        ("http://u:sec/ret@h/", "http://***@h/"),
        ("mailto:a@b", "mailto:***@b"),
        ("htp://u:secret@h/", "htp://***@h/"),
        ("http//u:secret@h/", "***@h/"),
        ("\uff48ttp://u:secret@h/", "\uff48ttp://***@h/"),
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("http://h/a@b", "http://h/a@b"),
        ("nothing", "nothing"),
    ],
)
def test_51_credentials_are_masked_in_what_is_no_url_too(text: str, shown: str) -> None:
    assert mask_credentials(text) == shown


def test_authority_leaves_the_default_port_out() -> None:
    assert parse_url("http://h:80/").authority == "h"
    assert parse_url("https://h:80/").authority == "h:80"
    assert parse_url("http://[::1]:8080/").authority == "[::1]:8080"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("https://other/x", "https://other/x"),
        ("//other/x", "http://other/x"),
        ("/x", "http://h:8080/x"),
        ("/x/../y", "http://h:8080/y"),
        ("?n", "http://h:8080/a/b/c?n"),
        ("", "http://h:8080/a/b/c?q"),
        ("#f", "http://h:8080/a/b/c?q"),
        ("d", "http://h:8080/a/b/d"),
        ("./d", "http://h:8080/a/b/d"),
        ("../d", "http://h:8080/a/d"),
        ("../../../d", "http://h:8080/d"),
        ("..", "http://h:8080/a/"),
        (".", "http://h:8080/a/b/"),
        ("d?", "http://h:8080/a/b/d?"),
        ("d?x=../y", "http://h:8080/a/b/d?x=../y"),
        (" /x ", "http://h:8080/x"),
        ("http://u:p@h:8080/x", "http://u:***@h:8080/x"),
    ],
)
def test_resolve(reference: str, expected: str) -> None:
    base = parse_url("http://h:8080/a/b/c?q")
    assert resolve(base, reference).text == expected


@pytest.mark.parametrize("reference", ["file:///x", "javascript:x", "http:x", "//a b/", "http://", "x\x01y"])
def test_resolve_refuses_what_is_no_url(reference: str) -> None:
    with pytest.raises(InvalidUrl):
        resolve(parse_url("http://h/"), reference)


@given(st.text() | st.builds("http://{}/{}".format, st.text(), st.text()) | st.builds("http://h/{}".format, st.text()))
def test_what_is_accepted_is_one_request_line_and_reads_back(text: str) -> None:
    try:
        url = parse_url(text)
    except InvalidUrl:
        return
    line = f"GET {url.target} HTTP/1.1".encode("ascii")
    assert line.count(b" ") == 2
    assert all(0x20 <= byte < 0x7F for byte in line)
    assert url.text.isascii()
    again = parse_url(url.text)
    assert (again.scheme, again.host, again.port, again.target) == (url.scheme, url.host, url.port, url.target)


@given(st.text(st.characters(codec="utf-8")))
def test_resolving_never_leaves_the_request_line(reference: str) -> None:
    try:
        url = resolve(parse_url("http://h/a/b"), reference)
    except InvalidUrl:
        return
    assert parse_url(url.text).target == url.target


@pytest.mark.parametrize(
    ("text", "name"),
    [("\u00a0http://h/", "no-break space (U+00A0)"), ("\ufeffhttp://h/", "zero width no-break space (U+FEFF)")],
)
def test_an_invisible_character_before_a_url_is_named(text: str, name: str) -> None:
    with pytest.raises(InvalidUrl, match="before the URL") as caught:
        parse_url(text)
    assert name in str(caught.value)
