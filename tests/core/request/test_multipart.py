"""``-F``: forms, as curl writes them."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.request.multipart import Part, boundary_of, encode_form, form_files, label_form, parse_part

FILES = {"a.png": b"\x89PNG", "notes": b"text", "x/y.TXT": b"t", "two;words,x": b"2"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a=b", Part(name="a", content=b"b")),
        ("a=", Part(name="a", content=b"")),
        ("a=b=c", Part(name="a", content=b"b=c")),
        ("a=@a.png", Part(name="a", content=b"\x89PNG", filename="a.png", content_type="image/png")),
        ("a=@notes", Part(name="a", content=b"text", filename="notes", content_type="application/octet-stream")),
        ("a=@x/y.TXT", Part(name="a", content=b"t", filename="y.TXT", content_type="text/plain")),
        ("a=@notes;type=text/x;filename=n", Part(name="a", content=b"text", filename="n", content_type="text/x")),
        (
            'a=@notes;filename="a;b\\"c"',
            Part(name="a", content=b"text", filename='a;b"c', content_type="application/octet-stream"),
        ),
        ("a=<notes", Part(name="a", content=b"text")),
        ("a=<notes;type=text/x", Part(name="a", content=b"text", filename=None, content_type="text/x")),
        ("a={};type=application/json", Part(name="a", content=b"{}", filename=None, content_type="application/json")),
        ('a="x;y"', Part(name="a", content=b"x;y")),
        ('a="b;type=c"', Part(name="a", content=b"b;type=c")),
        (
            "a=b;type=text/plain;charset=utf-8",
            Part(name="a", content=b"b", filename=None, content_type="text/plain;charset=utf-8"),
        ),
        (
            "a=@notes;type=text/plain; charset=utf-8",
            Part(name="a", content=b"text", filename="notes", content_type="text/plain; charset=utf-8"),
        ),
        ('a="x\\;\\n\\\\\\""', Part(name="a", content=b'x\\;\\n\\"')),
        ("a=<notes;filename=z", Part(name="a", content=b"text")),
        (
            'a=@"two;words,x"',
            Part(name="a", content=b"2", filename="two;words,x", content_type="application/octet-stream"),
        ),
        ('a="@notes"', Part(name="a", content=b"@notes")),
        ("a=b;c", Part(name="a", content=b"b")),
        ("a= b", Part(name="a", content=b"b")),
        ("a=b;filename=", Part(name="a", content=b"b", filename="")),
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
    parts = [
        Part(name='na"me', content=b"x"),
        Part(name="f", content=b"\0", filename="a\r\nb", content_type="image/png"),
    ]
    assert encode_form(parts, "BOUNDARY") == (
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="na%22me"\r\n\r\nx\r\n'
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="f"; filename="a%0D%0Ab"\r\n'
        b"Content-Type: image/png\r\n\r\n\0\r\n--BOUNDARY--\r\n"
    )


def test_the_boundary_goes_behind_the_type_of_the_user_or_our_own() -> None:
    assert boundary_of("0" * 22) == "-" * 24 + "0" * 22
    ours = (("X", "1"), ("Content-Type", "multipart/form-data; boundary=B"))
    assert label_form((("X", "1"),), "B") == ours
    assert label_form((("content-type", ";"), ("X", "1")), "B") == ours
    assert label_form((("CONTENT-TYPE", "a/b"),), "B") == (("Content-Type", "a/b; boundary=B"),)


def test_the_files_of_a_form() -> None:
    assert form_files(["a=b", "f=@a.png", "g=<notes"]) == ["a.png", "notes"]
    with pytest.raises(UsageError, match="--form: expected NAME=TEXT"):
        form_files(["a"])
