"""Choose the displays: progress on stderr, and the summary."""

import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.settings import ProgressMode, Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.engine.fetcher import Fetcher
from fetchcli.inputs.base import Input
from fetchcli.inputs.count import count_rows
from fetchcli.run.next_step import next_step
from fetchcli.run.output_plan import OutputPlan
from fetchcli.run.single import is_single
from fetchcli.sinks.base import Display
from fetchcli.sinks.formats import STDOUT

if TYPE_CHECKING:
    from fetchcli.save.store import Store

_PLACES = {STDOUT: "stdout", ".": "the current folder"}


class Activity(NamedTuple):
    """What goes on in a run, besides what its summary has counted.

    Attributes:
        in_flight: requests in flight.
        paced_rows: rows that wait for a rate, a cap or a cool-down.
        paused_hosts: hosts that asked for a pause.
        retrying: rows that wait for a retry.
        wait: seconds until the last waiting row may go on.
        awaited: what a deployment is waited for (``--wait``), or empty.
        done: rows that have their outcome and are not in the summary yet.
        failed: those of them that failed or were rejected.
    """

    in_flight: int
    paced_rows: int = 0
    paused_hosts: int = 0
    retrying: int = 0
    wait: float = 0.0
    awaited: str = ""
    done: int = 0
    failed: int = 0


def activity_of(fetcher: Fetcher) -> Activity:
    """What a fetcher does now."""
    now, scheduler = time.monotonic(), fetcher.scheduler
    left, delayed = scheduler.deployment_seconds(now), scheduler.delayed
    return Activity(
        fetcher.in_flight,
        scheduler.paced_rows,
        scheduler.feedback.paused_hosts(now),
        scheduler.retrying,
        max(0.0, scheduler.latest - now, scheduler.feedback.latest - now) if scheduler.waiting else 0.0,
        awaited_text(delayed.attempts, left) if left and delayed is not None and delayed.attempts else "",
    )


def awaited_text(attempts: Sequence[Attempt], left: float) -> str:
    """``503 (try 4), 12 s left``: what the last attempt brought, and how long it may be tried."""
    result = attempts[-1].result
    came = str(result.status) if isinstance(result, Response) else result.kind.value
    return f"{came} (try {len(attempts)}), {left:.0f} s left"


class Displayed(NamedTuple):
    """What the displays of a run show.

    Attributes:
        inputs: the lists, to count their rows.
        summary: counts outcomes.
        activity: what goes on now; called from any thread.
        store: keeps bodies, or None.
        part_rows: number of rows of the part of the list that is fetched; None without one, or if it is not known yet.
    """

    inputs: list[Input]
    summary: Summary
    activity: Callable[[], Activity]
    store: "Store[Any] | None" = None
    part_rows: Callable[[], int | None] = lambda: None


def make_displays(settings: Settings, plan: OutputPlan, watched: Displayed | None) -> list[Display]:
    """The displays that the settings ask for; rich is imported only if there is one.

    Args:
        settings: the settings of the run.
        plan: what is written where.
        watched: what progress shows; None if there is no progress.
    """
    displays: list[Display] = []
    mode = _progress_mode(settings, plan)
    if watched is not None and mode is not ProgressMode.NONE:
        displays.append(_progress(mode, settings, watched))
    if plan.report == "stdout" or (plan.report == "stderr" and sys.stderr is not None):
        from fetchcli.render.console import make_console
        from fetchcli.render.summary import SummaryDisplay, SummaryOptions

        console = make_console(stderr=plan.report == "stderr", color=settings.color)
        advice = partial(next_step, settings, plan)
        is_one = is_single(settings, stdout_is_terminal=plan.report == "stdout")
        single = "" if not is_one else "whole" if settings.body else "excerpt"
        saved_to = "" if settings.save is None else _PLACES.get(settings.save.to, settings.save.to)
        options = SummaryOptions(
            rows=plan.report == "stdout", by=settings.by, single=single, saved_to=saved_to, advice=advice
        )
        displays.append(SummaryDisplay(console, options))
    if settings.github and plan.annotate:
        from fetchcli.run.github import GitHubDisplay

        displays.append(GitHubDisplay(plan.rows))
    return displays


def _progress_mode(settings: Settings, plan: OutputPlan) -> ProgressMode:
    if settings.quiet or sys.stderr is None:
        return ProgressMode.NONE
    if settings.progress is not ProgressMode.AUTO:
        return settings.progress
    if sys.stderr.isatty() and not (plan.data_on_terminal or (STDOUT in plan.data and _is_piped())):
        return ProgressMode.PLAIN if os.environ.get("TERM") == "dumb" else ProgressMode.BAR
    return ProgressMode.PLAIN if settings.verbose else ProgressMode.NONE


def _is_piped() -> bool:
    """Whether stdout is a pipe: who reads it may write to the terminal on which a bar would be."""
    return stat.S_ISFIFO(os.fstat(1).st_mode)


def _progress(mode: ProgressMode, settings: Settings, watched: Displayed) -> Display:
    from fetchcli.render.bar import Counters
    from fetchcli.render.console import make_console
    from fetchcli.render.progress import BarProgress, PlainProgress

    inputs, summary, activity, store, part_rows = watched
    total: list[int] = []

    rounds = settings.rounds
    round_count = None if rounds.span is not None else rounds.count  # with a time limit the number of rounds is unknown

    def count() -> None:
        if round_count is not None and (rows := count_rows(inputs, settings.reading)) is not None:
            total.append(round_count * rows)

    def known_total() -> int | None:
        rows = part_rows()
        return total[0] if total else None if rows is None or round_count is None else round_count * rows

    threading.Thread(target=count, name="fetchcli-count", daemon=True).start()

    def counters() -> Counters:
        now = activity()
        return Counters(
            done=summary.total + now.done,
            failed=summary.failed + now.failed,
            in_flight=now.in_flight,
            total=known_total(),
            paced_rows=now.paced_rows,
            paused_hosts=now.paused_hosts,
            retrying=now.retrying,
            saved=None if store is None else store.size,
            largest=() if store is None else store.largest(),
            wait=now.wait,
            awaited=now.awaited,
        )

    console = make_console(stderr=True, color=settings.color)
    progress = BarProgress if mode is ProgressMode.BAR else PlainProgress
    return progress(console, counters, every=settings.verbose)
