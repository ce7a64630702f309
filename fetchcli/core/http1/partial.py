"""Parts of a representation (RFC 9110 sections 13, 14): can the rest of a body be asked for, and is this the rest?"""

from fetchcli.core.http1.field_date import parse_date
from fetchcli.core.http1.head import Fields, Head
from fetchcli.core.pattern import lazy_pattern

PARTIAL_CONTENT = 206
# Statuses with which a server answers a request for the rest of a body without sending the whole.
NOT_THE_WHOLE = (PARTIAL_CONTENT, 304, 412, 416)
_CONTENT_RANGE = lazy_pattern(rb"(?i:bytes) +(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_STRONG_TAG = lazy_pattern(rb'"[\x21\x23-\x7e\x80-\xff]*"')


def strong_validator(fields: Fields) -> str:
    """The validator for If-Range: a strong ETag, or a date that is one; empty without.

    A date is strong if the response is at least a second younger (RFC 9110 section 8.8.2.2).
    """
    tags = fields.get(b"etag")
    if tags:
        tag = tags[0]
        return tag.decode("latin-1") if len(tags) == 1 and _STRONG_TAG.fullmatch(tag) else ""
    dates = fields.get(b"last-modified"), fields.get(b"date")
    if dates[0] is None or dates[1] is None:
        return ""
    modified, sent = (parse_date(values[0].decode("latin-1")) for values in dates if values)
    if modified is None or sent is None or (modified.tzinfo is None) != (sent.tzinfo is None):
        return ""
    return dates[0][0].decode("latin-1") if (sent - modified).total_seconds() >= 1 else ""


def offers_ranges(head: Head) -> bool:
    """Whether a server says that it sends parts of this representation."""
    return head.status == 200 and head.has_token(b"accept-ranges", b"bytes")


def length_of(fields: Fields) -> int | None:
    """The Content-Length of a response whose framing was accepted; None without one."""
    values = fields.get(b"content-length")
    return int(values[0].partition(b",")[0]) if values else None


def rest_of(head: Head, first: Head, offset: int) -> int | None:
    """The length of the whole representation if a response is the rest of an earlier one; else None.

    Args:
        head: the response to a request with Range and If-Range.
        first: the response whose body was cut.
        offset: bytes of that body that came.
    """
    values = head.fields.get(b"content-range", [])
    match = _CONTENT_RANGE.fullmatch(values[0]) if head.status == PARTIAL_CONTENT and len(values) == 1 else None
    if match is None or match[3] == b"*":
        return None
    start, last, total = map(int, match.groups())
    known = length_of(first.fields)
    if start != offset or last != total - 1 or (known is not None and known != total):
        return None
    for name in (b"etag", b"last-modified", b"content-encoding"):
        given, before = head.fields.get(name), first.fields.get(name)
        if given != before and (given is not None or name == b"content-encoding"):
            return None
    length = length_of(head.fields)
    return total if length in (None, total - offset) else None
