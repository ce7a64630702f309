"""Options for the run as a whole: thresholds, early end, rounds, baseline, exit code."""

from typing import Any

from fetchcli.cli.option import Found, Option, Panel, Values, parsed
from fetchcli.core.errors import UsageError
from fetchcli.core.settings import FailureScope
from fetchcli.core.summary.halt import FAIL_FAST, parse_halt
from fetchcli.core.summary.rounds import Rounds
from fetchcli.core.summary.thresholds import parse_threshold
from fetchcli.core.units import parse_duration


def _build(values: Values) -> dict[str, Any]:
    halt = values["halt"]
    found: dict[str, Any] = {"only_new": values["fail_on"] is FailureScope.NEW, "rounds": _rounds(values)}
    if values["fail_fast"]:
        found["halt"] = FAIL_FAST
    elif halt is not None:
        found["halt"] = parsed("--halt", parse_halt, halt)
    return found


def _rounds(values: Values) -> Rounds:
    repeat, every, span = values["repeat"], values["every"], values["for_"]
    if repeat is None and every is None and span is None:
        return Rounds()
    pause = parsed("--every", parse_duration, every) if every is not None else None
    if every is not None and not pause:
        raise UsageError(f"--every: expected a duration such as 30s, got {every!r}")
    length = parsed("--for", parse_duration, span) if span is not None else None
    if span is not None and length is None:
        raise UsageError(f"--for: expected a duration such as 10m, got {span!r}")
    return Rounds(repeat, pause or 0.0, length)


PANEL = Panel(
    title="Verdict of the run",
    topic="thresholds",
    build=_build,
    options=(
        Option(
            flags="--threshold",
            found=Found.YES,
            help="Condition on the whole run: 'error_rate < 1%'. Repeatable.",
            to="thresholds",
            metavar="CONDITION",
            parse=parse_threshold,
            multiple=True,
            lines=True,
            common=True,
        ),
        Option(
            flags="--halt",
            found=Found.YES,
            help="Skip the rest of the list after failures: soon,fail=3 or now,fail=10%.",
            metavar="WHEN",
            alternatives=("fail_fast",),
        ),
        Option(
            flags="--fail-fast",
            found=Found.YES,
            help="Stop at the first failure. Same as --halt now,fail=1.",
            type=bool,
            common=True,
        ),
        Option(
            flags="--baseline",
            found=Found.BELOW,
            help="Compare with an earlier results file.",
            to="baseline",
            metavar="FILE",
            common=True,
        ),
        Option(
            flags="--fail-on",
            found=Found.YES,
            help="Failures that decide the exit code; new: only those that are not in the baseline.",
            type=FailureScope,
            default=FailureScope.ANY,
            requires=("baseline",),
            requires_for="new",
        ),
        Option(flags="--repeat", found=Found.YES, help="Fetch the list N times.", type=int, metavar="N", minimum=1),
        Option(flags="--every", found=Found.YES, help="Start a round every TIME.", metavar="TIME"),
        Option(flags="--for", found=Found.YES, help="Stop starting rounds after TIME.", metavar="TIME"),
        Option(
            flags="--exit-zero",
            found=Found.YES,
            help="Exit with 0 even if rows are not accepted.",
            to="exit_zero",
            type=bool,
        ),
    ),
)
