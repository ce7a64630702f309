"""File names in Content-Disposition (RFC 6266, RFC 8187)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.http1.disposition import file_name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'attachment; filename="a b.txt"', "a b.txt"),
        (b"attachment; filename=a.txt", "a.txt"),
        (b"inline;FILENAME=a.txt", "a.txt"),
        (b'attachment; filename="a\\"b.txt"', 'a"b.txt'),
        (b"attachment; filename=x; filename*=UTF-8''%e2%82%ac.txt", "\u20ac.txt"),
        (b"attachment; filename*=iso-8859-1'en'%A3.txt", "\xa3.txt"),
        (b"attachment; filename=x; filename*=koi8-r''%A3", "x"),
        (b"attachment; filename=x; filename*=UTF-8''%ff", "x"),
        (b"attachment; filename=x; filename*=broken", "x"),
        (b'attachment; filename="/etc/passwd"', "passwd"),
        (b'attachment; filename="..\\\\..\\\\x"', "x"),
        ('attachment; filename="caf\xe9"'.encode(), "caf\xe9"),
        ('attachment; filename="caf\xe9"'.encode("latin-1"), "caf\xe9"),
        (b"attachment", ""),
        (b"filename=x", ""),
        (b"", ""),
        (b"attachment; filename=a; filename=b", "a"),
        (b'attachment; x="filename=no"; filename=yes', "yes"),
    ],
)
def test_names(value: bytes, name: str) -> None:
    assert file_name({b"content-disposition": [value]}) == name


@given(st.binary(max_size=80))
def test_no_value_is_too_odd(value: bytes) -> None:
    assert "/" not in file_name({b"content-disposition": [b"attachment; " + value]})


def test_without_the_field_there_is_no_name() -> None:
    assert file_name({}) == ""
