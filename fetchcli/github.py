"""In a GitHub workflow: annotations on stderr, where no data can be, and the step summary."""

import contextlib
import os
import sys
from pathlib import Path

from fetchcli.core.model import Outcome
from fetchcli.core.report import RowsKept
from fetchcli.core.summary import Summary
from fetchcli.messages import say
from fetchcli.sinks.base import AtTheEnd
from fetchcli.sinks.github import github
from fetchcli.sinks.markdown import markdown

MOST_BYTES = 1024 * 1024  # of a step summary: GitHub takes no more


class GitHubDisplay(AtTheEnd):
    """Says at the end what went wrong, in the way that GitHub shows.

    Args:
        rows: collects for all reports of the run.
    """

    def __init__(self, rows: RowsKept) -> None:
        self._rows = rows

    def handle(self, outcome: Outcome) -> None:
        """Keep it, if it still fits."""
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
                    file.write(text[:MOST_BYTES])
            except OSError as error:
                say(f"cannot write the step summary: {error.strerror}")
