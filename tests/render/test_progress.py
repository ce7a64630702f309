"""Progress: what the lines say, and that the thread leaves nothing behind."""

import io
import re
import threading

import msgspec
import pytest
from rich.console import Console

from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.summary.summary import Summary
from fetchcli.render import progress as progress_module
from fetchcli.render.bar import Counters
from fetchcli.render.progress import BarProgress, PlainProgress
from tests.support.outcomes import answered, failed


def console(width: int = 80, *, terminal: bool = False) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    made = Console(
        file=stream, width=width, force_terminal=terminal, markup=False, emoji=False, highlight=False, no_color=True
    )
    return made, stream


@pytest.mark.parametrize("kind", [BarProgress, PlainProgress])
def test_failures_that_are_alike_are_said_once_and_the_thread_ends(
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
    drawn.clear()
    assert drawn.wait(5)
    drawn.clear()
    assert drawn.wait(5)
    progress.close(Summary())
    text = stream.getvalue()
    if kind is PlainProgress:
        assert text.count("connection refused") == 1
    else:
        assert "connect: connection refused, 99 rows, example.com" in re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert threading.active_count() == before


def test_only_so_many_kinds_of_failures_are_said() -> None:
    made, stream = console()
    progress = PlainProgress(made, lambda: Counters(done=0, failed=0, in_flight=0, total=None), every=False)
    progress.open()
    for word in "abcdefghijklmnopqrstuvwxyz":
        progress.handle(failed(seq=1, detail=f"no {word}"))
    progress.close(Summary())
    assert stream.getvalue().count("connect http") == progress_module.MAX_MESSAGES
    assert stream.getvalue().count("further failures") == 1


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
