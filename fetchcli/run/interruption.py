"""The message about an interrupted run: how far it came, and what is left."""

from collections.abc import Sequence

from fetchcli.core.settings import Settings
from fetchcli.inputs.base import Input
from fetchcli.inputs.count import count_in_time
from fetchcli.run.loop import RunLoop

MAX_COUNT_SECONDS = 0.3  # an interrupted run ends at once, whatever the size of its lists


def interruption_message(settings: Settings, run_loop: RunLoop, inputs: Sequence[Input]) -> str:
    """``interrupted after 10 outcomes; 90 rows were not fetched``."""
    total = run_loop.summary.total
    message = f"interrupted after {total:,} outcome{'s' * (total != 1)}"
    if settings.rounds.several:
        message += f" in round {run_loop.round}"
    if run_loop.rows is None:
        return message
    left: int | None = run_loop.rows.count - run_loop.outcomes
    if not run_loop.rows.ended:
        rows = count_in_time(inputs, settings.reading, MAX_COUNT_SECONDS)
        if rows is None and not left:
            return f"{message}; the input had not ended"
        left = None if rows is None else rows - run_loop.outcomes
    if left is None:
        return f"{message}; the rest of the input was not fetched"
    if left <= 0:
        return message
    return f"{message}; {left:,} {'row was' if left == 1 else 'rows were'} not fetched"
