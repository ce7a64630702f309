"""The key of a row."""

from fetchcli.core.model.target import Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.rows.key import row_key
from fetchcli.core.url.parse import parse_url
from tests.support.outcomes import rejected


def test_what_a_key_depends_on() -> None:
    url = parse_url("http://u:p@h/a")
    plain = Target(1, url, request=RequestOptions())
    assert row_key(plain) == row_key(
        Target(7, parse_url("http://u:other@h/a"), "x", 9, RequestOptions(headers=(("A", "b"),)))
    )
    others = [
        Target(1, parse_url("http://h/b"), request=RequestOptions()),
        Target(1, url, request=RequestOptions("PUT")),
        Target(1, url, request=RequestOptions(), row_request=RowRequest(body="x")),
        Target(1, url, request=RequestOptions(), row_request=RowRequest(headers=(("A", "b"),))),
        rejected().row,
    ]
    assert len({row_key(row) for row in (plain, *others)}) == 6
    secret = [Target(1, url, row_request=RowRequest(headers=(("X-Token", text),))) for text in "ab"]
    assert row_key(secret[0]) == row_key(secret[1])
    assert len(row_key(plain)) == 16
