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
