"""What is settled once for all rows with one request."""

from typing import NamedTuple

from fetchcli.core.request.request import RequestOptions, asks_to_close, header_fields, user_host
from fetchcli.transport.base import SharedFields


class PreparedRequest(NamedTuple):
    """What all rows with one request share.

    Attributes:
        shared: the header fields.
        host: the Host field that the user asked for, or None.
        last: the user asked for the connection to be closed.
        authorized: the user set the Authorization field.
        once: it must not be repeated.
        cookie: value of the user's Cookie field, if it is not among the header fields.
    """

    shared: SharedFields
    host: str | None
    last: bool
    authorized: bool
    cookie: str
    once: bool


def prepared(request: RequestOptions, *, defaults: dict[str, str], has_jar: bool) -> PreparedRequest:
    """Prepare a request.

    Args:
        request: the request.
        defaults: header fields where the user sets none.
        has_jar: cookies of a jar are added to those of the user.
    """
    fields, cookie = header_fields(request, defaults), ""
    authorized = any(name.lower() == "authorization" for name, _ in request.headers)
    if has_jar:  # they go into one field (RFC 6265 section 5.4)
        cookie = "; ".join(value for name, value in fields if name.lower() == "cookie")
        fields = tuple(field for field in fields if field[0].lower() != "cookie")
    return PreparedRequest(
        SharedFields(fields), user_host(request), asks_to_close(request), authorized, cookie, not request.idempotent
    )
