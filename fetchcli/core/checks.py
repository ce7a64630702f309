"""Whether a response is what was expected, and the verdict that follows for its row."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from fetchcli.core.content import Content
from fetchcli.core.errors import ErrorKind
from fetchcli.core.expectations import ABSENT, EXISTS, MATCHES, OF_BODIES, Check, compile_regex, search
from fetchcli.core.model import Attempt, FailedCheck, Outcome, Passed, Rejected, Response, Target, Verdict
from fetchcli.core.policy import Policy
from fetchcli.core.retry import is_flaky
from fetchcli.core.text import shorten
from fetchcli.core.units import format_bytes, format_days, format_seconds

STEPS_A_SECOND = 500_000  # of a JMESPath expression
ABOUT_BODIES = OF_BODIES | {"size", "sha256"}
_USERINFO = re.compile(r"//[^/?#]*@")
DAY = 86_400.0
HURRIED_SECONDS = 0.002  # the same, between two turns of the event loop
# Of processor time, that one pattern may take over one text: a server must not hold up the run with it.
REGEX_SECONDS = 2.0
MOST_SHOWN = 120  # characters of what a response held instead
INLINE_BYTES = 8 * 1024  # of a body that is looked through between two turns of the event loop


def checks_for(row: Target, policy: Policy) -> tuple[Check, ...]:
    """What is expected of a row: what it says itself, or else what the run does."""
    return policy.checks if row.expect is None else row.expect.checks


def reads_body(checks: Iterable[Check]) -> bool:
    """Whether any of the checks looks into the body."""
    return any(check.kind in OF_BODIES for check in checks)


def takes_long(checks: Iterable[Check], response: Response) -> bool:
    """Whether the checks may take so long that others must go on meanwhile."""
    return len(response.body or b"") > INLINE_BYTES and reads_body(checks)


class Evidence(NamedTuple):
    """All that checks look at.

    Attributes:
        response: with its body, where `reads_body`.
        seconds: that the attempt took.
        wall: seconds since the epoch.
        head: it was asked with HEAD, so that there is no body.
    """

    response: Response
    seconds: float
    wall: float
    head: bool = False

    @property
    def bodiless(self) -> str:
        """Why nothing can be said of the body; or nothing."""
        if self.response.unknown_coding:
            return f"a body in a coding that is not known ({self.response.unknown_coding})"
        return "no body, for it was asked with HEAD" if self.head else ""


def failed_checks(
    evidence: Evidence, policy: Policy, checks: tuple[Check, ...], *, hurry: bool = False
) -> tuple[FailedCheck, ...]:
    """The checks that a response does not pass, the status first.

    Args:
        evidence: the response, and what else is known of it.
        policy: whose accepted statuses hold where no check names others.
        checks: what else is expected.
        hurry: give up after `HURRIED_SECONDS` of one pattern, or as many steps of an expression.

    Raises:
        TimeoutError: one took longer than that.
    """
    failed, response = [], evidence.response
    if response.status not in policy.accept and not any(check.kind == "status" for check in checks):
        failed.append(FailedCheck("status", policy.accept.text, str(response.status)))
    judged = _Judged(evidence, Content(response), HURRIED_SECONDS if hurry else REGEX_SECONDS)
    bodiless = evidence.bodiless
    for check in sorted(checks, key=lambda check: check.kind != "status"):
        actual: str | None = bodiless
        try:
            if not (bodiless and check.kind in ABOUT_BODIES):
                actual = _CHECKS[check.kind](check, response, judged)
        except TimeoutError:
            if hurry:
                raise
            actual = f"no answer in {REGEX_SECONDS:g} s: it takes too long over what came"
        if actual is not None:
            failed.append(FailedCheck(check.kind, check.text, actual))
    return tuple(failed)


class _Judged(NamedTuple):
    """What the checks of one response share: a body decoded once, and the seconds for one pattern or expression."""

    evidence: Evidence
    content: Content
    limit: float


def _status(check: Check, response: Response, _: _Judged) -> str | None:
    return None if response.status in check.value else str(response.status)


def _header(check: Check, response: Response, judged: _Judged) -> str | None:
    lines = response.headers.get(check.subject.encode())
    values = [line.decode("utf-8", "replace") for line in lines or ()]
    if check.op == ABSENT:
        return None if lines is None else _quoted(", ".join(values))
    if lines is None:
        return "no such header"
    candidates = values if len(values) == 1 else [*values, ", ".join(values)]
    if check.op == EXISTS or any(_compare(check, value, judged.limit) for value in candidates):
        return None
    return _quoted(", ".join(values))


def _body(check: Check, response: Response, judged: _Judged) -> str | None:
    content = judged.content
    # A pattern may say what must not follow: of a body that was not seen whole it proves nothing.
    if not (check.op == MATCHES and content.cut) and _compare(check, content.text, judged.limit):
        return None
    if response.size_decoded == 0:
        return "an empty body"
    start = _quoted(" ".join(content.text[: 4 * MOST_SHOWN].split()))
    return f"{start} ({format_bytes(response.size_decoded)}{content.cut})"


def _json(check: Check, _: Response, judged: _Judged) -> str | None:
    value, problem = judged.content.json
    if problem:
        return problem
    try:
        found = search(check.subject, value, int(judged.limit * STEPS_A_SECOND))
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:  # what jmespath raises, and Python
        return f"no value: {shorten(str(error).splitlines()[0] if str(error) else 'nested too deep', MOST_SHOWN)}"
    if check.op in (EXISTS, ABSENT):
        passed = (found is None) == (check.op == ABSENT)
    elif found is None and check.value is not None:
        passed = False  # what is not there is not something else, either
    else:
        passed = _compare(check, found, judged.limit)
    return None if passed else judged.content.shown(found, MOST_SHOWN)


def _sha256(check: Check, response: Response, _: _Judged) -> str | None:
    return None if response.sha256 == check.value else response.sha256


def _final_url(check: Check, response: Response, judged: _Judged) -> str | None:
    url = _USERINFO.sub("//", response.url, count=1)
    return None if _compare(check, url, judged.limit) else shorten(url, MOST_SHOWN)


def _redirects(check: Check, response: Response, judged: _Judged) -> str | None:
    count = len(response.redirects)
    if _compare(check, count, judged.limit):
        return None
    return f"{count}, to {shorten(response.url, MOST_SHOWN)}" if count else "0"


def _size(check: Check, response: Response, judged: _Judged) -> str | None:
    size = response.size_decoded
    return None if _compare(check, size, judged.limit) else f"{size} B"


def _cert_days(check: Check, response: Response, judged: _Judged) -> str | None:
    if not response.cert_expires:
        return "no certificate that was checked"
    days = (response.cert_expires - judged.evidence.wall) / DAY
    return None if _compare(check, days, judged.limit) else format_days(days)


def _max_latency(check: Check, _: Response, judged: _Judged) -> str | None:
    seconds = judged.evidence.seconds
    return None if seconds <= check.value else format_seconds(seconds)


_CHECKS: dict[str, Callable[[Check, Response, _Judged], str | None]] = {
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


def _quoted(text: str) -> str:
    return f'"{shorten(text, MOST_SHOWN)}"'


def _compare(check: Check, actual: object, limit: float) -> bool:
    """Whether ``actual op value`` holds; what cannot be compared does not."""
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
    """Equality of JSON values: 1 is 1.0 and is not true."""
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


def judge(target: Target, attempts: tuple[Attempt, ...], queued: float, *, note: str = "") -> Outcome:
    """Give a target its verdict, from what its last attempt brought; one without attempts was skipped."""
    if not attempts:
        return Outcome(target, Verdict.SKIPPED, (), (), queued, False, note)
    last = attempts[-1]
    if isinstance(last.result, Response):
        failed = last.failed_checks
        verdict = Verdict.FAILED if failed else Verdict.OK
        flaky = len(attempts) > 1 and not failed and is_flaky(attempts)
        return Outcome(target, verdict, attempts, failed, queued, flaky, note)
    verdict = Verdict.CANCELLED if last.result.kind is ErrorKind.CANCELLED else Verdict.FAILED
    return Outcome(target, verdict, attempts, (), queued, False, note)


def reject(row: Rejected | Passed) -> Outcome:
    """The outcome of a row that cannot be fetched, or is not to be."""
    if isinstance(row, Passed):
        return Outcome(row, Verdict.SKIPPED, note=row.reason)
    return Outcome(row, Verdict.REJECTED)
