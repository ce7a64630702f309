"""Durations and sizes."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.units import (
    format_bytes,
    format_clock,
    format_duration,
    format_seconds,
    format_size,
    parse_count,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("2.5s", 2.5), ("1m", 60), ("1H", 3600), ("2", 2), (".5", 0.5), ("none", None), ("0", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "abc", "-1s", "1w", "1 s", "1e3", "nan", "inf", "9" * 400])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512), ("10K", 10240), ("1.5m", 1572864), ("2GB", 2 << 30), ("0", 0), ("none", None)]
)
def test_sizes(text: str, size: int | None) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1T", "1 K", "K", "1e3", "9" * 400])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a size"):
        parse_size(text)


@pytest.mark.parametrize("seconds", [30.0, 0.5, None])
def test_a_formatted_duration_reads_back(seconds: float | None) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00085, "850 µs"), (0.0123, "12.3 ms"), (0.123, "123 ms"), (4.561, "4.56 s"), (125, "2:05")],
)
def test_seconds_for_people(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(7.4, "0:07"), (754, "12:34"), (3723, "1:02:03")])
def test_clock(seconds: float, text: str) -> None:
    assert format_clock(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(812, "812 B"), (1400, "1.4 kB"), (999_999, "1.0 MB"), (3_100_000_000, "3.1 GB"), (5e15, "5000.0 TB")],
)
def test_bytes_for_people(size: float, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(("text", "count"), [("1", 1), ("250", 250), ("none", None), (" None ", None)])
def test_counts(text: str, count: int | None) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "x"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a whole number from 1, or none"):
        parse_count(text)


@pytest.mark.parametrize(
    ("size", "text"), [(None, "none"), (0, "0"), (512, "512"), (10240, "10K"), (3 << 20, "3M"), (2 << 30, "2G")]
)
def test_a_formatted_size_reads_back(size: int | None, text: str) -> None:
    assert format_size(size) == text
    assert parse_size(text) == size
