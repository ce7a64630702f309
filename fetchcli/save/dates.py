"""The time that a server gives a body."""

from datetime import UTC
from email.utils import parsedate_to_datetime

from fetchcli.core.model.attempt import Response


def last_modified(response: Response) -> float | None:
    """The Last-Modified field in seconds since the epoch; None without a valid one."""
    values = response.headers.get(b"last-modified")
    if not values:
        return None
    try:
        return parsedate_to_datetime(values[0].decode("latin-1")).replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        return None
