"""Conditional requests (RFC 9110 section 13, RFC 9111 section 4.3): when to ask, what to ask, what 304 means."""

from collections.abc import Iterable

import msgspec

from fetchcli.core.expect.expectations import BODY_KINDS, Check
from fetchcli.core.http1.field_date import parse_date
from fetchcli.core.http1.head import Fields
from fetchcli.core.http1.partial import PARTIAL_CONTENT
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.request.request import RequestOptions, has_conditions
from fetchcli.core.timings import Timings

NOT_MODIFIED = 304
_VALIDATORS = (b"etag", b"last-modified")
# Checks of what a 304 does not bring.
_NEEDS_RESPONSE = BODY_KINDS | {"header"}


def may_be_known(request: RequestOptions, checks: Iterable[Check]) -> bool:
    """Whether an earlier response can stand for a new one: a plain GET whose checks need neither body nor headers."""
    if request.method != "GET" or request.content is not None or request.content_file is not None or request.form:
        return False
    return not has_conditions(request) and not any(check.kind in _NEEDS_RESPONSE for check in checks)


def conditions(earlier: Earlier) -> tuple[tuple[str, str], ...]:
    """The header fields that ask for a body only if it has changed; none without a validator.

    Invalid dates are not sent. With an ETag the server ignores the date (RFC 9110 section 13.1.3).
    """
    fields = []
    if earlier.etag:
        fields.append(("If-None-Match", earlier.etag))
    if earlier.last_modified and parse_date(earlier.last_modified) is not None:
        fields.append(("If-Modified-Since", earlier.last_modified))
    return tuple(fields)


def with_earlier(response: Response, earlier: Earlier) -> Response:
    """A 304 with what it stands for: type, size and hash of the earlier body (RFC 9111 section 4.3.4).

    It stands for nothing if the request had no conditions in the end, or if its validators are others.
    """
    if not response.not_modified:
        return response
    if not _is_about(response.headers, earlier):
        return msgspec.structs.replace(response, not_modified=False)
    return msgspec.structs.replace(
        response,
        headers={**_validators(earlier), **response.headers},
        content_type=earlier.content_type,
        size_decoded=earlier.size,
        sha256=earlier.sha256,
    )


def from_cache(earlier: Earlier) -> Response:
    """The earlier response, for a row that is not asked for."""
    return Response(
        earlier.status,
        earlier.url,
        Timings(),
        content_type=earlier.content_type,
        size_decoded=earlier.size,
        sha256=earlier.sha256,
        headers=_validators(earlier),
        from_cache=True,
    )


def unasked(response: Response, request: RequestOptions) -> str:
    """What is wrong with a response that brings no whole body, though the request asked for one; or empty."""
    if response.status == NOT_MODIFIED and not response.not_modified:
        return "304, which does not match the conditions sent"
    if response.status == PARTIAL_CONTENT and not any(name.lower() == "range" for name, _ in request.headers):
        return "206, though no range was asked for"
    return ""


def _is_about(headers: Fields, earlier: Earlier) -> bool:
    """Whether the validators of a 304 are those of the earlier response (RFC 9111 section 4.3.4)."""
    tag, modified = (headers.get(name, [b""])[0].decode("utf-8", "surrogateescape") for name in _VALIDATORS)
    if tag and not tag.startswith("W/"):
        return tag == _opaque(earlier.etag)
    if tag and earlier.etag and _opaque(tag) != _opaque(earlier.etag):
        return False
    return not modified or modified == earlier.last_modified


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/")


def _validators(earlier: Earlier) -> Fields:
    fields = zip(_VALIDATORS, (earlier.etag, earlier.last_modified), strict=True)
    return {name: [value.encode("utf-8", "surrogateescape")] for name, value in fields if value}
