"""Progress on stderr: a bar for terminals, plain lines for logs and screen readers.

A thread draws both on a timer, from counters: rows cost nothing, and a terminal on hold (Ctrl-S)
never blocks the event loop.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.summary.failure_groups import FailureGroup, FailureGroups
from fetchcli.core.summary.summary import Summary
from fetchcli.render.bar import Counters, bar_line, body_lines, plain_line
from fetchcli.render.bottom import Bottom
from fetchcli.render.console import outcome_line, safe
from fetchcli.render.row_lines import group_line

TICK_SECONDS = 0.1
BAR_SECONDS = 0.0  # drawn at every tick
PLAIN_SECONDS = 5.0
MAX_MESSAGES = 20
MAX_KINDS = 3  # lines of failures above the bar
MAX_WAITING = 1_000
RATE_WINDOW = 30


class Progress(ABC):
    """The thread, the messages, and the arithmetic of rate and ETA."""

    def __init__(self, console: Console, counters: Callable[[], Counters], *, every: bool, period: float) -> None:
        self._console = console
        self._counters = counters
        self._every = every
        self._period = period
        self._drawn_at = time.monotonic()
        self._messages: deque[Text] = deque()
        self._failures = FailureGroups()
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
        """Count failures that are alike; print every outcome if asked."""
        group = self._failures.add(outcome)
        if self._every:
            self._messages.append(outcome_line(outcome, self._console.width, verbose=True))
        elif group is not None:
            self._note_failure(outcome, group)

    @abstractmethod
    def _note_failure(self, outcome: Outcome, group: FailureGroup) -> None:
        """Say that a row has failed."""

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

    def _taken_messages(self) -> list[Text]:
        taken = []
        while self._messages:
            taken.append(self._messages.popleft())
        return taken

    @abstractmethod
    def _print_messages(self) -> None:
        """Print what was said since the last time."""

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
    """A bar on the last line of the terminal, and above it the failures so far; removed at the end of the run."""

    def __init__(self, console: Console, counters: Callable[[], Counters], *, every: bool) -> None:
        super().__init__(console, counters, every=every, period=BAR_SECONDS)
        self._bottom = Bottom(console)
        self._lines: list[Text] = []

    def _note_failure(self, outcome: Outcome, group: FailureGroup) -> None:
        """It is drawn with the bar, and listed at the end."""

    def _print_messages(self) -> None:
        if above := self._taken_messages():
            for line in above:
                line.truncate(self._bottom.width, overflow="ellipsis")
            self._bottom.draw(self._lines, above)

    def _draw(self, counters: Counters, elapsed: float, rate: float) -> None:
        width = self._bottom.width
        failures = [group_line(group, width) for group in self._failures.largest(MAX_KINDS)]
        self._lines = [*failures, bar_line(counters, elapsed, rate, width), *body_lines(counters, width)]
        for line in self._lines:
            line.truncate(width, overflow="ellipsis")
        self._bottom.draw(self._lines)

    def _finish(self) -> None:
        self._lines = []
        self._print_messages()
        self._bottom.draw(())


class PlainProgress(Progress):
    """A line every few seconds, and one for the first failure of each kind; nothing is redrawn."""

    def __init__(self, console: Console, counters: Callable[[], Counters], *, every: bool) -> None:
        super().__init__(console, counters, every=every, period=PLAIN_SECONDS)
        self._kinds = 0

    def _note_failure(self, outcome: Outcome, group: FailureGroup) -> None:
        if group.count == 1 and self._kinds <= MAX_MESSAGES:
            self._kinds += 1
            more = self._kinds > MAX_MESSAGES
            text = Text("further failures are counted, not shown here", style="dim")
            self._messages.append(text if more else outcome_line(outcome, self._console.width))

    def _print_messages(self) -> None:
        for line in self._taken_messages():
            self._console.print(line, overflow="ellipsis", no_wrap=True)

    def _draw(self, counters: Counters, elapsed: float, rate: float) -> None:
        self._console.print(plain_line(counters, elapsed, rate), soft_wrap=True)
