"""Which hosts had asked to be left alone, or were down, when a run ended: as far as its rows tell."""

from collections.abc import Callable

from fetchcli.core.errors import Contact
from fetchcli.core.journal.span import epoch
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.journal.written_url import Origin, origin_of

MAX_HOSTS = 100_000


class HostManners:
    """Follows the rows of a file in the order in which they ended.

    Attributes:
        pauses: until when hosts asked for a pause, in seconds since the epoch.
        failures: for hosts that did not answer last: how often in a row, and when last.
    """

    def __init__(self) -> None:
        self.pauses: dict[Origin, float] = {}
        self.failures: dict[Origin, tuple[int, float]] = {}

    def note(self, row: StoredRow) -> None:
        """Note a row that was requested."""
        if row.retry_after is not None and len(self.pauses) < MAX_HOSTS:
            origin = origin_of(row.url_effective or row.url)
            self.pauses[origin] = max(self.pauses.get(origin, 0.0), _end(row) + row.retry_after)
        silent = row.error is not None and row.error.contact is Contact.SILENT and not row.num_redirects
        if silent and len(self.failures) < MAX_HOSTS:
            origin = origin_of(row.url)
            self.failures[origin] = self.failures.get(origin, (0, 0.0))[0] + 1, _end(row)
        elif self.failures and row.status is not None:
            self.failures.pop(origin_of(row.url), None)

    def recall(
        self,
        wall: float,
        pause: Callable[[Origin, float], None],
        failed: Callable[[Origin, int, float], None],
        max_pause: float,
    ) -> None:
        """Tell what still holds.

        Args:
            wall: seconds since the epoch, now.
            pause: takes a host, and for how many seconds more it is to be left alone.
            failed: takes a host, how often in a row it did not answer, and how many seconds ago it did not last.
            max_pause: longer pauses are not respected.
        """
        for origin, until in self.pauses.items():
            if 0.0 < until - wall <= max_pause:
                pause(origin, until - wall)
        for origin, (count, when) in self.failures.items():
            failed(origin, count, max(0.0, wall - when))


def _end(row: StoredRow) -> float:
    try:
        return epoch(row.started_at or "") + (row.time_total or 0.0)
    except ValueError:
        return 0.0
