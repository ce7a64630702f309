"""Which rows of a results file are done, and which are to be fetched again."""

from typing import TYPE_CHECKING

import msgspec

from fetchcli.core.errors import ErrorKind, UsageError
from fetchcli.core.expect.status import StatusSet
from fetchcli.core.model.outcome import NOT_RETRIED, Verdict
from fetchcli.core.model.target import SkipCause
from fetchcli.core.pattern import lazy_pattern

if TYPE_CHECKING:
    from fetchcli.core.journal.stored_row import StoredRow

CHECK = "check"  # a check failed, other than that of the status
_STATUS = lazy_pattern(r"[1-9](?:\d\d|xx)")
_STATUSES = lazy_pattern(r"[\dx,. -]+")  # statuses that are accepted
_FINAL_SKIPS = frozenset((SkipCause.DUPLICATE, SkipCause.EXISTS))
# What this machine was to blame for; the server was not asked, or its answer was lost.
_LOCAL = frozenset((ErrorKind.CANCELLED, ErrorKind.WRITE, ErrorKind.INTERNAL))


class RetryKinds(msgspec.Struct, frozen=True):
    """Failed rows that are fetched again.

    Attributes:
        every: all of them.
        kinds: error kinds, statuses (``404``, ``5xx``), and `CHECK`.
    """

    every: bool = False
    kinds: frozenset[str] = frozenset()

    def include(self, row: "StoredRow") -> bool:
        """Whether a failed row is fetched again."""
        if self.every or (row.error is not None and row.error.value in self.kinds):
            return True
        if row.status is None:
            return False
        checks = {failed.check for failed in row.failed_checks}
        if "status" in checks and {str(row.status), f"{row.status // 100}xx"} & self.kinds:
            return True
        return CHECK in self.kinds and bool(checks - {"status"})


def is_final(row: "StoredRow", retry: RetryKinds) -> bool:
    """Whether a row is done: it is not fetched again."""
    if row.verdict is Verdict.SKIPPED:
        return row.skip_cause in _FINAL_SKIPS
    if row.verdict is Verdict.OK or row.verdict is Verdict.REJECTED:
        return True
    if row.verdict is Verdict.CANCELLED or row.error in _LOCAL or (row.note or "").startswith(NOT_RETRIED):
        return False
    return not retry.include(row)


def is_judged_alike(row: "StoredRow", accept: StatusSet) -> bool:
    """Whether the status of a row is accepted now if it was then; rows with their own expectations are left alone."""
    if row.status is None or row.expect or row.not_modified:
        return True
    refused = [failed.expected for failed in row.failed_checks if failed.check == "status"]
    if refused and not _STATUSES.fullmatch(refused[0]):  # not because of its number
        return True
    return (row.status in accept) is not bool(refused)


def parse_retry_kinds(text: str) -> RetryKinds:
    """Parse ``connect,timeout_total,5xx,check``.

    Raises:
        UsageError: a word is none of them.
    """
    words = [word.strip() for word in text.split(",")]
    known = {kind.value for kind in ErrorKind} - {kind.value for kind in _LOCAL}
    for word in words:
        if word not in known and word != CHECK and not _STATUS.fullmatch(word):
            raise UsageError(
                f"{word!r}: expected error kinds, statuses such as 404 or 5xx, or {CHECK}; the kinds are "
                f"{', '.join(kind.value for kind in ErrorKind if kind.value in known)}"
            )
    return RetryKinds(kinds=frozenset(words))
