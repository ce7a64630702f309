"""What is written where, and that nothing is emptied that is still to be read."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.settings import Settings
from fetchcli.run.output_plan import plan_outputs


@pytest.mark.parametrize(
    ("settings", "terminal", "data", "report"),
    [
        (Settings(), True, [], "stdout"),
        (Settings(), False, ["-"], "stderr"),
        (Settings(quiet=True), True, ["-"], ""),
        (Settings(outputs=("out.csv",)), True, ["out.csv"], "stdout"),
        (Settings(outputs=("out.csv",)), False, ["out.csv"], "stderr"),
        (Settings(outputs=("jsonl",)), True, ["-"], "stderr"),
        (Settings(outputs=("jsonl:a", "csv:b"), write_out="%{url}"), False, ["a", "b", "-"], "stderr"),
    ],
)
def test_plan(settings: Settings, terminal: bool, data: list[str], report: str) -> None:
    plan = plan_outputs(settings, stdout_is_terminal=terminal)
    assert (list(plan.data), plan.report) == (data, report)
    assert plan.data_on_terminal is (terminal and "-" in data)


@pytest.mark.parametrize(
    "settings", [Settings(outputs=("jsonl", "csv")), Settings(outputs=("jsonl:a", "csv:a")), Settings(write_out="%{")]
)
def test_a_plan_that_cannot_be_is_a_usage_error(settings: Settings) -> None:
    with pytest.raises(UsageError):
        plan_outputs(settings, stdout_is_terminal=False)
