"""What is added to a query."""

import pytest

from fetchcli.core.url.added_query import with_query


@pytest.mark.parametrize(
    ("url", "longer"),
    [
        ("http://h", "http://h?a=b"),
        ("http://h/p?x", "http://h/p?x&a=b"),
        ("http://h/p?", "http://h/p?a=b"),
        ("http://h/p?x&#f?", "http://h/p?x&a=b#f?"),
        ("http://h/p#f", "http://h/p?a=b#f"),
    ],
)
def test_it_stands_before_the_fragment(url: str, longer: str) -> None:
    assert with_query(url, "a=b") == longer
