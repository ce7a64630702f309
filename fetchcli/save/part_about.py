"""What stands beside a body that was cut off: the head of its response, and the validator for the rest."""

import msgspec

from fetchcli.core.http1.head import Head


class _About(msgspec.Struct):
    url: str
    status: int
    minor: int
    fields: dict[str, list[str]]
    validator: str


def encode_about(url: str, head: Head, validator: str) -> bytes:
    """As JSON; bytes of the fields are written as Latin-1."""
    fields = {
        name.decode("latin-1"): [value.decode("latin-1") for value in values] for name, values in head.fields.items()
    }
    return msgspec.json.encode(_About(url, head.status, head.minor, fields, validator))


def decode_about(data: bytes) -> tuple[str, Head, str] | None:
    """The URL, the head and the validator; None if the data is malformed."""
    try:
        about = msgspec.json.decode(data, type=_About)
        fields = {
            name.encode("latin-1"): [value.encode("latin-1") for value in values]
            for name, values in about.fields.items()
        }
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None
    return about.url, Head(about.status, about.minor, fields), about.validator
