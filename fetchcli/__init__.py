"""Concurrent HTTP fetching where every row ends as exactly one true outcome."""

from typing import TYPE_CHECKING, Any

from fetchcli._version import __version__
from fetchcli.core.errors import ErrorKind, ExitCode, Failure, FetchcliError, UsageError
from fetchcli.core.model import Attempt, Outcome, Redirect, Rejected, Response, Target, Timings, Verdict
from fetchcli.core.policy import Policy, Redirects, Timeouts
from fetchcli.core.status import StatusSet, parse_status_set
from fetchcli.core.summary import Summary
from fetchcli.core.urls import HttpUrl

if TYPE_CHECKING:
    from fetchcli.run import fetch

__all__ = [
    "Attempt",
    "ErrorKind",
    "ExitCode",
    "Failure",
    "FetchcliError",
    "HttpUrl",
    "Outcome",
    "Policy",
    "Redirect",
    "Redirects",
    "Rejected",
    "Response",
    "StatusSet",
    "Summary",
    "Target",
    "Timeouts",
    "Timings",
    "UsageError",
    "Verdict",
    "__version__",
    "fetch",
    "parse_status_set",
]


def __getattr__(name: str) -> Any:
    """Import `fetch` when it is asked for: the command's ``--help`` does without asyncio."""
    if name == "fetch":
        from fetchcli.run import fetch

        return fetch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
