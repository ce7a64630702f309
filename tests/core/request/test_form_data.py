"""``--data-urlencode``, held against curl's man page."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.request.form_data import file_of, urlencoded


def read(path: str) -> bytes:
    return f"of {path}".encode()


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        (b"a b&c", b"a+b%26c"),
        (b"=a=b", b"a%3Db"),
        (b"q=x y", b"q=x+y"),
        (b"n a=x", b"n a=x"),  # the name is to be encoded already
        (b"@f", b"of+f"),
        (b"name@f", b"name=of+f"),
        (b"name=a@b", b"name=a%40b"),
        (b"", b""),
        (b"\xff~-._", b"%FF~-._"),
    ],
)
def test_encoded(text: bytes, encoded: bytes) -> None:
    assert urlencoded(text, read) == encoded


@given(st.text())
def test_a_value_is_what_a_server_reads(value: str) -> None:
    text = f"name={value}".encode("utf-8", "surrogatepass")
    if value.encode("utf-8", "replace") == value.encode("utf-8", "surrogatepass"):
        assert parse_qsl(urlencoded(text, read).decode(), keep_blank_values=True) == [("name", value)]


def test_files() -> None:
    assert [file_of(text)[1] for text in (b"a=b@c", b"@c", b"a@c", b"a")] == [None, "c", "c", None]
