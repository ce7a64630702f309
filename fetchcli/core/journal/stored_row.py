"""The row of a results file, with the types of its columns."""

from typing import Any

import msgspec

from fetchcli.core.errors import ErrorKind, Redirect
from fetchcli.core.journal.written_url import host_of
from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.model.target import SkipCause

REQUIRED = ("url", "verdict", "status", "error")  # columns without which a row is none of results
# What tells a row of a list, and whether it is done; --resume writes them whatever --columns says.
JOURNAL = (
    *("seq", "url", "verdict", "status", "error", "failed_checks", "flaky", "note", "skip_cause", "retry_after"),
    *("error_detail", "attempts", "time_total", "size_download", "started_at", "round", "key"),
)


class StoredRow(msgspec.Struct, kw_only=True, gc=False):
    """What the summary, thresholds and the baseline need of a row; see `rows.columns`."""

    url: str
    verdict: Verdict
    status: int | None
    error: ErrorKind | None
    seq: int = 0
    key: str = ""
    round: int = 1
    method: str | None = None
    tag: str | None = None
    error_detail: str | None = None
    failed_checks: tuple[FailedCheck, ...] = ()
    attempts: int = 0
    flaky: bool = False
    note: str | None = None
    skip_cause: SkipCause | None = None
    retry_after: int | None = None
    time_queue: float = 0.0
    time_total: float | None = None
    size_download: int | None = None
    size_decoded: int | None = None
    sha256: str | None = None
    started_at: str | None = None
    url_effective: str | None = None
    num_redirects: int = 0
    source: str | None = None
    line: int | None = None
    saved_as: str | None = None
    size_saved: int | None = None
    expect: dict[str, tuple[str, ...]] | None = None
    not_modified: bool | None = None
    from_cache: bool | None = None

    @property
    def host(self) -> str:
        """Host, and the port if it is not the default of the scheme; see `Target.host`."""
        return host_of(self.url)


class WholeRow(StoredRow, kw_only=True, gc=False):
    """Every column of a row, so that it can be written again."""

    time_namelookup: float | None = None
    time_connect: float | None = None
    time_appconnect: float | None = None
    time_starttransfer: float | None = None
    resumed_from: int | None = None
    redirects: tuple[Redirect, ...] = ()
    remote_ip: str | None = None
    content_type: str | None = None
    unknown_coding: str | None = None
    length_verified: bool | None = None
    cert_expires: str | None = None
    request: dict[str, Any] | None = None
    variant: str | None = None
    changed: bool | None = None
    headers: dict[str, list[str]] | None = None
