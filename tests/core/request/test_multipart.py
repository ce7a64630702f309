"""``-F``: forms, as curl writes them."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.request.multipart import Part, encode_form, parse_part

FILES = {"a.png": b"\x89PNG", "notes": b"text", "x/y.TXT": b"t", "two;words,x": b"2"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a=b", Part("a", b"b")),
        ("a=", Part("a", b"")),
        ("a=b=c", Part("a", b"b=c")),
        ("a=@a.png", Part("a", b"\x89PNG", "a.png", "image/png")),
        ("a=@notes", Part("a", b"text", "notes", "application/octet-stream")),
        ("a=@x/y.TXT", Part("a", b"t", "y.TXT", "text/plain")),
        ("a=@notes;type=text/x;filename=n", Part("a", b"text", "n", "text/x")),
        ('a=@notes;filename="a;b\\"c"', Part("a", b"text", 'a;b"c', "application/octet-stream")),
        ("a=<notes", Part("a", b"text")),
        ("a=<notes;type=text/x", Part("a", b"text", None, "text/x")),
        ("a={};type=application/json", Part("a", b"{}", None, "application/json")),
        ('a="x;y"', Part("a", b"x;y")),
        ('a="b;type=c"', Part("a", b"b;type=c")),
        ("a=b;type=text/plain;charset=utf-8", Part("a", b"b", None, "text/plain;charset=utf-8")),
        ("a=@notes;type=text/plain; charset=utf-8", Part("a", b"text", "notes", "text/plain; charset=utf-8")),
        ('a="x\\;\\n\\\\\\""', Part("a", b'x\\;\\n\\"')),
        ("a=<notes;filename=z", Part("a", b"text")),
        ('a=@"two;words,x"', Part("a", b"2", "two;words,x", "application/octet-stream")),
        ('a="@notes"', Part("a", b"@notes")),
        ("a=b;c", Part("a", b"b")),
        ("a= b", Part("a", b"b")),
        ("a=b;filename=", Part("a", b"b", "")),
    ],
)
def test_parts(text: str, part: Part) -> None:
    assert parse_part(text, FILES.__getitem__) == part


@pytest.mark.parametrize("text", ["a=@b,c", "a=b;headers=X: y", "a=b;encoder=base64"])
def test_what_curl_can_and_we_cannot_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--form: "):
        parse_part(text, FILES.__getitem__)


@pytest.mark.parametrize("text", ["a", "=b", ""])
def test_what_is_no_part(text: str) -> None:
    with pytest.raises(UsageError, match="--form: expected NAME=TEXT"):
        parse_part(text, FILES.__getitem__)


def test_the_content() -> None:
    parts = [Part('na"me', b"x"), Part("f", b"\0", "a\r\nb", "image/png")]
    assert encode_form(parts, "BOUNDARY") == (
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="na%22me"\r\n\r\nx\r\n'
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="f"; filename="a%0D%0Ab"\r\n'
        b"Content-Type: image/png\r\n\r\n\0\r\n--BOUNDARY--\r\n"
    )
