"""The outcome that a row of a results file stands for: written again, it is the same row."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.expect.expectations import Expected
from fetchcli.core.journal.span import epoch
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.journal.written_url import written_url
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import CarriedValue, Rejected, Row, SkipCause, Skipped, Target
from fetchcli.core.request.request import RequestOptions, is_token
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.timings import Timings


class WrittenRequest(RowRequest, frozen=True, kw_only=True):
    """The request of a row as results have it: secrets are masked, so it cannot be sent.

    Attributes:
        values: as written.
    """

    values: dict[str, Any]

    def written(self) -> dict[str, object]:
        """As written."""
        return self.values


def restored(
    row: StoredRow, carried: tuple[CarriedValue, ...] = (), headers: Mapping[str, str] | None = None
) -> Outcome:
    """The outcome that a row stands for. What rows do not contain is missing: earlier attempts, and bodies.

    Args:
        row: the row.
        carried: values of the carried columns.
        headers: response headers by lower-case name.
    """
    saved = None if row.saved_as is None else Saved(row.saved_as, row.size_saved or 0)
    attempts: tuple[Attempt, ...] = ()
    if row.verdict in _ATTEMPTED and (row.attempts or row.status is not None or row.error is not None):
        result = _failure(row) if row.status is None else _response(row, headers)
        started = epoch(row.started_at) if row.started_at else 0.0
        number = row.attempts if row.status is not None else max(1, row.attempts)  # 0 if nothing was asked
        attempts = (Attempt(number, started, row.time_total or 0.0, result, row.failed_checks),)
    return Outcome(
        _row(row, carried),
        row.verdict,
        attempts,
        row.failed_checks,
        row.time_queue,
        row.flaky,
        row.note or "",
        saved,
    )


_ATTEMPTED = frozenset((Verdict.OK, Verdict.FAILED, Verdict.CANCELLED))


def _row(row: StoredRow, carried: tuple[CarriedValue, ...]) -> Row:
    source, line, tag = row.source or "", row.line or 0, row.tag or ""
    row_request, variant, earlier = _row_request(row), row.variant or "", None
    expect = None if row.expect is None else Expected((), row.expect)
    if row.changed is not None:
        earlier = Earlier("another" if row.changed else row.sha256 or "the same")
    if row.verdict is Verdict.REJECTED:
        reason = (row.error_detail or "").removeprefix(f"{'stdin' if source == '-' else source}:{line}: ")
        kind = row.error or ErrorKind.INVALID_ROW
        if row_request is None and row.method is not None and is_token(row.method):
            row_request = WrittenRequest(method=row.method, values={"method": row.method})
        return Rejected(
            row.seq, row.url, reason, source, line, row_request, tag, carried, expect, row.round, kind, row.key
        )
    fields = (
        row.seq,
        written_url(row.url),
        source,
        line,
        None if row.method is None else _request(row.method),
        row_request,
        tag,
        carried,
        expect,
        row.round,
        None,
        "",
        earlier,
        variant,
        row.key,
    )
    if row.skip_cause is not None and row.skip_cause is not SkipCause.HOST:
        return Skipped(*fields, row.note or "", row.skip_cause)
    return Target(*fields)


def _row_request(row: StoredRow) -> RowRequest | None:
    if row.request is None:
        return None
    method = row.request.get("method")
    return WrittenRequest(method=method if isinstance(method, str) and is_token(method) else None, values=row.request)


@lru_cache(maxsize=64)
def _request(method: str) -> RequestOptions | None:
    return RequestOptions(method) if is_token(method) else None


def _response(row: StoredRow, headers: Mapping[str, str] | None) -> Response:
    status, size, decoded = row.status or 0, row.size_download or 0, row.size_decoded or 0
    return Response(
        status,
        row.url_effective or "",
        _timings(row),
        row.redirects,
        row.content_type or "",
        row.remote_ip or "",
        size,
        decoded,
        row.sha256 or "",
        bool(row.length_verified),
        row.unknown_coding or "",
        _fields(row, headers),
        cert_expires=epoch(row.cert_expires) if row.cert_expires else 0.0,
        resumed_from=row.resumed_from or 0,
        not_modified=bool(row.not_modified),
        from_cache=bool(row.from_cache),
    )


def _fields(row: StoredRow, headers: Mapping[str, str] | None) -> dict[bytes, list[bytes]]:
    found = {} if row.retry_after is None else {b"retry-after": [b"%d" % row.retry_after]}
    found |= {_bytes(name): list(map(_bytes, values)) for name, values in (row.headers or {}).items()}
    for name, value in (headers or {}).items():
        found.setdefault(_bytes(name), [_bytes(value)])
    return found


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _failure(row: StoredRow) -> Failure:
    kind, detail = row.error or ErrorKind.INTERNAL, row.error_detail or ""
    return Failure(kind, detail, row.url_effective or "", row.redirects, row.remote_ip or "", timings=_timings(row))


def _timings(row: StoredRow) -> Timings:
    return Timings(
        row.time_namelookup or 0.0,
        row.time_connect or 0.0,
        row.time_appconnect or 0.0,
        row.time_starttransfer or 0.0,
        row.time_total or 0.0,
    )
