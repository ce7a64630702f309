"""The progress as one line: what there is no room for is left out as a whole, the least important first."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from rich.text import Text

from fetchcli.core.text import visible
from fetchcli.core.units import format_bytes, format_clock

BAR, REST = "━", "─"  # differ without colors, too
MIN_BAR, MAX_BAR = 8, 60
PULSE = 8  # cells that move while the number of rows is unknown


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """State of the run.

    Attributes:
        done: finished rows.
        failed: failed or rejected rows.
        in_flight: requests in flight.
        total: all rows, if known.
        paced_rows: rows that wait for a rate, a cap or a cool-down.
        paused_hosts: hosts that asked for a pause.
        retrying: rows that wait for a retry.
        wait: seconds until the last waiting row may go on.
        awaited: what is waited for (``--wait``): ``503 (try 4), 12 s left``; or empty.
        saved: bytes of saved bodies, or None if none are saved.
        largest: the largest bodies on their way: bytes so far, and the URL.
    """

    done: int
    failed: int
    in_flight: int
    total: int | None
    paced_rows: int = 0
    paused_hosts: int = 0
    retrying: int = 0
    wait: float = 0.0
    awaited: str = ""
    saved: int | None = None
    largest: tuple[tuple[int, str], ...] = ()

    @property
    def waiting(self) -> list[str]:
        """What waits, and why: ``12 retrying``, ``340 paced``, ``2 hosts cooling``."""
        if self.awaited:
            return [f"waiting: {self.awaited}"]
        hosts = "host" if self.paused_hosts == 1 else "hosts"
        named = [(self.retrying, "retrying"), (self.paced_rows, "paced"), (self.paused_hosts, f"{hosts} cooling")]
        return [f"{count:,} {what}" for count, what in named if count]


class _Part(NamedTuple):
    """A part of the line.

    Attributes:
        weight: the least is left out first.
        text: the part.
    """

    weight: int
    text: Text


def time_to_go(counters: Counters, rate: float) -> str:
    """The ETA as a clock, or empty if it cannot be known."""
    if counters.total is None or counters.awaited or (rate <= 0 and not counters.wait):
        return ""
    by_rate = (counters.total - counters.done) / rate if rate > 0 else 0.0
    return format_clock(max(by_rate, counters.wait))


def plain_line(counters: Counters, elapsed: float, rate: float) -> str:
    """``1,234 of 10,000 (12 %), 3 failed, 50 in flight, 245/s, 0:05 elapsed, 0:36 to go``."""
    done = f"{counters.done:,}"
    if counters.total:
        done += f" of {counters.total:,} ({100 * counters.done // counters.total} %)"
    parts = [
        done,
        f"{counters.failed:,} failed",
        f"{counters.in_flight} in flight",
        *counters.waiting,
        f"{rate:,.0f}/s",
    ]
    if counters.saved is not None:
        parts.append(f"{format_bytes(counters.saved)} saved")
    if counters.largest:
        size, url = counters.largest[0]
        parts.append(f"{format_bytes(size)} of {visible(url)}")
    parts.append(f"{format_clock(elapsed)} elapsed")
    if eta := time_to_go(counters, rate):
        parts.append(f"{eta} to go")
    return ", ".join(parts)


def bar_line(counters: Counters, elapsed: float, rate: float, width: int) -> Text:
    """One line of at most ``width`` cells: bar, done/total, rate, in flight, what waits, failures, elapsed and ETA."""
    parts = _parts(counters, elapsed, rate)
    while len(parts) > 1 and _width(parts) + MIN_BAR > width:
        parts.remove(min(parts, key=lambda part: part.weight))
    line = Text(no_wrap=True)
    if (room := min(width - _width(parts), MAX_BAR)) >= MIN_BAR:
        line.append_text(_bar(counters, elapsed, room))
    for part in parts:
        line.append(" " if line else "").append_text(part.text)
    line.truncate(width)
    return line


def _parts(counters: Counters, elapsed: float, rate: float) -> list[_Part]:
    total = f"/{counters.total:,}" if counters.total is not None else ""
    parts = [
        _Part(10, Text(f"{counters.done:,}{total}", style="bold")),
        _Part(3, Text(f"{rate:,.0f}/s", style="cyan")),
        _Part(2, Text(f"{counters.in_flight} in flight", style="dim")),
    ]
    if counters.saved is not None:
        parts.append(_Part(4, Text(f"{format_bytes(counters.saved)} saved", style="cyan")))
    parts += [_Part(8, Text(waiting, style="magenta")) for waiting in counters.waiting]
    parts.append(_Part(9 if counters.failed else 5, Text(f"{counters.failed:,} failed", _failed_style(counters))))
    parts.append(_Part(6, Text(format_clock(elapsed), style="dim")))
    if eta := time_to_go(counters, rate):
        parts.append(_Part(1, Text(f"ETA {eta}", style="dim")))
    return parts


def _failed_style(counters: Counters) -> str:
    return "red" if counters.failed else "dim"


def _width(parts: Sequence[_Part]) -> int:
    """Cells of all parts, with a blank before each."""
    return sum(part.text.cell_len + 1 for part in parts)


def _bar(counters: Counters, elapsed: float, room: int) -> Text:
    """How much is done: in green, whatever came of it; a piece that moves if nobody knows how much there is."""
    if counters.total:
        done = min(room * counters.done // counters.total, room)
        return Text.assemble((BAR * done, "green"), (REST * (room - done), "dim"))
    start = int(elapsed * 10) % (room - PULSE + 1)
    return Text.assemble((REST * start, "dim"), (BAR * PULSE, "green"), (REST * (room - start - PULSE), "dim"))


def body_lines(counters: Counters, width: int) -> list[Text]:
    """The largest bodies on their way."""
    lines = [Text(f"{format_bytes(size):>9}  {visible(url)}", style="dim") for size, url in counters.largest]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines
