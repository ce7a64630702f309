"""In a GitHub workflow: write annotations to stderr, and the step summary."""

import contextlib
import os
import sys
from pathlib import Path

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import OutcomeBuffer
from fetchcli.core.summary.summary import Summary
from fetchcli.messages import print_message
from fetchcli.sinks.base import EndOfRunDisplay
from fetchcli.sinks.reports.github import github
from fetchcli.sinks.reports.markdown import markdown

MAX_BYTES = 1024 * 1024  # GitHub's limit for a step summary


class GitHubDisplay(EndOfRunDisplay):
    """Writes both at the end of the run.

    Args:
        rows: the outcome buffer that all reports share.
    """

    def __init__(self, rows: OutcomeBuffer) -> None:
        self._rows = rows

    def handle(self, outcome: Outcome) -> None:
        """Keep the outcome if it still fits."""
        self._rows.add(outcome)

    def close(self, summary: Summary) -> None:
        """Write both."""
        if not summary.total:
            return
        report = self._rows.report(summary)
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(github(report))
                sys.stderr.flush()
        if path := os.environ.get("GITHUB_STEP_SUMMARY"):
            text = markdown(report).encode("utf-8", "backslashreplace")
            try:
                with Path(path).open("ab") as file:
                    file.write(text[:MAX_BYTES])
            except OSError as error:
                print_message(f"cannot write the step summary: {error.strerror}")
