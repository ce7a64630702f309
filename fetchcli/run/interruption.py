"""The message about an interrupted run: how far it came, and what is left."""

from collections.abc import Sequence

from fetchcli.core.model.outcome import Verdict
from fetchcli.core.settings import Settings
from fetchcli.inputs.base import Input
from fetchcli.inputs.count import count_in_time
from fetchcli.run.loop import RunLoop
from fetchcli.run.next_step import is_continuable
from fetchcli.run.output_plan import OutputPlan

MAX_COUNT_SECONDS = 0.3  # an interrupted run ends at once, whatever the size of its lists


def interruption_message(settings: Settings, run_loop: RunLoop, inputs: Sequence[Input], plan: OutputPlan) -> str:
    """``interrupted after 10 outcomes; 90 rows were not fetched; to continue: fetchcli ...``."""
    cancelled = run_loop.summary.verdicts[Verdict.CANCELLED]
    total = run_loop.summary.total - cancelled
    message = f"{'stopped' if run_loop.has_no_output else 'interrupted'} after {total:,} outcome{'s' * (total != 1)}"
    if settings.rounds.several:
        message += f" in round {run_loop.round}"
    left = _left(settings, run_loop, run_loop.outcomes - cancelled, inputs)
    return f"{message}{left}{_remedy(settings) if is_continuable(settings, plan) else ''}"


def _left(settings: Settings, run_loop: RunLoop, fetched: int, inputs: Sequence[Input]) -> str:
    """What was not fetched."""
    rows = run_loop.rows
    if rows is None:
        return ""
    left: int | None = rows.count - fetched
    if not rows.ended:
        counted = run_loop.part_rows()
        if counted is None:
            counted = count_in_time(inputs, settings.reading, MAX_COUNT_SECONDS)
        if counted is None and not left:
            return "; the input had not ended"
        done = 0 if run_loop.earlier_run is None else run_loop.earlier_run.done
        left = None if counted is None else counted - done - fetched
    if left is None:
        return "; the rest of the input was not fetched"
    return f"; {left:,} {'row was' if left == 1 else 'rows were'} not fetched" if left > 0 else ""


def _remedy(settings: Settings) -> str:
    """How to continue."""
    if not settings.continuing_command:
        return "; the same command with --resume continues it"
    same_list = ", with the same list on stdin" if "-" in settings.inputs else ""
    return f"; to continue{same_list}: {settings.continuing_command}"
