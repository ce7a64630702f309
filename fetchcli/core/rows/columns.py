"""The columns of a row: every sink, the ``-w`` templates and the documentation use this table.

Names follow curl's write-out variables where curl has one. Times are seconds since the attempt
started, sizes are bytes, ``started_at`` is ISO 8601 in UTC. A value that does not exist is null in
JSON, an empty cell in CSV and ``-`` in text.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from fetchcli.core.errors import ErrorKind, Failure, Redirect, UsageError
from fetchcli.core.model.attempt import FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.text import without_surrogates

Value = (
    bool | int | float | str | tuple[Redirect, ...] | tuple[FailedCheck, ...] | list[object] | dict[str, object] | None
)
Getter = Callable[[Outcome, Response | None], Value]


def as_text(value: Value) -> str:
    """A value for formats without types; empty if it does not exist."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(item.text for item in value)
    if isinstance(value, dict | list):
        try:
            return msgspec.json.encode(value).decode()
        except UnicodeEncodeError:  # a lone surrogate in a request
            return msgspec.json.encode(without_surrogates(value)).decode()
    if isinstance(value, float):
        return f"{value:.6f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


class Column(msgspec.Struct, frozen=True):
    """One column of a row.

    Attributes:
        name: name in every format.
        type: ``boolean``, ``integer``, ``number``, ``string``, ``list`` or ``object``.
        get: reads the value from an outcome and its response (looked up once per row).
        doc: meaning, with the unit.
        aliases: other names for ``-w``, for users of curl.
        text: writes a value for formats without types.
    """

    name: str
    type: str
    get: Getter
    doc: str
    aliases: tuple[str, ...] = ()
    text: Callable[[Value], str] = as_text


_NO_FAILURE = Failure(ErrorKind.INTERNAL, "")


def iso(epoch: float) -> str:
    """A time as ISO 8601 in UTC, with microseconds."""
    seconds, fraction = divmod(epoch, 1)
    return f"{_iso_seconds(int(seconds))}.{int(fraction * 1_000_000):06}Z"


@lru_cache(maxsize=64)
def _iso_seconds(epoch: int) -> str:
    """Whole seconds are cached: formatting them is slow, and many rows share one."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _seconds(value: float) -> float:
    """Round to microseconds; most phases of a reused connection are 0."""
    return round(value, 6) if value else 0.0


def _failure(outcome: Outcome) -> Failure | None:
    return None if outcome.verdict is Verdict.SKIPPED else outcome.failure


def _error(outcome: Outcome) -> Value:
    return None if (failure := _failure(outcome)) is None else failure.kind.value


def _failure_or_empty(outcome: Outcome) -> Failure:
    """How far a row without a response got."""
    return outcome.failure or _NO_FAILURE


def _reached(outcome: Outcome, phase: str) -> Value:
    """When a phase of a failed attempt was over, or None if it was not."""
    failure = _failure(outcome)
    return None if failure is None else _seconds(getattr(failure.timings, phase)) or None


def _detail(outcome: Outcome) -> Value:
    return None if (failure := _failure(outcome)) is None else failure.detail


# The getters run for every row: one line each, no lookup twice.
COLUMNS: tuple[Column, ...] = (
    Column("seq", "integer", lambda o, r: o.row.seq, "number of the row over all inputs, from 1", ("urlnum",)),
    Column("url", "string", lambda o, r: o.row.text, "the URL of the row, credentials masked"),
    Column("method", "string", lambda o, r: o.row.method, "the request method"),
    Column("tag", "string", lambda o, r: o.row.tag or None, "the tag of the row in the input"),
    Column("verdict", "string", lambda o, r: o.verdict.value, "OK, FAILED, REJECTED, CANCELLED or SKIPPED"),
    Column(
        "status",
        "integer",
        lambda o, r: r and r.status,
        "HTTP status of a complete response",
        ("http_code", "response_code"),
    ),
    Column("error", "string", lambda o, r: None if r else _error(o), "error kind if there is no complete response"),
    Column("error_detail", "string", lambda o, r: None if r else _detail(o), "the reason, in words", ("errormsg",)),
    Column(
        "failed_checks",
        "list",
        lambda o, r: o.failed_checks,
        "checks that failed; in JSON objects with `check`, `expected` and `actual`",
    ),
    Column(
        "attempts",
        "integer",
        lambda o, r: len(o.attempts),
        "number of attempts; redirects belong to one attempt",
    ),
    Column("flaky", "boolean", lambda o, r: o.flaky, "true if the row was accepted after a failure"),
    Column("note", "string", lambda o, r: o.note or None, "reason for skipping or not retrying the row"),
    Column("time_queue", "number", lambda o, r: _seconds(o.queued), "seconds before the first attempt"),
    Column(
        "time_namelookup",
        "number",
        lambda o, r: _seconds(r.timings.namelookup) if r else _reached(o, "namelookup"),
        "seconds until the name was resolved (0: connection reused; null: not reached, as in the next three)",
    ),
    Column(
        "time_connect",
        "number",
        lambda o, r: _seconds(r.timings.connect) if r else _reached(o, "connect"),
        "seconds until TCP was connected (0: connection reused)",
    ),
    Column(
        "time_appconnect",
        "number",
        lambda o, r: _seconds(r.timings.appconnect) if r else _reached(o, "appconnect"),
        "seconds until TLS was established (0: no TLS, or connection reused)",
    ),
    Column(
        "time_starttransfer",
        "number",
        lambda o, r: _seconds(r.timings.starttransfer) if r else _reached(o, "starttransfer"),
        "seconds until the first byte of the last response",
    ),
    Column(
        "time_total",
        "number",
        lambda o, r: _seconds(o.attempts[-1].elapsed) if o.attempts else None,
        "seconds of the last attempt, to the last byte or the failure",
    ),
    Column("size_download", "integer", lambda o, r: r and r.size_download, "bytes of the body on the wire"),
    Column("size_decoded", "integer", lambda o, r: r and r.size_decoded, "bytes of the body after content decoding"),
    Column(
        "num_redirects",
        "integer",
        lambda o, r: len((r or _failure_or_empty(o)).redirects),
        "number of redirects followed",
    ),
    Column(
        "redirects",
        "list",
        lambda o, r: (r or _failure_or_empty(o)).redirects,
        "redirects followed, in order; in JSON objects with `url` and `status`",
    ),
    Column(
        "url_effective",
        "string",
        lambda o, r: r.url if r else _failure_or_empty(o).url or None,
        "URL of the last request",
    ),
    Column(
        "remote_ip",
        "string",
        lambda o, r: (r.remote_ip if r else _failure_or_empty(o).remote_ip) or None,
        "address of the last request",
    ),
    Column("content_type", "string", lambda o, r: (r and r.content_type) or None, "Content-Type of the last response"),
    Column(
        "unknown_coding",
        "string",
        lambda o, r: (r and r.unknown_coding) or None,
        "the Content-Encoding that could not be decoded",
    ),
    Column(
        "length_verified",
        "boolean",
        lambda o, r: None if r is None else r.length_verified,
        "true if framing proved the body complete; false if only the end of the connection ended it",
    ),
    Column(
        "cert_expires",
        "string",
        lambda o, r: _iso_seconds(int(r.cert_expires)) + "Z" if r and r.cert_expires else None,
        "expiry of the server's certificate, ISO 8601 UTC; null without a verified one",
    ),
    Column("sha256", "string", lambda o, r: r and r.sha256, "SHA-256 of the decoded body, hexadecimal"),
    Column(
        "started_at",
        "string",
        lambda o, r: iso(o.attempts[0].started_at) if o.attempts else None,
        "start of the first attempt, ISO 8601 UTC",
    ),
    Column("source", "string", lambda o, r: o.row.source or None, "the input file, - for stdin; none for an argument"),
    Column("line", "integer", lambda o, r: o.row.line or None, "line number in the source, from 1"),
    Column(
        "request",
        "object",
        lambda o, r: None if o.row.row_request is None else o.row.row_request.written(),
        "what the row says about its request (method, headers, body, body_file), credentials masked",
    ),
    Column(
        "expect",
        "object",
        lambda o, r: None if o.row.expect is None else dict(o.row.expect.as_written),
        "the row's own expectations",
    ),
    Column("round", "integer", lambda o, r: o.row.round, "number of the round, from 1"),
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
_BY_NAME = {name: column for column in COLUMNS for name in (column.name, *column.aliases)}


def values(outcome: Outcome) -> list[Value]:
    """The row of an outcome, in the order of `COLUMNS`."""
    response = outcome.response
    return [column.get(outcome, response) for column in COLUMNS]


def as_written(value: Value) -> str:
    """A value of the input for formats without types: a number as JSON writes it."""
    return msgspec.json.encode(value).decode() if isinstance(value, float) else as_text(value)


def find(name: str) -> Column:
    """The column of that name or alias.

    Raises:
        UsageError: there is no such column; the message suggests the nearest name.
    """
    column = _BY_NAME.get(name)
    if column is None:
        from difflib import get_close_matches  # only an error needs it

        near = get_close_matches(name, _BY_NAME, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(NAMES)}"
        raise UsageError(f"no column is named {name!r}; {hint}")
    return column
