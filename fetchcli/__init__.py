"""Concurrent HTTP fetching in which every row ends as exactly one true outcome."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fetchcli._version import __version__

if TYPE_CHECKING:
    from fetchcli.core.errors import ErrorKind, ExitCode, Failure, FetchcliError, OutputError, Redirect, UsageError
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
    from fetchcli.core.model.save import Existing, Save, Saved, SaveOn
    from fetchcli.core.model.target import Rejected, Target
    from fetchcli.core.network.addresses import AddressRules
    from fetchcli.core.network.overrides import Detour, Pin
    from fetchcli.core.network.proxies import Proxy, ProxyRules, parse_proxy
    from fetchcli.core.rate import Rate, parse_rate
    from fetchcli.core.request.request import RequestOptions
    from fetchcli.core.request.set_cookie import Cookie
    from fetchcli.core.summary.summary import Summary
    from fetchcli.core.timings import Timings
    from fetchcli.core.url.parse import HttpUrl
    from fetchcli.run.library.fetch import fetch, fetch_all, fetch_sync
    from fetchcli.run.library.fetch_client import Client
    from fetchcli.run.library.fetch_outcome import BodyNotKept, FetchOutcome, ResponseHeaders
    from fetchcli.run.library.options import Options
    from fetchcli.run.library.request import Fetchable, Request

__all__ = [
    "AddressRules",
    "Attempt",
    "BodyNotKept",
    "Check",
    "Client",
    "Cookie",
    "Cookies",
    "Detour",
    "ErrorKind",
    "Existing",
    "ExitCode",
    "FailedCheck",
    "Failure",
    "FetchOutcome",
    "Fetchable",
    "FetchcliError",
    "HttpUrl",
    "Limits",
    "Network",
    "Options",
    "Outcome",
    "OutputError",
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
    "RequestOptions",
    "Response",
    "ResponseHeaders",
    "Retry",
    "Save",
    "SaveOn",
    "Saved",
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
    "fetch_all",
    "fetch_sync",
    "parse_checks",
    "parse_proxy",
    "parse_rate",
    "parse_status_set",
]


# Where each name lives. They are imported on first use, so that the command starts with nothing but its signals.
_HOMES = {
    "core.errors": "ErrorKind ExitCode Failure FetchcliError OutputError Redirect UsageError",
    "core.expect.expectations": "Check parse_checks",
    "core.expect.status": "StatusSet parse_status_set",
    "core.model.attempt": "Attempt FailedCheck Response",
    "core.model.outcome": "Outcome Verdict",
    "core.model.policy": "Cookies Limits Network Pace Policy Redirects Retry Timeouts Tls TlsVersion",
    "core.model.save": "Existing Save SaveOn Saved",
    "core.model.target": "Rejected Target",
    "core.network.addresses": "AddressRules",
    "core.network.overrides": "Detour Pin",
    "core.network.proxies": "Proxy ProxyRules parse_proxy",
    "core.rate": "Rate parse_rate",
    "core.request.request": "RequestOptions",
    "core.request.set_cookie": "Cookie",
    "core.summary.summary": "Summary",
    "core.timings": "Timings",
    "core.url.parse": "HttpUrl",
    "run.library.fetch_client": "Client",
    "run.library.fetch": "fetch fetch_all fetch_sync",
    "run.library.options": "Options",
    "run.library.fetch_outcome": "BodyNotKept FetchOutcome ResponseHeaders",
    "run.library.request": "Fetchable Request",
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"fetchcli.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, although they are not imported yet."""
    return sorted(__all__)
