"""Progress on stderr: a bar for terminals, plain lines for logs and screen readers.

A thread draws both on a timer, from counters: rows cost nothing, and a terminal on hold (Ctrl-S)
never blocks the event loop.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

import msgspec
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import visible
from fetchcli.core.units import format_bytes, format_clock
from fetchcli.render.console import outcome_line, safe

TICK_SECONDS = 0.1
BAR_SECONDS = 0.0  # drawn at every tick
PLAIN_SECONDS = 5.0
MAX_MESSAGES = 20
MAX_WAITING = 1_000
RATE_WINDOW = 30


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
    saved: int | None = None
    largest: tuple[tuple[int, str], ...] = ()

    @property
    def waiting(self) -> list[str]:
        """What waits, and why: ``12 retrying``, ``340 paced``, ``2 hosts cooling``."""
        hosts = "host" if self.paused_hosts == 1 else "hosts"
        named = [(self.retrying, "retrying"), (self.paced_rows, "paced"), (self.paused_hosts, f"{hosts} cooling")]
        return [f"{count:,} {what}" for count, what in named if count]


class Progress(ABC):
    """The thread, the messages, and the arithmetic of rate and ETA."""

    def __init__(self, console: Console, counters: Callable[[], Counters], *, every: bool, period: float) -> None:
        self._console = console
        self._counters = counters
        self._every = every
        self._period = period
        self._drawn_at = time.monotonic()
        self._messages: deque[Text] = deque()
        self._failures_seen = 0
        self._began = time.monotonic()
        self._rate_samples: deque[tuple[float, int]] = deque([(self._began, 0)], maxlen=RATE_WINDOW)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetchcli-progress", daemon=True)

    @property
    def congested(self) -> bool:
        """Whether the terminal does not keep up with the messages."""
        return len(self._messages) > MAX_WAITING

    @property
    def wants_accepted(self) -> bool:
        """Whether every outcome is printed."""
        return self._every

    def announce(self, message: str) -> bool:
        """Print a message above the bar."""
        self._messages.append(safe(message))
        return True

    def open(self) -> None:
        """Start drawing."""
        self._thread.start()

    def handle(self, outcome: Outcome) -> None:
        """Print the first failures, or every outcome if asked."""
        if self._every:
            self._messages.append(outcome_line(outcome, self._console.width, verbose=True))
        elif outcome.verdict in (Verdict.FAILED, Verdict.REJECTED):
            self._failures_seen += 1
            if self._failures_seen <= MAX_MESSAGES:
                self._messages.append(outcome_line(outcome, self._console.width))
            elif self._failures_seen == MAX_MESSAGES + 1:
                self._messages.append(Text("further failures are counted, not shown here", style="dim"))

    def close(self, summary: Summary) -> None:
        """Draw a last time and restore the terminal."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            self._print_messages()
            if time.monotonic() - self._drawn_at >= self._period:
                self._tick()
        self._finish()

    def _tick(self) -> None:
        now, counters = time.monotonic(), self._counters()
        self._drawn_at = now
        self._rate_samples.append((now, counters.done))
        self._draw(counters, now - self._began, self._rate())

    def _print_messages(self) -> None:
        while self._messages:
            self._console.print(self._messages.popleft(), overflow="ellipsis", no_wrap=True)

    def _rate(self) -> float:
        """Rows per second over the last few drawings."""
        (then, before), (now, done) = self._rate_samples[0], self._rate_samples[-1]
        return (done - before) / (now - then) if now > then else 0.0

    def _finish(self) -> None:
        self._print_messages()

    @abstractmethod
    def _draw(self, counters: Counters, elapsed: float, rate: float) -> None:
        """Show the state of the run."""


class BarProgress(Progress):
    """A bar on the last line of the terminal, removed at the end of the run."""

    def __init__(self, console: Console, counters: Callable[[], Counters], *, every: bool) -> None:
        super().__init__(console, counters, every=every, period=BAR_SECONDS)
        self._live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False)

    def open(self) -> None:
        """Show the bar at once."""
        self._live.start()
        self._console.show_cursor(True)  # so that no way of ending the process leaves it hidden
        super().open()

    def _draw(self, counters: Counters, elapsed: float, rate: float) -> None:
        self._live.update(bar_line(counters, elapsed, rate), refresh=True)

    def _finish(self) -> None:
        super()._finish()
        self._live.stop()


class PlainProgress(Progress):
    """A line every few seconds; nothing is redrawn."""

    def __init__(self, console: Console, counters: Callable[[], Counters], *, every: bool) -> None:
        super().__init__(console, counters, every=every, period=PLAIN_SECONDS)

    def _draw(self, counters: Counters, elapsed: float, rate: float) -> None:
        self._console.print(plain_line(counters, elapsed, rate), soft_wrap=True)


def time_to_go(counters: Counters, rate: float) -> str:
    """The ETA as a clock, or empty if it cannot be known."""
    if counters.total is None or (rate <= 0 and not counters.wait):
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


def bar_line(counters: Counters, elapsed: float, rate: float) -> RenderableType:
    """One line: bar, done/total, rate, in flight, failures, elapsed and ETA."""
    total = counters.total
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(ratio=1, min_width=8)
    cells: list[RenderableType] = [
        ProgressBar(total=total or None, completed=counters.done, pulse=total is None, width=None)
    ]
    total_text = f"/{total:,}" if total is not None else ""
    cells.append(Text(f"{counters.done:,}{total_text}", style="bold"))
    cells.append(Text(f"{rate:,.0f}/s", style="cyan"))
    cells.append(Text(f"{counters.in_flight} in flight", style="dim"))
    if counters.saved is not None:
        cells.append(Text(f"{format_bytes(counters.saved)} saved", style="cyan"))
    cells += [Text(waiting, style="yellow") for waiting in counters.waiting]
    cells.append(Text(f"{counters.failed:,} failed", style="red" if counters.failed else "dim"))
    eta = time_to_go(counters, rate)
    cells.append(Text(format_clock(elapsed) + (f" ETA {eta}" if eta else ""), style="dim"))
    for _ in cells[1:]:
        table.add_column(no_wrap=True, justify="right")
    table.add_row(*cells)
    bodies = (f"{format_bytes(size):>9}  {visible(url)}" for size, url in counters.largest)
    return Group(table, *(Text(body, style="dim", no_wrap=True, overflow="ellipsis") for body in bodies))
