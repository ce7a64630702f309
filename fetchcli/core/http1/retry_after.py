"""Headers that say when to come back: Retry-After, RateLimit, X-RateLimit-*."""

import re
from datetime import UTC

from fetchcli.core.http1.field_date import parse_date
from fetchcli.core.http1.head import Fields
from fetchcli.core.pattern import lazy_pattern

_SECONDS = lazy_pattern(rb"\d{1,12}(?:\.\d+)?")
# Structured: `"default";r=0;t=5` (draft-ietf-httpapi-ratelimit-headers-10), and the old form: `remaining=0, reset=5`.
_REMAINING = lazy_pattern(rb"(?:^|[;,\s])(?:r|remaining)\s*=\s*(\d{1,12})(?!\d)", re.IGNORECASE)
_RESET = lazy_pattern(rb"(?:^|[;,\s])(?:t|reset)\s*=\s*(\d{1,12})(?!\d)", re.IGNORECASE)
_PREFIXES = (b"x-ratelimit-", b"x-rate-limit-", b"ratelimit-")
_NAMES = frozenset({b"ratelimit", *(prefix + b"remaining" for prefix in _PREFIXES)})
_PAUSES = _NAMES | {b"retry-after"}
_EPOCH = 1_000_000_000  # an X-RateLimit-Reset from here on is a time, not a duration


def retry_after(fields: Fields, wall: float) -> float | None:
    """Seconds that Retry-After asks for (RFC 9110 section 10.2.3), or None.

    Args:
        fields: the header section.
        wall: seconds since the epoch; a date is relative to the server's own Date if it sends one.
    """
    value = _first(fields, b"retry-after")
    if value is None:
        return None
    if _SECONDS.fullmatch(value):
        return float(value)
    when, now = _date(value), _date(_first(fields, b"date") or b"")
    return None if when is None else max(0.0, when - (wall if now is None else now))


def may_ask_for_pause(fields: Fields) -> bool:
    """Whether any of these headers is there; in most responses none is."""
    return not _PAUSES.isdisjoint(fields)


def quota_reset(fields: Fields, wall: float) -> float | None:
    """Seconds until an exhausted quota is refilled, or None if none is exhausted."""
    if _NAMES.isdisjoint(fields):
        return None
    for value in fields.get(b"ratelimit", []):
        # Commas separate quotas and semicolons parts of one quota; older drafts had it the other way round.
        for item in value.split(b",") if b";" in value else (value,):
            remaining, reset = _REMAINING.search(item), _RESET.search(item)
            if remaining and reset and int(remaining[1]) == 0:
                return float(reset[1])
    for prefix in _PREFIXES:
        remains, resets = _first(fields, prefix + b"remaining"), _first(fields, prefix + b"reset")
        if remains == b"0" and resets is not None and _SECONDS.fullmatch(resets):
            seconds = float(resets)
            return max(0.0, seconds - wall) if seconds >= _EPOCH else seconds
    return None


def requested_seconds(fields: Fields, wall: float, *, accepted: bool) -> float | None:
    """Seconds for which the host asks not to be sent requests, or None.

    Args:
        fields: the header section.
        wall: seconds since the epoch.
        accepted: the status was accepted, so only an exhausted quota counts.
    """
    seconds = None if accepted else retry_after(fields, wall)
    return quota_reset(fields, wall) if seconds is None else seconds


def _first(fields: Fields, name: bytes) -> bytes | None:
    values = fields.get(name)
    return values[0] if values else None


def _date(value: bytes) -> float | None:
    when = parse_date(value.decode()) if value.isascii() else None
    return None if when is None else (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
