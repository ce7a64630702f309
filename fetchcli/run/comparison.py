"""The comparison of a run with earlier results, and what it means for the exit code."""

from typing import TYPE_CHECKING

from fetchcli.core.errors import ExitCode
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary, exit_code
from fetchcli.messages import print_message

if TYPE_CHECKING:
    from fetchcli.core.baseline.compare import Comparison


def comparison_with(baseline: str | None) -> "Comparison | None":
    """The comparison with a results file; most runs have none and import none of it."""
    if baseline is None:
        return None
    from fetchcli.core.baseline.compare import Comparison
    from fetchcli.inputs.baseline import read_baseline

    return Comparison(read_baseline(baseline, print_message))


def deciding_code(settings: Settings, summary: Summary, comparison: "Comparison | None") -> ExitCode:
    """The exit code of the outcomes that decide: all, or only those that are new."""
    deciding = comparison.fresh if settings.only_new and comparison is not None else None
    return exit_code(summary, deciding)


def final_code(settings: Settings, outcome_code: ExitCode, *, written: bool, is_whole: bool) -> ExitCode:
    """The exit code of a run that was not interrupted.

    Args:
        settings: the settings of the run.
        outcome_code: what its outcomes say.
        written: all outputs were written to their ends.
        is_whole: all of the input was read, and there was some.
    """
    if not written or outcome_code is ExitCode.OUTPUT:
        return ExitCode.OUTPUT
    if outcome_code is ExitCode.INTERNAL:
        return outcome_code
    if not is_whole:
        return ExitCode.INPUT
    return ExitCode.OK if settings.exit_zero else outcome_code
