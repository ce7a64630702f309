"""Concurrent HTTP fetching in which every row ends as exactly one true outcome."""

from typing import TYPE_CHECKING, Any

from fetchcli._version import __version__
from fetchcli.core.errors import ErrorKind, ExitCode, Failure, FetchcliError, Redirect, UsageError
from fetchcli.core.expect.expectations import Check, parse_checks
from fetchcli.core.expect.status import StatusSet, parse_status_set
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import (
    Cookies,
    Limits,
    Network,
    Pace,
    Policy,
    Redirects,
    Retry,
    Timeouts,
    Tls,
    TlsVersion,
)
from fetchcli.core.model.target import Rejected, Target
from fetchcli.core.network.addresses import AddressRules
from fetchcli.core.network.overrides import Detour, Pin
from fetchcli.core.network.proxies import Proxy, ProxyRules, parse_proxy
from fetchcli.core.rate import Rate, parse_rate
from fetchcli.core.request.request import Request
from fetchcli.core.request.set_cookie import Cookie
from fetchcli.core.summary.summary import Summary
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import HttpUrl

if TYPE_CHECKING:
    from fetchcli.run.compose import fetch

__all__ = [
    "AddressRules",
    "Attempt",
    "Check",
    "Cookie",
    "Cookies",
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
    """Import `fetch` on first use: ``--help`` does not need asyncio."""
    if name == "fetch":
        from fetchcli.run.compose import fetch

        return fetch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
