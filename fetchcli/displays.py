"""What a person watches and reads: progress on stderr, the report where the plan says."""

import sys
import threading
from collections.abc import Callable

from fetchcli.core.settings import ProgressMode, Settings
from fetchcli.core.summary import Summary
from fetchcli.inputs.base import Input
from fetchcli.inputs.count import count_rows
from fetchcli.outlets import Plan
from fetchcli.sinks.base import Display


def make_displays(
    settings: Settings, plan: Plan, inputs: list[Input], summary: Summary, in_flight: Callable[[], int]
) -> list[Display]:
    """The displays that the settings ask for; rich is imported only when there is one."""
    displays: list[Display] = []
    mode = _progress_mode(settings, plan)
    if mode is not ProgressMode.NONE:
        displays.append(_progress(mode, settings, inputs, summary, in_flight))
    if plan.report == "stdout" or (plan.report == "stderr" and sys.stderr is not None):
        from fetchcli.render.console import make_console
        from fetchcli.render.report import Report

        console = make_console(stderr=plan.report == "stderr", color=settings.color)
        displays.append(Report(console, rows=plan.report == "stdout"))
    return displays


def _progress_mode(settings: Settings, plan: Plan) -> ProgressMode:
    if settings.quiet or sys.stderr is None:
        return ProgressMode.NONE
    if settings.progress is not ProgressMode.AUTO:
        return settings.progress
    if sys.stderr.isatty() and not plan.data_on_terminal:
        return ProgressMode.BAR
    return ProgressMode.PLAIN if settings.verbose else ProgressMode.NONE


def _progress(
    mode: ProgressMode, settings: Settings, inputs: list[Input], summary: Summary, in_flight: Callable[[], int]
) -> Display:
    from fetchcli.render.console import make_console
    from fetchcli.render.progress import BarProgress, Counters, PlainProgress

    total: list[int] = []

    def count() -> None:
        if (rows := count_rows(inputs)) is not None:
            total.append(rows)

    threading.Thread(target=count, name="fetchcli-count", daemon=True).start()

    def counters() -> Counters:
        return Counters(summary.total, summary.failed, in_flight(), total[0] if total else None)

    console = make_console(stderr=True, color=settings.color)
    progress = BarProgress if mode is ProgressMode.BAR else PlainProgress
    return progress(console, counters, every=settings.verbose)
