"""The encoding of a text."""

import pytest

from fetchcli.core.http1.charset import charset_of


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        ("text/html", "utf-8"),
        ('a/b; x=y; Charset="Latin-1"', "Latin-1"),
        ("a/b;charset=nothing", "utf-8"),
        ("a/b; charset=", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_charsets(content_type: str, charset: str) -> None:
    assert charset_of(content_type) == charset
