"""BEHAVIOUR 44, 45, 47-49: which redirects are followed."""

import pytest

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import REDIRECT_STATUSES
from fetchcli.core.model.policy import Redirects
from fetchcli.core.schedule.redirects import next_hop
from fetchcli.core.url.parse import parse_url

URL = parse_url("http://h/a")


def problem_kind(status: int, locations: list[bytes], taken: int = 0, policy: Redirects | None = None) -> ErrorKind:
    with pytest.raises(TransportError) as caught:
        next_hop(URL, status, locations, taken, policy or Redirects())
    return caught.value.failure.kind


@pytest.mark.parametrize("status", sorted(REDIRECT_STATUSES))
def test_redirects_are_followed(status: int) -> None:
    following = next_hop(URL, status, [b"/b"], 0, Redirects())
    assert following is not None
    assert following.text == "http://h/b"


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 404])
def test_other_statuses_are_the_end(status: int) -> None:
    assert next_hop(URL, status, [b"/b"], 0, Redirects()) is None


def test_nothing_is_followed_when_not_asked_to() -> None:
    assert next_hop(URL, 302, [], 0, Redirects(follow=False)) is None


@pytest.mark.parametrize("location", [b"file:///etc/passwd", b"javascript:x", b"ws://h/", b"http://", b"//a b/"])
def test_44_other_schemes_and_broken_locations_are_invalid(location: bytes) -> None:
    assert problem_kind(302, [location]) is ErrorKind.REDIRECT_INVALID


def test_45_differing_locations_are_invalid_and_equal_ones_pass() -> None:
    assert problem_kind(302, [b"/a", b"/b"]) is ErrorKind.REDIRECT_INVALID
    assert next_hop(URL, 302, [b"/b", b"/b "], 0, Redirects()) == parse_url("http://h/b")


def test_47_no_location() -> None:
    assert next_hop(URL, 301, [], 0, Redirects()) is None
    assert next_hop(URL, 301, [b" "], 0, Redirects()) is None


def test_48_bytes_beyond_ascii_are_encoded() -> None:
    following = next_hop(URL, 302, [b"/caf\xe9 x"], 0, Redirects())
    assert following is not None
    assert following.target == "/caf%E9%20x"


@pytest.mark.parametrize("limit", [0, 1, 10])
def test_49_exactly_the_limit_is_followed(limit: int) -> None:
    policy = Redirects(limit=limit)
    for taken in range(limit):
        assert next_hop(URL, 302, [b"/b"], taken, policy) is not None
    assert problem_kind(302, [b"/b"], limit, policy) is ErrorKind.REDIRECT_LIMIT


def test_38_from_https_to_http_only_where_allowed() -> None:
    secure = parse_url("https://h/a")
    with pytest.raises(TransportError, match="allow-downgrade") as caught:
        next_hop(secure, 302, [b"http://h/b"], 0, Redirects())
    assert caught.value.failure.kind is ErrorKind.REDIRECT_INVALID
    following = next_hop(secure, 302, [b"http://h/b"], 0, Redirects(downgrade=True))
    assert following == parse_url("http://h/b")
    assert next_hop(secure, 302, [b"//h/b"], 0, Redirects()) == parse_url("https://h/b")
