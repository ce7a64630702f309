"""Concurrent HTTP fetching where every row ends as exactly one true outcome."""

from typing import TYPE_CHECKING, Any

from fetchcli._version import __version__
from fetchcli.core.addresses import AddressRules
from fetchcli.core.errors import ErrorKind, ExitCode, Failure, FetchcliError, Redirect, UsageError
from fetchcli.core.expectations import Check, parse_checks
from fetchcli.core.model import Attempt, FailedCheck, Outcome, Rejected, Response, Target, Timings, Verdict
from fetchcli.core.overrides import Detour, Pin
from fetchcli.core.pacing import Rate, parse_rate
from fetchcli.core.policy import Limits, Network, Pace, Policy, Redirects, Retry, Timeouts, Tls, TlsVersion
from fetchcli.core.proxies import Proxy, ProxyRules, parse_proxy
from fetchcli.core.request import Request
from fetchcli.core.status import StatusSet, parse_status_set
from fetchcli.core.summary import Summary
from fetchcli.core.urls import HttpUrl

if TYPE_CHECKING:
    from fetchcli.run import fetch

__all__ = [
    "AddressRules",
    "Attempt",
    "Check",
    "Detour",
    "ErrorKind",
    "ExitCode",
    "FailedCheck",
    "Failure",
    "FetchcliError",
    "HttpUrl",
    "Limits",
    "Network",
    "Outcome",
    "Pace",
    "Pin",
    "Policy",
    "Proxy",
    "ProxyRules",
    "Rate",
    "Redirect",
    "Redirects",
    "Rejected",
    "Request",
    "Response",
    "Retry",
    "StatusSet",
    "Summary",
    "Target",
    "Timeouts",
    "Timings",
    "Tls",
    "TlsVersion",
    "UsageError",
    "Verdict",
    "__version__",
    "fetch",
    "parse_checks",
    "parse_proxy",
    "parse_rate",
    "parse_status_set",
]


def __getattr__(name: str) -> Any:
    """Import `fetch` when it is asked for: the command's ``--help`` does without asyncio."""
    if name == "fetch":
        from fetchcli.run import fetch

        return fetch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
