"""``--revalidate`` and ``--max-age``: what an earlier run has received, attached to the rows of this one."""

import stat
import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import file_digest
from pathlib import Path

import msgspec

from fetchcli.core.checks.evaluate import checks_for
from fetchcli.core.model.earlier import Earlier
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Known, Row, Skipped, Target
from fetchcli.core.revalidation.conditions import may_be_known
from fetchcli.core.revalidation.variant import variant_of

Find = Callable[[Row], Earlier | None]


class Revalidation:
    """Attaches earlier responses to rows.

    Args:
        find: looks a row up.
        policy: the request and the expectations of the run.
        max_age: rows that were fetched so many seconds ago or less are not fetched; None fetches all.
        has_name: whether the body of a row would be saved under this name now; None if bodies are not saved.
    """

    def __init__(
        self,
        find: Find,
        policy: Policy,
        max_age: float | None,
        has_name: Callable[[Target, str], bool] | None,
    ) -> None:
        self._find, self._policy, self._max_age, self._has_name = find, policy, max_age, has_name
        self._now = time.time()
        self._own_variant = variant_of(policy.request.headers, policy.credentials)

    def rows(self, batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """Attach to each row what was received for the same request."""
        for batch in batches:
            yield [self._attached(row) for row in batch]

    def _attached(self, row: Row) -> Row:
        if not isinstance(row, Target) or isinstance(row, Skipped):
            return row
        if variant := self._variant(row):
            row = msgspec.structs.replace(row, variant=variant)
        earlier = self._find(row)
        if earlier is None:
            return row
        if not self._is_there(row, earlier):  # it is fetched in full, but still compared
            return msgspec.structs.replace(
                row,
                earlier=msgspec.structs.replace(
                    earlier, etag="", last_modified="", saved=None, lost=earlier.saved is not None
                ),
            )
        row = msgspec.structs.replace(row, earlier=earlier)
        return Known.from_target(row) if self._is_young(row, earlier) else row

    def _variant(self, row: Target) -> str:
        if row.request is None:
            return self._own_variant
        return variant_of(row.request.headers, self._policy.credentials)

    def _is_young(self, row: Target, earlier: Earlier) -> bool:
        age = self._now - earlier.seconds
        if self._max_age is None or not 0 <= age <= self._max_age or earlier.status not in self._policy.accept:
            return False
        return not checks_for(row, self._policy) and may_be_known(row.request or self._policy.request, ())

    def _is_there(self, row: Target, earlier: Earlier) -> bool:
        """Whether the saved body is where it was, and is to be there."""
        saved = earlier.saved
        if saved is None:
            return self._has_name is None
        try:
            status = Path(saved.name).lstat()
        except (OSError, ValueError):
            return False
        if not stat.S_ISREG(status.st_mode) or status.st_size != saved.size:
            return False
        if saved.size == earlier.size and _sha256(saved.name) != earlier.sha256:  # otherwise it was saved as it came
            return False
        return self._has_name is None or self._has_name(row, saved.name)


def _sha256(name: str) -> str:
    """SHA-256 of a file, hexadecimal; empty if it cannot be read."""
    try:
        with Path(name).open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
