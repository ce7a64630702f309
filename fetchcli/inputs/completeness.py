"""Which rows of a run its results file lacks."""

from fetchcli.core.settings import Reading
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.count import count_in_time
from fetchcli.inputs.record import Record

MAX_SEQ = 100_000_000  # numbers beyond it are not looked at
MAX_LISTS = 100  # lists whose rows are counted
COUNT_SECONDS = 1.0  # that counting them may take


class Completeness:
    """Notes which rows of a run a results file holds."""

    def __init__(self) -> None:
        self._seen = bytearray()
        self._rows = 0
        self._cancelled = False
        self._lists: dict[str, None] = {}

    def note(self, record: Record) -> None:
        """Note a row."""
        origin = record.origin
        if origin is None or not 0 < origin.seq <= MAX_SEQ:
            return
        if origin.seq >= len(self._seen):
            self._seen.extend(bytes(max(origin.seq + 1 - len(self._seen), len(self._seen))))
        self._rows += not self._seen[origin.seq]
        self._seen[origin.seq] = 1
        self._cancelled = self._cancelled or origin.cancelled
        if len(self._lists) <= MAX_LISTS:
            self._lists.setdefault(origin.source)

    def warning(self) -> str:
        """What the file lacks of the run's rows, or empty: ``it is not whole: ...``."""
        if not self._rows:
            return ""
        gaps = self._seen.rfind(1) - self._rows
        total, names = self._count(), " and ".join(self._lists)
        if total is not None and total > self._rows:
            missing = f"{total - self._rows:,} of the {total:,} rows of {names} are missing"
        elif total is None and gaps:
            missing = f"at least {gaps:,} {'row is' if gaps == 1 else 'rows are'} missing"
        elif total is None and self._cancelled:
            missing = "its run was interrupted, so rows may be missing"
        else:
            return ""
        return f"it is not whole: {missing}, and --only-failed does not fetch them"

    def _count(self) -> int | None:
        """The rows of the lists that the results name, if they are files that can still be counted in time."""
        if len(self._lists) > MAX_LISTS or any(name in ("", STDIN) or "://" in name for name in self._lists):
            return None
        files = [File(name) for name in self._lists]
        if not all(file.is_regular for file in files):
            return None
        total = count_in_time(files, Reading(), COUNT_SECONDS)
        return None if total is not None and total < self._rows else total
