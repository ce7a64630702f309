"""The settings that most programs need, as keyword arguments."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypedDict, Unpack

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.expect.status import StatusSet
from fetchcli.core.model.policy import Policy
from fetchcli.core.rate import Rate
from fetchcli.core.units import parse_duration, parse_size


class Options(TypedDict, total=False):
    """Keyword arguments of `fetch`; each stands for a field of `Policy`, and wins over it.

    Attributes:
        concurrency: maximum number of requests at once.
        per_host: maximum number of requests to one host at once.
        rate: maximum number of requests: ``"10/s"``, ``"30/m"``.
        timeout: time limit of one attempt, in seconds or as ``"1m30s"``; None for none.
        retries: attempts beyond the first.
        accept: which statuses are accepted: ``"2xx"``, ``"200,404"``, ``204``.
        method: the method.
        headers: header fields of all requests.
        follow_redirects: follow redirects.
        max_body: how much of each decoded body is kept, in bytes or as ``"1M"``; 0 for nothing.
        verify: check certificates.
    """

    concurrency: int
    per_host: int
    rate: Rate | str
    timeout: float | str | None
    retries: int
    accept: StatusSet | str | int
    method: str
    headers: Mapping[str, str]
    follow_redirects: bool
    max_body: int | str
    verify: bool


# The field of a policy that an option sets.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "concurrency": ("concurrency",),
    "per_host": ("pace", "per_host"),
    "rate": ("pace", "rate"),
    "timeout": ("timeouts", "total"),
    "retries": ("retry", "count"),
    "accept": ("accept",),
    "method": ("request", "method"),
    "headers": ("request", "headers"),
    "follow_redirects": ("redirects", "follow"),
    "max_body": ("limits", "keep"),
    "verify": ("tls", "verify"),
}


def policy_with(policy: Policy | None, **options: Unpack[Options]) -> Policy:
    """A policy with some of its fields changed.

    Raises:
        TypeError: an option is unknown, or of another type.
        UsageError: a value makes no sense.
    """
    if not isinstance(policy, Policy | None):
        raise TypeError(f"policy must be a Policy, not {type(policy).__name__}")
    made = policy or Policy()
    for name, value in options.items():
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FIELDS)}, and policy for the rest"
            raise TypeError(f"unexpected keyword argument {name!r}; {hint}")
        try:
            made = _changed(made, FIELDS[name], _converted(name, value))
        except (TypeError, UsageError) as error:
            raise type(error)(f"{name}={value!r}: {error}") from None
    return made


def _converted(name: str, value: Any) -> Any:
    """A value as its field takes it."""
    if name == "timeout" and isinstance(value, str):
        return parse_duration(value)
    if name == "max_body" and isinstance(value, str):
        return parse_size(value) or 0
    if name == "headers":
        if not isinstance(value, Mapping):
            raise TypeError(f"headers must be a mapping, not {type(value).__name__}")
        if odd := next((item for item in value.items() if not all(isinstance(text, str) for text in item)), None):
            raise TypeError(f"the header {odd[0]!r} must be text, not {type(odd[1]).__name__}")
        return tuple(value.items())
    return value


def _changed(struct: Any, path: tuple[str, ...], value: Any) -> Any:
    """A struct with a field changed, at any depth."""
    first, *rest = path
    inner = _changed(getattr(struct, first), tuple(rest), value) if rest else value
    return msgspec.structs.replace(struct, **{first: inner})
