"""Which bodies can go on after a cut, and which response has the rest (RFC 9110 sections 13 and 14)."""

import pytest

from fetchcli.core.http1.head import Head, parse_head
from fetchcli.core.http1.partial import length_of, offers_ranges, rest_of, strong_validator

MODIFIED = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"


def head(status: int, *lines: str) -> Head:
    return parse_head("\r\n".join([f"HTTP/1.1 {status} X", *lines, ""]).encode("latin-1"))


@pytest.mark.parametrize(
    ("lines", "validator"),
    [
        (['ETag: "abc"'], '"abc"'),
        (['ETag: W/"abc"'], ""),
        (['ETag: W/"abc"', MODIFIED, "Date: Mon, 07 Nov 1994 08:49:37 GMT"], ""),
        (["ETag: abc"], ""),
        (['ETag: "a"', 'ETag: "b"'], ""),
        ([], ""),
        ([MODIFIED], ""),
        ([MODIFIED, "Date: Sun, 06 Nov 1994 08:49:38 GMT"], "Sun, 06 Nov 1994 08:49:37 GMT"),
        ([MODIFIED, "Date: Sun, 06 Nov 1994 08:49:37 GMT"], ""),
        ([MODIFIED, "Date: soon"], ""),
        ([MODIFIED, "Date: Sun, 06 Nov 1994 08:49:38 -0000"], ""),
        (["Last-Modified: 1", "Date: Sun, 06 Nov 1994 08:49:37 GMT"], ""),
    ],
)
def test_validators(lines: list[str], validator: str) -> None:
    assert strong_validator(head(200, *lines).fields) == validator


def test_the_server_must_offer_ranges() -> None:
    assert offers_ranges(head(200, "Accept-Ranges: bytes"))
    assert not offers_ranges(head(200, "Accept-Ranges: none"))
    assert not offers_ranges(head(206, "Accept-Ranges: bytes"))
    assert not offers_ranges(head(200))
    assert length_of(head(200, "Content-Length: 5, 5").fields) == 5
    assert length_of(head(200).fields) is None


FIRST = head(200, "Content-Length: 100", 'ETag: "a"')


@pytest.mark.parametrize(
    ("rest", "first", "total"),
    [
        (head(206, "Content-Range: bytes 40-99/100", 'ETag: "a"', "Content-Length: 60"), FIRST, 100),
        (head(206, "Content-Range: bytes 40-99/100"), FIRST, 100),
        (head(206, "Content-Range: bytes 40-119/120"), head(200, 'ETag: "a"'), 120),
        (head(200, "Content-Range: bytes 40-99/100"), FIRST, None),
        (head(206), FIRST, None),
        (head(206, "Content-Range: bytes 41-99/100"), FIRST, None),
        (head(206, "Content-Range: bytes 40-98/100"), FIRST, None),
        (head(206, "Content-Range: bytes 40-119/120"), FIRST, None),
        (head(206, "Content-Range: bytes 40-99/*"), FIRST, None),
        (head(206, "Content-Range: lines 40-99/100"), FIRST, None),
        (head(206, "Content-Range: bytes 40-99/100", "Content-Range: bytes 40-99/100"), FIRST, None),
        (head(206, "Content-Range: bytes 40-99/100", 'ETag: "b"'), FIRST, None),
        (head(206, "Content-Range: bytes 40-99/100", "Content-Encoding: gzip"), FIRST, None),
        (head(206, "Content-Range: bytes 40-99/100", "Content-Length: 61"), FIRST, None),
        (
            head(206, "Content-Range: bytes 40-99/100"),
            head(200, "Content-Length: 100", "Content-Encoding: gzip"),
            None,
        ),
    ],
)
def test_the_rest_of_a_body(rest: Head, first: Head, total: int | None) -> None:
    assert rest_of(rest, first, 40) == total
