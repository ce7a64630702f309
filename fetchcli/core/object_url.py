"""Addresses in object stores: ``s3://bucket/key``."""

from typing import NamedTuple

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

SCHEMES = ("s3", "gs", "az")
_BUCKET = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CONTROL = lazy_pattern(r"[\x00-\x1f\x7f]")


class ObjectUrl(NamedTuple):
    """An address in an object store.

    Attributes:
        scheme: the kind of store.
        bucket: the bucket, or the container of Azure.
        key: the name of the object in it, or the beginning of names; as written, without percent-decoding.
    """

    scheme: str
    bucket: str
    key: str

    @property
    def root(self) -> str:
        """The address of the bucket."""
        return f"{self.scheme}://{self.bucket}"


def is_object_url(text: str) -> bool:
    """Whether a text is an address in an object store."""
    scheme, found, _ = text.partition("://")
    return bool(found) and scheme in SCHEMES


def parse_object_url(text: str) -> ObjectUrl:
    """The parts of the address of one object.

    Raises:
        UsageError: it names no bucket or no object, or is none that a store takes.
    """
    url = parse_object_prefix(text)
    if not url.key or url.key.endswith("/"):
        raise UsageError(f"{text}: expected the name of an object: {url.root}/{url.key}NAME")
    return url


def parse_object_prefix(text: str) -> ObjectUrl:
    """The parts of an address whose key may be empty, or end in ``/``; raises UsageError as `parse_object_url`."""
    scheme, _, rest = text.partition("://")
    bucket, _, key = rest.partition("/")
    if not _BUCKET.fullmatch(bucket):  # perhaps a name and a password stand before it: they are not shown
        raise UsageError(
            f"{scheme}://: expected a bucket, as in {scheme}://bucket/name; credentials are taken from the environment"
        )
    parts = key.removesuffix("/").split("/")
    if key and (_CONTROL.search(key) or any(part in ("", ".", "..") for part in parts)):
        raise UsageError(f"{text!r}: a name in a store has no empty part, no '.' or '..', and no control character")
    return ObjectUrl(scheme, bucket, key)
