"""What the user may do next: continue a run, or fetch its failed rows again."""

from pathlib import Path

from fetchcli.core.journal.stored_row import REQUIRED
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.run.output_plan import OutputPlan

RETRY = "--retry-failed"


def next_step(settings: Settings, plan: OutputPlan, summary: Summary) -> str:
    """How failed rows are fetched again; empty if there are none, or if that is said elsewhere or impossible."""
    if not summary.failed or summary.verdicts[Verdict.CANCELLED] or settings.from_results or settings.demo:
        return ""
    if plan.journals and is_continuable(settings, plan) and settings.continuing_command:
        command = settings.continuing_command
        again = command if RETRY in command.split() else f"{command} {RETRY}"
        same_list = ", with the same list on stdin" if "-" in settings.inputs else ""
        return f"to fetch the failed rows again{same_list}: {again}"
    return ""


def is_continuable(settings: Settings, plan: OutputPlan) -> bool:
    """Whether a later run can go on with an output of this one."""
    selection = settings.reading.selection
    is_random = (selection.sample is not None or selection.shuffle) and selection.seed is None
    columns = {"seq", "key", *REQUIRED} <= set(plan.schema.names)
    files = any("://" in name or Path(name).is_file() for name in plan.journals)
    return columns and files and not (settings.rounds.several or settings.demo or is_random)
