"""Parse and format durations, sizes and counts."""

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

_NUMBER = r"(?:\d{1,15}(?:\.\d{1,15})?|\.\d{1,15})"
_DURATION = lazy_pattern(rf"{_NUMBER}|(?:{_NUMBER}(?:ms|s|m|h|d))+")
_PART = lazy_pattern(rf"({_NUMBER})(ms|s|m|h|d|)")
_SIZE = lazy_pattern(r"(\d{1,15}(?:\.\d{1,15})?|\.\d{1,15})([kmg]?)b?")
_COUNT = lazy_pattern(r"[0-9]{1,9}")
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def parse_duration(text: str) -> float | None:
    """Seconds of ``500ms``, ``2.5s``, ``1m30s``, ``1d`` or ``2`` (seconds); ``none`` and ``0`` are no limit.

    Raises:
        UsageError: the text is not a duration.
    """
    if text.strip().lower() == "none":
        return None
    written = text.strip().lower()
    if _DURATION.fullmatch(written) is None:
        raise UsageError(f"{text!r} is not a duration; write it as 500ms, 2.5s, 1m30s, 1h or none")
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(written)) or None


def parse_size(text: str) -> int | None:
    """Bytes of ``512``, ``10K``, ``1.5M`` or ``2G`` (powers of 1024, as in curl); ``none`` is no limit.

    Raises:
        UsageError: the text is not a size.
    """
    if text.strip().lower() == "none":
        return None
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is not a size; write it as 512, 10K, 1.5M, 2G or none")
    return int(float(match[1]) * 1024 ** " kmg".index(match[2] or " "))


def parse_count(text: str) -> int | None:
    """A whole number from 1; ``none`` is no limit.

    Raises:
        UsageError: the text is neither.
    """
    if text.strip().lower() == "none":
        return None
    if not _COUNT.fullmatch(text) or int(text) < 1:
        raise UsageError(f"{text!r} is not a whole number from 1, or none")
    return int(text)


def format_size(size: int | None) -> str:
    """A limit as `parse_size` reads it."""
    if size is None:
        return "none"
    for factor, unit in ((1024**3, "G"), (1024**2, "M"), (1024, "K")):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def format_duration(seconds: float | None) -> str:
    """A limit as `parse_duration` reads it."""
    return "none" if seconds is None else f"{seconds:g}s"


def format_seconds(seconds: float) -> str:
    """A latency for people: ``850 µs``, ``12.3 ms``, ``4.56 s``, ``2:05``."""
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1e3:.{0 if seconds >= 0.1 else 1}f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else format_clock(seconds)


def format_days(days: float) -> str:
    """Days until an event: ``7.2 days``; negative if it is past."""
    return f"{days:.1f} days"


def format_clock(seconds: float) -> str:
    """Elapsed or remaining time: ``0:07``, ``12:34``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_bytes(size: float) -> str:
    """A size for people, in powers of 1000: ``812 B``, ``1.4 kB``, ``3.1 MB``."""
    if size < 1000:
        return f"{size:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"
