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
    """Every column of a row, as `rows.columns` describes them and in its order, in which they are decoded fastest."""

    seq: int = 0
    url: str
    method: str | None = None
    tag: str | None = None
    verdict: Verdict
    status: int | None
    error: ErrorKind | None
    error_detail: str | None = None
    failed_checks: tuple[FailedCheck, ...] = ()
    attempts: int = 0
    flaky: bool = False
    note: str | None = None
    skip_cause: SkipCause | None = None
    retry_after: int | None = None
    time_queue: float = 0.0
    time_namelookup: float | None = None
    time_connect: float | None = None
    time_appconnect: float | None = None
    time_starttransfer: float | None = None
    time_total: float | None = None
    size_download: int | None = None
    size_decoded: int | None = None
    resumed_from: int | None = None
    num_redirects: int = 0
    redirects: tuple[Redirect, ...] = ()
    url_effective: str | None = None
    remote_ip: str | None = None
    content_type: str | None = None
    unknown_coding: str | None = None
    length_verified: bool | None = None
    cert_expires: str | None = None
    sha256: str | None = None
    started_at: str | None = None
    source: str | None = None
    line: int | None = None
    request: dict[str, Any] | None = None
    expect: dict[str, tuple[str, ...]] | None = None
    round: int = 1
    key: str = ""
    saved_as: str | None = None
    size_saved: int | None = None
    variant: str | None = None
    not_modified: bool | None = None
    from_cache: bool | None = None
    changed: bool | None = None
    headers: dict[str, list[str]] | None = None

    @property
    def host(self) -> str:
        """Host, and the port if it is not the default of the scheme; see `Target.host`."""
        return host_of(self.url)
