"""URLs for people."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.url.parse import parse_url
from fetchcli.core.url.shown import shorten_url, shown_url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://h/%E6%97%A5%E6%9C%AC%E8%AA%9E?q=%C3%A9#x", "http://h/日本語?q=é#x"),
        ("http://h/a%20b%2Fc%25", "http://h/a%20b%2Fc%25"),  # not what has a meaning in URLs
        ("http://h/%E2%80%AEgpj", "http://h/%E2%80%AEgpj"),  # an override of the direction
        ("http://h/%D7%A9%D7%9C%D7%95%D7%9D", "http://h/%D7%A9%D7%9C%D7%95%D7%9D"),  # read from the right
        ("http://h/%FF%FE/%E6%97", "http://h/%FF%FE/%E6%97"),  # no UTF-8
        ("http://h/e%CC%81", "http://h/e%CC%81"),  # a mark alone
        ("http://h/%E2%84%AA", "http://h/%E2%84%AA"),  # a Kelvin sign, which is a K after normalization
        ("http://xn--wgv71a119e.example/", "http://日本語.example/"),
        ("http://xn--mnchen-3ya.de:8080/", "http://münchen.de:8080/"),
        ("http://xn--80ak6aa92e.com/", "http://xn--80ak6aa92e.com/"),  # Cyrillic that reads as apple
        ("http://xn--a-ecp.ru/", "http://xn--a-ecp.ru/"),
        ("http://xn--nxasmm1c.example/", "http://xn--nxasmm1c.example/"),  # Greek
        ("http://xn--zz-99999999/", "http://xn--zz-99999999/"),
        ("http://xn--.example/", "http://xn--.example/"),
        ("no URL", "no URL"),
    ],
)
def test_what_is_decoded(text: str, shown: str) -> None:
    assert shown_url(text) == shown


@given(st.text(max_size=20))
def test_what_is_shown_is_the_same_url(path: str) -> None:
    text = parse_url(f"http://h/{quote(path, safe='', errors='surrogatepass')}").text
    shown = shown_url(text)
    assert unquote(shown, errors="surrogateescape") == unquote(text, errors="surrogateescape")
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("http://host:80/abc", 18, "http://host:80/abc"),
        ("http://host:80/one/two/three.html", 24, "http://host:80/one/…html"),
        ("http://host:80/one/two", 17, "http://host:80/…o"),
        ("http://host:80/one/two", 15, "http://host:80…"),
        ("http://host:80/one/two", 14, "http://host:80"),
        ("http://host:80/one/two", 5, "http://host:80"),
        ("http:/one/two/three", 10, "http:…hree"),
        ("http:/one/two/three", 1, "…"),
    ],
)
def test_shortened(text: str, width: int, short: str) -> None:
    assert shorten_url(text, width) == short


def test_shortened_by_what_is_seen() -> None:
    def cells(text: str) -> int:
        return sum(2 if ord(character) > 0x3000 else 1 for character in text)

    assert shorten_url("http://h/日本語日本語", 15, cells) == "http://h/日…語"


@given(st.text(st.characters(codec="ascii", min_codepoint=33), max_size=40), st.integers(0, 60))
def test_host_and_port_stay_whole(path: str, width: int) -> None:
    text = f"https://host.example:8443/{path}"
    origin = "https://host.example:8443"
    short = shorten_url(text, width)
    assert short.startswith(origin)
    assert len(short) <= max(width, len(origin))
