"""Progress: what the lines say, and that the thread leaves nothing behind."""

import io
import threading

import msgspec
import pytest
from rich.console import Console

from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.summary.summary import Summary
from fetchcli.render import progress as progress_module
from fetchcli.render.progress import BarProgress, Counters, PlainProgress, bar_line, plain_line, time_to_go
from tests.support.outcomes import answered, failed


def console(width: int = 80, *, terminal: bool = False) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    made = Console(
        file=stream, width=width, force_terminal=terminal, markup=False, emoji=False, highlight=False, no_color=True
    )
    return made, stream


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("total", [None, 0, 1_000_000])
def test_the_bar_is_one_line_at_any_width(width: int, total: int | None) -> None:
    made, stream = console(width)
    made.print(bar_line(Counters(done=999_999, failed=12_345, in_flight=500, total=total), 3600, 12_345))
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert len(lines[0]) <= width


def test_the_bar_says_everything() -> None:
    made, stream = console(100)
    made.print(bar_line(Counters(done=1_234, failed=3, in_flight=50, total=10_000), 5, 245))
    for part in ("1,234/10,000", "245/s", "50 in flight", "3 failed", "0:05", "ETA 0:36"):
        assert part in stream.getvalue()


def test_a_plain_line() -> None:
    line = plain_line(Counters(done=1_234, failed=3, in_flight=50, total=10_000), 5, 245)
    assert line == "1,234 of 10,000 (12 %), 3 failed, 50 in flight, 245/s, 0:05 elapsed, 0:36 to go"
    assert (
        plain_line(Counters(done=7, failed=0, in_flight=2, total=None), 61, 0)
        == "7, 0 failed, 2 in flight, 0/s, 1:01 elapsed"
    )
    assert time_to_go(Counters(done=1, failed=0, in_flight=1, total=10), 0) == ""


@pytest.mark.parametrize("kind", [BarProgress, PlainProgress])
def test_failures_are_said_up_to_a_number_and_the_thread_ends(
    kind: type[BarProgress | PlainProgress], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "PLAIN_SECONDS", 0.0)
    before = threading.active_count()
    made, stream = console(terminal=kind is BarProgress)
    drawn = threading.Event()

    def counters() -> Counters:
        drawn.set()
        return Counters(done=1, failed=1, in_flight=1, total=None)

    progress = kind(made, counters, every=False)
    progress.open()
    assert drawn.wait(5)
    for seq in range(1, 100):
        progress.handle(failed(seq=seq))
    progress.handle(answered())
    progress.close(Summary())
    text = stream.getvalue()
    assert text.count("connection refused") == progress_module.MAX_MESSAGES
    assert text.count("further failures") == 1
    assert threading.active_count() == before


def test_every_outcome_is_said_when_asked() -> None:
    made, stream = console()
    progress = PlainProgress(made, lambda: Counters(done=0, failed=0, in_flight=0, total=None), every=True)
    progress.open()
    for seq in range(1, 100):
        progress.handle(answered(seq=seq))
    progress.close(Summary())
    assert stream.getvalue().count("200 http://example.com/a\n") == 99
    for _ in range(progress_module.MAX_WAITING + 1):
        progress.handle(answered())
    assert progress.congested


def test_verbose_remarks() -> None:
    """A connection that the server had closed, and header lines that were skipped."""
    made, stream = console(200)
    progress = PlainProgress(made, lambda: Counters(done=0, failed=0, in_flight=0, total=None), every=True)
    progress.open()
    outcome = answered()
    last = outcome.attempts[-1]
    assert isinstance(last.result, Response)
    stale = Attempt(1, 0.0, 0.1, Failure(ErrorKind.EMPTY, "connection closed", remedy=Remedy.FRESH))
    skipped = msgspec.structs.replace(last.result, skipped_headers=("'X Y: 1\x1b[2J'",))
    attempts = (stale, msgspec.structs.replace(last, number=2, result=skipped))
    progress.handle(msgspec.structs.replace(outcome, attempts=attempts))
    progress.close(Summary())
    assert "sent on a new connection (attempt 2), because the server had closed the kept one" in stream.getvalue()
    assert "skipped the header line 'X Y: 1" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
