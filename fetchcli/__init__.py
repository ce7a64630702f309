"""Concurrent HTTP fetching where every row ends as exactly one true outcome."""

from fetchcli._version import __version__
from fetchcli.core.errors import ErrorKind, ExitCode, Failure, FetchcliError, UsageError
from fetchcli.core.model import Attempt, Outcome, Redirect, Rejected, Response, Target, Timings, Verdict
from fetchcli.core.policy import Policy, Redirects, Timeouts
from fetchcli.core.status import StatusSet, parse_status_set
from fetchcli.core.summary import Summary
from fetchcli.core.urls import HttpUrl
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
