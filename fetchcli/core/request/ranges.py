"""Byte ranges of a request (RFC 9110 section 14)."""

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

_RANGE = lazy_pattern(r"([0-9]{0,18})(?:-([0-9]{0,18}))?")


def parse_ranges(text: str) -> str:
    """The value of the Range field for curl's ``-r``: ``0-499``, ``500-``, ``-500``, ``4`` (from there on), ``0-0,-1``.

    Raises:
        UsageError: the text is no list of byte ranges.
    """
    return "bytes=" + ",".join(_parse_range(part.strip(), text) for part in text.split(","))


def _parse_range(part: str, text: str) -> str:
    match = _RANGE.fullmatch(part)
    first, last = match.groups() if match else ("", None)
    if not (first or last) or (first and last and int(first) > int(last)):
        raise UsageError(f"expected a byte range such as 0-499, 500- or -500, got {text!r}")
    return f"{first}-{last or ''}"
