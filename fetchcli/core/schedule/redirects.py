"""Decide whether to follow a redirect, and where to."""

from fetchcli.core.errors import ErrorKind, InvalidUrl, TransportError
from fetchcli.core.http1.head import REDIRECT_STATUSES
from fetchcli.core.model.policy import Redirects
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.text import shorten
from fetchcli.core.url.parse import HttpUrl, mask_credentials, resolve

MAX_SHOWN = 200  # characters of a URL in a message
_NOT_VISIBLE_ASCII = lazy_pattern(rb"[^!-~]")


def next_hop(
    url: HttpUrl, status: int, locations: list[bytes], redirect_count: int, policy: Redirects
) -> HttpUrl | None:
    """The URL to request next, or None if this response is the last one, as one without a Location is.

    Args:
        url: URL of the response.
        status: its status.
        locations: raw values of its Location fields.
        redirect_count: number of redirects followed so far.
        policy: whether to follow, and how many.

    Raises:
        TransportError: `redirect_invalid` or `redirect_limit` (as in curl, exactly ``limit`` redirects are followed).
    """
    if status not in REDIRECT_STATUSES or not policy.follow:
        return None
    distinct = {value.strip() for value in locations} - {b""}
    if not distinct:
        return None
    if len(distinct) > 1:
        raise TransportError(ErrorKind.REDIRECT_INVALID, f"status {status} with {len(distinct)} differing Locations")
    if redirect_count >= policy.limit:
        raise TransportError(ErrorKind.REDIRECT_LIMIT, f"more than {policy.limit} redirects (--max-redirs)")
    location = _NOT_VISIBLE_ASCII.sub(lambda m: b"%%%02X" % m[0][0], distinct.pop()).decode("ascii")
    try:
        target = resolve(url, location)
    except InvalidUrl as error:
        raise TransportError(
            ErrorKind.REDIRECT_INVALID, f"Location {shorten(mask_credentials(location), MAX_SHOWN)!r}: {error}"
        ) from None
    if (url.scheme, target.scheme) == ("https", "http") and not policy.downgrade:
        detail = f"from https to {shorten(target.text, MAX_SHOWN)}, which is not secure (--allow-downgrade follows)"
        raise TransportError(ErrorKind.REDIRECT_INVALID, detail)
    return target
