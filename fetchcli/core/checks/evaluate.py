"""Evaluate the checks of a response, and give its row a verdict."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from fetchcli.core.checks.content import Content
from fetchcli.core.expect.expectations import ABSENT, BODY_KINDS, EXISTS, MATCHES, Check
from fetchcli.core.expect.expressions import compile_regex, search
from fetchcli.core.http1.head import REDIRECT_STATUSES
from fetchcli.core.model.attempt import FailedCheck, Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.text import shorten
from fetchcli.core.units import format_bytes, format_days, format_seconds

STEPS_A_SECOND = 500_000  # of a JMESPath expression
LOCATION = "a Location"  # what a redirect was expected to have
BODY_DEPENDENT = BODY_KINDS | {"size", "sha256"}
_USERINFO = lazy_pattern(r"//[^/?#]*@")
DAY = 86_400.0
INLINE_SECONDS = 0.002  # time limit while the event loop waits
# Processor time for one pattern over one text, so that a server cannot hold up the run.
REGEX_SECONDS = 2.0
MAX_SHOWN = 120  # characters of the actual value in a message
INLINE_BYTES = 8 * 1024  # body size that is checked without leaving the event loop


def checks_for(row: Target, policy: Policy) -> tuple[Check, ...]:
    """The checks of a row: its own, or those of the run."""
    return policy.checks if row.expect is None else row.expect.checks


def reads_body(checks: Iterable[Check]) -> bool:
    """Whether any of the checks needs the body."""
    return any(check.kind in BODY_KINDS for check in checks)


def takes_long(checks: Iterable[Check], response: Response) -> bool:
    """Whether the checks may block the event loop for too long."""
    return len(response.body or b"") > INLINE_BYTES and reads_body(checks)


def lacks_location(response: Response, policy: Policy) -> bool:
    """Whether a response is a redirect that could not be followed, because it does not say where to."""
    return response.status in REDIRECT_STATUSES and policy.redirects.follow


def is_accepted(response: Response, policy: Policy) -> bool:
    """Whether the status of a response is accepted."""
    return response.status in policy.accept and not lacks_location(response, policy)


class Evidence(NamedTuple):
    """Everything that checks look at.

    Attributes:
        response: the response, with its body if `reads_body`.
        seconds: time of the attempt.
        wall: seconds since the epoch.
        head: the request was HEAD, so there is no body.
        unasked: what is wrong with a 304 or a 206 that the request did not ask for, or empty.
        redact: replaces secrets in a text that is shown, before it is shortened.
    """

    response: Response
    seconds: float
    wall: float
    head: bool = False
    unasked: str = ""
    redact: Callable[[str], str] = str

    @property
    def body_problem(self) -> str:
        """Why checks of the body cannot pass, or empty."""
        if self.response.unknown_coding:
            return f"a body in an unknown coding ({self.response.unknown_coding})"
        return "no body (the request was HEAD)" if self.head else ""


def failed_checks(
    evidence: Evidence, policy: Policy, checks: tuple[Check, ...], *, time_limited: bool = False
) -> tuple[FailedCheck, ...]:
    """The checks that a response fails, the status first.

    Args:
        evidence: the response, and what else is known of it.
        policy: its accepted statuses apply unless a check names others.
        checks: the other checks.
        time_limited: raise TimeoutError after `INLINE_SECONDS` for one pattern, or as many steps of an expression.

    Raises:
        TimeoutError: a check took too long, and ``time_limited`` was set.
    """
    failed, response = [], evidence.response
    if evidence.unasked:
        failed.append(FailedCheck("status", "the whole body", evidence.unasked))
    elif lacks_location(response, policy):
        failed.append(FailedCheck("status", LOCATION, f"{response.status} without one"))
    elif response.status not in policy.accept and not any(check.kind == "status" for check in checks):
        failed.append(FailedCheck("status", policy.accept.text, str(response.status)))
    context = _CheckContext(
        evidence, Content(response, evidence.redact), INLINE_SECONDS if time_limited else REGEX_SECONDS
    )
    body_problem = evidence.body_problem
    for check in sorted(checks, key=lambda check: check.kind != "status"):
        actual: str | None = body_problem
        try:
            if not (body_problem and check.kind in BODY_DEPENDENT):
                actual = _CHECKS[check.kind](check, response, context)
        except TimeoutError:
            if time_limited:
                raise
            actual = f"no result in {REGEX_SECONDS:g} s: the check is too slow for this response"
        if actual is not None:
            failed.append(FailedCheck(check.kind, check.text, actual))
    return tuple(failed)


class _CheckContext(NamedTuple):
    """What the checks of one response share: the body, decoded once, and the time limit of one check."""

    evidence: Evidence
    content: Content
    limit: float

    def shown(self, text: str, width: int = MAX_SHOWN) -> str:
        """A text for a message."""
        return shorten(self.evidence.redact(text), width)

    def quoted(self, text: str) -> str:
        """A text of the server for a message."""
        return f'"{self.shown(text)}"'


def _status(check: Check, response: Response, _: _CheckContext) -> str | None:
    return None if response.status in check.value else str(response.status)


def _header(check: Check, response: Response, context: _CheckContext) -> str | None:
    lines = response.headers.get(check.subject.encode())
    values = [line.decode("utf-8", "replace") for line in lines or ()]
    if check.op == ABSENT:
        return None if lines is None else context.quoted(", ".join(values))
    if lines is None:
        return "no such header"
    candidates = values if len(values) == 1 else [*values, ", ".join(values)]
    if check.op == EXISTS or any(_compare(check, value, context.limit) for value in candidates):
        return None
    return context.quoted(", ".join(values))


def _body(check: Check, response: Response, context: _CheckContext) -> str | None:
    content = context.content
    # A pattern may exclude what follows, so it proves nothing about a body that was not seen whole.
    if not (check.op == MATCHES and content.cut) and _compare(check, content.text, context.limit):
        return None
    if response.size_decoded == 0:
        return "an empty body"
    start = context.quoted(" ".join(content.start(4 * MAX_SHOWN).split()))
    return f"{start} ({format_bytes(response.size_decoded)}{content.cut})"


def _json(check: Check, _: Response, context: _CheckContext) -> str | None:
    value, problem = context.content.json
    if problem:
        return problem
    try:
        found = search(check.subject, value, int(context.limit * STEPS_A_SECOND))
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:  # what jmespath and Python raise
        return f"no value: {context.shown(str(error).splitlines()[0] if str(error) else 'nested too deep')}"
    if check.op in (EXISTS, ABSENT):
        passed = (found is None) == (check.op == ABSENT)
    elif found is None and check.value is not None:
        passed = False  # a missing value does not differ from anything
    else:
        passed = _compare(check, found, context.limit)
    return None if passed else context.shown(context.content.as_json(found))


def _sha256(check: Check, response: Response, _: _CheckContext) -> str | None:
    return None if response.sha256 == check.value else response.sha256


def _final_url(check: Check, response: Response, context: _CheckContext) -> str | None:
    url = _USERINFO.sub("//", response.url, count=1)
    return None if _compare(check, url, context.limit) else context.shown(url)


def _redirects(check: Check, response: Response, context: _CheckContext) -> str | None:
    count = len(response.redirects)
    if _compare(check, count, context.limit):
        return None
    return f"{count}, to {context.shown(response.url)}" if count else "0"


def _size(check: Check, response: Response, context: _CheckContext) -> str | None:
    size = response.size_decoded
    return None if _compare(check, size, context.limit) else f"{size} B"


def _cert_days(check: Check, response: Response, context: _CheckContext) -> str | None:
    if not response.cert_expires:
        return "no verified certificate"
    days = (response.cert_expires - context.evidence.wall) / DAY
    return None if _compare(check, days, context.limit) else format_days(days)


def _max_latency(check: Check, _: Response, context: _CheckContext) -> str | None:
    seconds = context.evidence.seconds
    return None if seconds <= check.value else format_seconds(seconds)


_CHECKS: dict[str, Callable[[Check, Response, _CheckContext], str | None]] = {
    "status": _status,
    "header": _header,
    "body": _body,
    "json": _json,
    "sha256": _sha256,
    "final_url": _final_url,
    "redirects": _redirects,
    "size": _size,
    "cert_days": _cert_days,
    "max_latency": _max_latency,
}


def _compare(check: Check, actual: object, limit: float) -> bool:
    """Whether ``actual op value`` holds; values that cannot be compared do not."""
    op, value = check.op, check.value
    match op:
        case "==":
            return same(actual, value)
        case "!=":
            return not same(actual, value)
        case "~":
            return _matches(str(value), actual, limit)
        case "contains":
            return _contains(actual, value)
        case _:
            return _ordered(op, actual, value)


def same(one: object, other: object) -> bool:
    """Equality of JSON values: 1 equals 1.0, but not true."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _contains(actual: object, value: object) -> bool:
    if isinstance(actual, str):
        return isinstance(value, str) and value in actual
    if isinstance(actual, dict):
        return isinstance(value, str) and value in actual
    return isinstance(actual, list) and any(same(item, value) for item in actual)


def _ordered(op: str, actual: object, value: object) -> bool:
    if isinstance(actual, str) and isinstance(value, str):
        order = (actual > value) - (actual < value)
    elif _is_number(actual) and _is_number(value):
        order = (actual > value) - (actual < value)  # type: ignore[operator]
    else:
        return False
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[op]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _matches(pattern: str, actual: object, limit: float) -> bool:
    text = actual if isinstance(actual, str) else str(actual) if _is_number(actual) else None
    if text is None:
        return False
    return compile_regex(pattern).search(text, timeout=limit, concurrent=True) is not None
