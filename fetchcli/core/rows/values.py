"""Compile rows: one function for all columns of a run, instead of one call for each value.

The rows of a run are made of the same expressions, so they are compiled once; that is several times faster.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import Any

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.http1.retry_after import may_ask_for_pause, requested_seconds
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import CarriedValue, Rejected, Row
from fetchcli.core.revalidation.unchanged import has_changed
from fetchcli.core.rows.key import row_key

# The names that an expression may use besides the functions below, and how each is computed.
PRELUDE = {
    "row": "row = o.row",
    "a": "a = o.attempts",
    "r": "r = response(o)",
    "f": "f = failure(o)",
}


def iso(epoch: float) -> str:
    """A time as ISO 8601 in UTC, with microseconds."""
    seconds = int(epoch)
    return f"{_iso_seconds(seconds)}.{int((epoch - seconds) * 1_000_000):06}Z"


def _iso_second(epoch: float) -> str:
    return f"{_iso_seconds(int(epoch))}Z"


@lru_cache(maxsize=64)
def _iso_seconds(epoch: int) -> str:
    """Whole seconds are cached: formatting them is slow, and many rows share one."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _seconds(value: float) -> float:
    """Round to microseconds (`round` takes four times as long); most phases of a reused connection are 0."""
    return int(value * 1_000_000 + 0.5) / 1_000_000 if value > 0 else 0.0


def _response(outcome: Outcome) -> Response | None:
    """The response of the last attempt."""
    if outcome.attempts and isinstance(result := outcome.attempts[-1].result, Response):
        return result
    return None


def _failure(outcome: Outcome) -> Failure | None:
    """The failure of a row that was not skipped."""
    if outcome.attempts:
        result = outcome.attempts[-1].result
        return result if isinstance(result, Failure) and outcome.verdict is not Verdict.SKIPPED else None
    return None if outcome.verdict is Verdict.SKIPPED else outcome.failure


def _header(response: Response | None, name: bytes) -> str | None:
    values = None if response is None else response.headers.get(name)
    if values is None:
        return None
    value = values[0] if len(values) == 1 else b", ".join(values)
    return value.decode("utf-8", "surrogateescape")


def _headers(response: Response | None) -> dict[str, list[str]] | None:
    if response is None:
        return None
    return {
        name.decode("ascii", "surrogateescape"): [value.decode("utf-8", "surrogateescape") for value in values]
        for name, values in response.headers.items()
    }


def _retry_after(outcome: Outcome, response: Response | None) -> int | None:
    """The pause that the last response asks for, in whole seconds."""
    if response is None or not may_ask_for_pause(response.headers):
        return None
    last = outcome.attempts[-1]
    accepted = all(failed.check != "status" for failed in outcome.failed_checks)
    seconds = requested_seconds(response.headers, last.started_at + last.elapsed, accepted=accepted)
    return None if seconds is None else ceil(seconds)


def _carried(row: Row, at: int) -> CarriedValue:
    return row.carried[at] if at < len(row.carried) else None  # an unreadable row has none


def _earlier(row: Row) -> Earlier | None:
    return None if isinstance(row, Rejected) else row.earlier


def _variant(row: Row) -> str | None:
    return None if isinstance(row, Rejected) else row.variant or None


_FUNCTIONS: dict[str, Any] = {
    "iso": iso,
    "iso_second": _iso_second,
    "seconds": _seconds,
    "response": _response,
    "failure": _failure,
    "header": _header,
    "headers": _headers,
    "carried": _carried,
    "retry_after": _retry_after,
    "earlier": _earlier,
    "has_changed": has_changed,
    "variant": _variant,
    "row_key": row_key,
    "NO_FAILURE": Failure(ErrorKind.INTERNAL, ""),
}


@lru_cache(maxsize=256)
def compiled(source: str) -> Callable[[Outcome], Any]:
    """The function from an outcome to the value of an expression.

    Args:
        source: an expression over ``o``, the outcome, and the names of `PRELUDE`.
    """
    return compile_row(f"return {source}")


def compile_row(statement: str, **names: Any) -> Callable[[Outcome], Any]:
    """The function from an outcome that ends with a statement over the same names, and over those that are given."""
    used = set(re.findall(r"[A-Za-z_]\w*", statement))
    prelude = [line for name, line in PRELUDE.items() if name in used]
    body = "\n".join(f"    {line}" for line in (*prelude, statement))
    scope = {**_FUNCTIONS, **names}
    exec(compile(f"def make(o):\n{body}\n", "<row>", "exec"), scope)  # noqa: S102 - the expressions are our own
    make: Callable[[Outcome], Any] = scope["make"]
    return make
