"""Read Set-Cookie fields (RFC 6265 section 5.2, with the mends of RFC 6265bis)."""

import re
from datetime import UTC, datetime

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.request import CONTROL

MAX_PAIR = 4096  # bytes of name and value (RFC 6265bis section 5.6)
MAX_ATTRIBUTE = 1024
MAX_AGE = 400 * 86_400.0  # seconds (RFC 6265bis section 5.5)
EXPIRED = 0.0

_SECONDS = lazy_pattern(r"-?[0-9]+")
_DELIMITERS = lazy_pattern(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = lazy_pattern(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)", re.ASCII)
_DAY = lazy_pattern(r"(\d{1,2})(?!\d)", re.ASCII)
_YEAR = lazy_pattern(r"(\d{2,4})(?!\d)", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """One cookie.

    Attributes:
        name: may be empty.
        value: as received.
        domain: host that it belongs to, without a leading dot.
        host_only: it is sent to that host alone, not to its subdomains.
        path: it is sent with this path and what is below.
        secure: it is sent over https only.
        http_only: scripts do not see it.
        expires: seconds since the epoch, or None at the end of the session.
    """

    name: str
    value: str
    domain: str
    host_only: bool = True
    path: str = "/"
    secure: bool = False
    http_only: bool = False
    expires: float | None = None

    def __post_init__(self) -> None:
        """Validate the values: they are sent as they are."""
        if any(map(CONTROL.search, (self.name, self.value, self.domain, self.path))):
            raise UsageError(f"cookie {self.name!r} contains a control character")  # the value may be a secret


def parse_set_cookie(line: str, host: str, target: str, *, now: float) -> Cookie | None:
    """The cookie of a Set-Cookie field, or None if it is not well-formed.

    Args:
        line: value of the field.
        host: host that sent it.
        target: request target that it answers.
        now: seconds since the epoch; a cookie that has expired has ``expires`` `EXPIRED`.
    """
    pair, *parts = line.split(";")
    name, equals, value = pair.partition("=")
    name, value = (name.strip(" \t"), value.strip(" \t")) if equals else ("", name.strip(" \t"))
    size = len((name + value).encode("utf-8", "surrogateescape"))
    if CONTROL.search(line) or not 0 < size <= MAX_PAIR:
        return None
    attributes = _attributes(parts)
    domain, path = attributes.get("domain", "").removeprefix(".").lower(), attributes.get("path", "")
    return Cookie(
        name=name,
        value=value,
        domain=domain or host,
        host_only=not domain,
        path=path if path.startswith("/") else _default_path(target),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        expires=_expires(attributes, now),
    )


def _attributes(parts: list[str]) -> dict[str, str]:
    """Values by lower-case name; the last one of a name counts, and one that is too long is ignored."""
    pairs = (part.partition("=") for part in parts)
    return {key.strip(" \t").lower(): value.strip(" \t") for key, _, value in pairs if len(value) <= MAX_ATTRIBUTE}


def _expires(attributes: dict[str, str], now: float) -> float | None:
    """When a cookie expires, or None with the session; Max-Age takes precedence over Expires."""
    seconds = attributes.get("max-age", "")
    until = parse_date(attributes["expires"]) if "expires" in attributes else None
    if _SECONDS.fullmatch(seconds):
        until = now + float(seconds[:20])
    if until is None:
        return None
    return EXPIRED if until <= now else min(until, now + MAX_AGE)


def parse_date(text: str) -> float | None:
    """Seconds since the epoch of a cookie date (RFC 6265 section 5.1.1), or None."""
    time = day = month = year = None
    for token in _DELIMITERS.split(text):
        if time is None and (found := _TIME.match(token)):
            time = tuple(map(int, found.groups()))
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    try:
        hour, minute, second = time
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() if year > 1600 else None
    except ValueError:
        return None


def _default_path(target: str) -> str:
    path = target.partition("?")[0]
    return path[: path.rindex("/")] or "/" if path.startswith("/") else "/"
