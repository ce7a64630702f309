"""The time that a server gives a body."""

from datetime import UTC

from fetchcli.core.http1.field_date import parse_date
from fetchcli.core.model.attempt import Response


def last_modified(response: Response) -> float | None:
    """The Last-Modified field in seconds since the epoch; None without a valid one."""
    values = response.headers.get(b"last-modified")
    when = parse_date(values[0].decode("latin-1")) if values else None
    return None if when is None else when.replace(tzinfo=UTC).timestamp()
