"""The columns of a row: every sink, the ``-w`` templates and the documentation use this table.

Names follow curl's write-out variables where curl has one. Times are seconds since the attempt
started, sizes are bytes, ``started_at`` is ISO 8601 in UTC. A value that does not exist is null in
JSON, an empty cell in CSV and ``-`` in text.
"""

from collections.abc import Callable

import msgspec

from fetchcli.core.errors import Redirect, UsageError
from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.rows.values import compiled
from fetchcli.core.text import without_surrogates

Value = (
    bool | int | float | str | tuple[Redirect, ...] | tuple[FailedCheck, ...] | list[object] | dict[str, object] | None
)
PARQUET_JSON = "fetchcli.json"  # metadata of a Parquet file: its columns that hold JSON as text
HEADER = "header:"  # prefix of the column of one header
_HEADER_NAME = lazy_pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


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
        type: ``boolean``, ``integer``, ``number``, ``string``, ``list``, ``object``, or ``any`` of them.
        source: the value as an expression over the names of `values.PRELUDE`; rows are compiled from these.
        doc: meaning, with the unit.
        aliases: other names for ``-w``, for users of curl.
        text: writes a value for formats without types.
    """

    name: str
    type: str
    source: str
    doc: str
    aliases: tuple[str, ...] = ()
    text: Callable[[Value], str] = as_text

    @property
    def get(self) -> Callable[[Outcome], Value]:
        """The function from an outcome to the value."""
        return compiled(self.source)


COLUMNS: tuple[Column, ...] = (
    Column("seq", "integer", "row.seq", "number of the row over all inputs, from 1", ("urlnum",)),
    Column("url", "string", "row.text", "the URL of the row, credentials masked"),
    Column("method", "string", "row.method", "the request method"),
    Column("tag", "string", "row.tag or None", "the tag of the row in the input"),
    Column("verdict", "string", "o.verdict._value_", "OK, FAILED, REJECTED, CANCELLED or SKIPPED"),
    Column("status", "integer", "r and r.status", "HTTP status of a complete response", ("http_code", "response_code")),
    Column("error", "string", "f and f.kind._value_", "error kind if there is no complete response"),
    Column("error_detail", "string", "f and f.detail", "the reason, in words", ("errormsg",)),
    Column(
        "failed_checks",
        "list",
        "o.failed_checks",
        "checks that failed; in JSON objects with `check`, `expected` and `actual`",
    ),
    Column("attempts", "integer", "a[-1].number if a else 0", "number of attempts; redirects belong to one attempt"),
    Column("flaky", "boolean", "o.flaky", "true if the row was accepted after a failure"),
    Column("note", "string", "o.note or None", "reason for skipping or not retrying the row"),
    Column(
        "skip_cause",
        "string",
        "o.skip_cause and o.skip_cause._value_",
        "why the row was skipped: duplicate, exists (--skip-existing), halt, or host (--max-host-errors)",
    ),
    Column(
        "retry_after",
        "integer",
        "retry_after(o, r)",
        "seconds for which the host asked for a pause (Retry-After, or a used-up quota)",
    ),
    Column("time_queue", "number", "seconds(o.queued)", "seconds before the first attempt"),
    Column(
        "time_namelookup",
        "number",
        "r.timings.namelookup and seconds(r.timings.namelookup) if r else f and seconds(f.timings.namelookup) or None",
        "seconds until the name was resolved (0: connection reused; null: not reached, as in the next three)",
    ),
    Column(
        "time_connect",
        "number",
        "r.timings.connect and seconds(r.timings.connect) if r else f and seconds(f.timings.connect) or None",
        "seconds until TCP was connected (0: connection reused)",
    ),
    Column(
        "time_appconnect",
        "number",
        "r.timings.appconnect and seconds(r.timings.appconnect) if r else f and seconds(f.timings.appconnect) or None",
        "seconds until TLS was established (0: no TLS, or connection reused)",
    ),
    Column(
        "time_starttransfer",
        "number",
        "seconds(r.timings.starttransfer) if r else f and seconds(f.timings.starttransfer) or None",
        "seconds until the first byte of the last response",
    ),
    Column(
        "time_total",
        "number",
        "seconds(a[-1].elapsed) if a else None",
        "seconds of the last attempt, to the last byte or the failure",
    ),
    Column("size_download", "integer", "r and r.size_download", "bytes of the body on the wire"),
    Column("size_decoded", "integer", "r and r.size_decoded", "bytes of the body after content decoding"),
    Column(
        "resumed_from",
        "integer",
        "r and r.resumed_from or None",
        "bytes of the body that came in an earlier attempt; the last one brought the rest",
    ),
    Column("num_redirects", "integer", "len((r or f or NO_FAILURE).redirects)", "number of redirects followed"),
    Column(
        "redirects",
        "list",
        "(r or f or NO_FAILURE).redirects",
        "redirects followed, in order; in JSON objects with `url` and `status`",
    ),
    Column("url_effective", "string", "(r or f or NO_FAILURE).url or None", "URL of the last request"),
    Column("remote_ip", "string", "(r or f or NO_FAILURE).remote_ip or None", "address of the last request"),
    Column("content_type", "string", "r and r.content_type or None", "Content-Type of the last response"),
    Column(
        "unknown_coding", "string", "r and r.unknown_coding or None", "the Content-Encoding that could not be decoded"
    ),
    Column(
        "length_verified",
        "boolean",
        "r and r.length_verified",
        "true if framing proved the body complete; false if only the end of the connection ended it",
    ),
    Column(
        "cert_expires",
        "string",
        "iso_second(r.cert_expires) if r and r.cert_expires else None",
        "expiry of the server's certificate, ISO 8601 UTC; null without a verified one",
    ),
    Column(
        "sha256", "string", "r and r.sha256 or None", "SHA-256 of the decoded body, hexadecimal; null with --no-hash"
    ),
    Column("started_at", "string", "iso(a[0].started_at) if a else None", "start of the first attempt, ISO 8601 UTC"),
    Column("source", "string", "row.source or None", "the input file, - for stdin; none for an argument"),
    Column("line", "integer", "row.line or None", "line number in the source, from 1"),
    Column(
        "request",
        "object",
        "row.row_request and row.row_request.written()",
        "what the row says about its request (method, headers, body, body_file), credentials masked",
    ),
    Column("expect", "object", "row.expect and dict(row.expect.as_written)", "the row's own expectations"),
    Column("round", "integer", "row.round", "number of the round, from 1"),
    Column(
        "key",
        "string",
        "row_key(row)",
        "what the row asks for, as 16 hexadecimal digits: two rows with one key ask the same",
    ),
)
# Default columns only where bodies are saved.
SAVED: tuple[Column, ...] = (
    Column(
        "saved_as",
        "string",
        "o.saved and o.saved.name",
        "path of the saved body, relative to the working folder, or its name in the container; default with --save",
    ),
    Column("size_saved", "integer", "o.saved and o.saved.size", "bytes of the saved body; default with --save"),
)
VARIANT = Column(
    "variant",
    "string",
    "variant(row)",
    "hash of the headers and credentials that the answer may depend on; null without; default with --save and "
    "--revalidate",
)
# Default columns only where there is an earlier run to compare with.
REVALIDATED: tuple[Column, ...] = (
    Column(
        "not_modified",
        "boolean",
        "r and r.not_modified",
        "true for a 304 to --revalidate: the body is the earlier one; default with --revalidate",
    ),
    Column(
        "from_cache",
        "boolean",
        "r and r.from_cache",
        "true if nothing was asked, because of --max-age; default with --revalidate",
    ),
    Column(
        "changed",
        "boolean",
        "has_changed(r, earlier(row))",
        "true if the body differs from that of --revalidate, or else --baseline; null if that has none; "
        "default with --revalidate",
    ),
)
HEADERS = Column(
    "headers", "object", "headers(r)", "header fields of the last response, each name with a list of values"
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
ALL_COLUMNS = (*COLUMNS, *SAVED, VARIANT, *REVALIDATED, HEADERS)
_BY_NAME = {name: column for column in ALL_COLUMNS for name in (column.name, *column.aliases)}


def as_written(value: Value) -> str:
    """A value of the input for formats without types: a number as JSON writes it."""
    return msgspec.json.encode(value).decode() if isinstance(value, float) else as_text(value)


def header_column(name: str) -> Column:
    """The column of one header, such as ``header:etag``.

    Raises:
        UsageError: it is not the name of a header.
    """
    if not _HEADER_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a header name")
    name = name.lower()
    return Column(f"{HEADER}{name}", "string", f"header(r, {name.encode()!r})", f"value of the header {name}")


def find(name: str) -> Column:
    """The column of that name or alias.

    Raises:
        UsageError: there is no such column; the message suggests the nearest name.
    """
    if name.startswith(HEADER):
        return header_column(name.removeprefix(HEADER))
    column = _BY_NAME.get(name)
    if column is None:
        from difflib import get_close_matches  # only an error needs it

        near = get_close_matches(name, _BY_NAME, n=1)
        known = ", ".join((*(column.name for column in ALL_COLUMNS), f"{HEADER}NAME"))
        hint = f"did you mean {near[0]!r}?" if near else f"known: {known}"
        raise UsageError(f"no column is named {name!r}; {hint}")
    return column
