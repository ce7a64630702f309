"""Addresses in object stores."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.object_url import ObjectUrl, is_object_url, parse_object_prefix, parse_object_url


@pytest.mark.parametrize(
    ("text", "found"),
    [("s3://b/k", True), ("gs://b", True), ("az://", True), ("s3:/b/k", False), ("s3", False), ("http://s3/", False)],
)
def test_what_is_one(text: str, found: bool) -> None:
    assert is_object_url(text) is found


def test_parts() -> None:
    url = parse_object_url("s3://my.bucket-1/a b/%2F?x=1#y")
    assert url == ObjectUrl("s3", "my.bucket-1", "a b/%2F?x=1#y")
    assert url.root == "s3://my.bucket-1"
    assert parse_object_prefix("gs://b") == parse_object_prefix("gs://b/") == ObjectUrl("gs", "b", "")
    assert parse_object_prefix("az://b/x/").key == "x/"


@pytest.mark.parametrize("text", ["s3://", "s3:///k", "s3://me:pw@b/k", "s3://-b/k", "s3://b", "s3://b/", "s3://b/x/"])
def test_what_names_no_object(text: str) -> None:
    with pytest.raises(UsageError, match="expected") as raised:
        parse_object_url(text)
    assert "pw" not in str(raised.value)


@pytest.mark.parametrize("key", ["a//b", "/a", "../a", "a/./b", "a/..", "a\nb"])
def test_what_no_store_takes(key: str) -> None:
    with pytest.raises(UsageError, match="a name in a store"):
        parse_object_url(f"s3://b/{key}")
