"""``--glob``: curl's URL globbing."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import UsageError
from fetchcli.core.url.globbing import count, expand, parse_glob


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("http://h/", ["http://h/"]),
        ("http://{a,b}.h/", ["http://a.h/", "http://b.h/"]),
        ("http://h/[1-3]", ["http://h/1", "http://h/2", "http://h/3"]),
        ("http://h/[1-10:4]", ["http://h/1", "http://h/5", "http://h/9"]),
        ("http://h/[08-11]", ["http://h/08", "http://h/09", "http://h/10", "http://h/11"]),
        ("http://h/[a-c]", ["http://h/a", "http://h/b", "http://h/c"]),
        ("http://h/[A-E:2]", ["http://h/A", "http://h/C", "http://h/E"]),
        ("http://h/{a,b}[1-2]", ["http://h/a1", "http://h/a2", "http://h/b1", "http://h/b2"]),
        ("http://h/{a,}x", ["http://h/ax", "http://h/x"]),
        (r"http://h/\[1-3\]\{a\,b\}", ["http://h/[1-3]{a,b}"]),
        (r"http://h/{a\,b,c\}}", ["http://h/a,b", "http://h/c}"]),
        ("http://[::1]:80/[1-2]", ["http://[::1]:80/1", "http://[::1]:80/2"]),
        (r"http://h/a\b", [r"http://h/a\b"]),
        ("http://h/[7-7]", ["http://h/7"]),
    ],
)
def test_what_stands_for_many(text: str, urls: list[str]) -> None:
    parts = parse_glob(text)
    assert list(expand(parts)) == urls
    assert count(parts) == len(urls)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://h/{a", "unclosed '{' at character 10"),
        ("http://h/[1-2", "unclosed '[' at character 10"),
        ("http://h/a}", "unmatched '}' at character 11"),
        ("http://h/]", "unmatched ']' at character 10"),
        ("http://h/{}", "empty braces at character 10"),
        ("http://h/{a,{b}}", "'{' inside another at character 13"),
        ("http://h/[3-1]", "expected a range like"),
        ("http://h/[z-a]", "expected a range like"),
        ("http://h/[a-Z]", "expected a range like"),
        ("http://h/[1-3:0]", "expected a range like"),
        ("http://h/[x]", "expected a range like"),
        ("http://h/{a\\", "unclosed '{'"),
    ],
)
def test_what_curl_would_refuse(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("{", r"\{").replace("[", r"\[")):
        parse_glob(text)


def test_many_globs_and_many_addresses() -> None:
    assert list(expand(parse_glob("http://h/" + "{a}" * 3000))) == ["http://h/" + "a" * 3000]
    assert count(parse_glob("http://" + "[::1]" * 20_000)) == 1


def test_it_is_lazy() -> None:
    parts = parse_glob("http://h/[1-999999999999]/[a-z]")
    assert list(islice(expand(parts), 2)) == ["http://h/1/a", "http://h/1/b"]
    assert count(parts) == 999_999_999_999 * 26


@given(st.text(alphabet="ab{}[]-,:\\19", max_size=12))
def test_any_text_is_expanded_or_refused(text: str) -> None:
    try:
        parts = parse_glob(text)
    except UsageError:
        return
    assert len(list(islice(expand(parts), 200))) == min(200, count(parts))
