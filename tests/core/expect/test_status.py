"""Status sets."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.model.policy import Policy


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("200", [200], [199, 201]),
        ("200..299", [200, 299], [199, 300]),
        ("200..=299", [200, 299], [199, 300]),
        ("2xx, 404", [200, 299, 404], [300, 403]),
        ("200..399,!301", [200, 302], [301, 400]),
        ("!404", [200, 399], [404, 400, 199]),
    ],
)
def test_sets(text: str, inside: list[int], outside: list[int]) -> None:
    statuses = parse_status_set(text)
    assert all(status in statuses for status in inside)
    assert not any(status in statuses for status in outside)


@pytest.mark.parametrize("text", ["", "abc", "200..", "..300", "99", "1000", "200;300", "0xx", "200,", "300..200"])
def test_what_is_no_set_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a status|runs backwards"):
        parse_status_set(text)


def test_the_default_accepts_success_and_redirects() -> None:
    accept = Policy().accept
    assert 200 in accept
    assert 399 in accept
    assert 404 not in accept
