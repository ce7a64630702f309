"""Which rows of a run its results file lacks."""

from fetchcli.core.curl.shell import quote
from fetchcli.core.errors import InputError
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.count import count_in_time
from fetchcli.inputs.formats import read_records
from fetchcli.inputs.record import BadFormat, Record

MAX_SEQ = 100_000_000  # numbers beyond it are not looked at
MAX_LISTS = 100  # lists whose rows are counted
COUNT_SECONDS = 1.0  # that counting them may take
NOT_FETCHED = "and --only-failed does not fetch them"


class Completeness:
    """Notes which rows of a run a results file holds."""

    def __init__(self) -> None:
        self._seen = bytearray()  # a bit for each number
        self._rows = self._highest = 0
        self._cancelled = False
        self._lists: dict[str, None] = {}

    def note(self, record: Record) -> None:
        """Note a row."""
        origin = record.origin
        if origin is None or not 0 < origin.seq <= MAX_SEQ:
            return
        at, bit = origin.seq >> 3, 1 << (origin.seq & 7)
        if at >= len(self._seen):
            self._seen.extend(bytes(max(at + 1 - len(self._seen), len(self._seen))))
        self._rows += not self._seen[at] & bit
        self._seen[at] |= bit
        self._highest = max(self._highest, origin.seq)
        self._cancelled = self._cancelled or origin.cancelled
        if len(self._lists) <= MAX_LISTS:
            self._lists.setdefault(origin.source)

    def warning(self, *, torn: bool) -> str:
        """Describe the rows that the file lacks: ``it is not whole: ...``; empty if it lacks none.

        Args:
            torn: its last row is torn.
        """
        if not self._rows:
            return ""
        gaps = self._highest - self._rows
        total, names = self._count(), " and ".join(self._lists)
        if total is not None and total > self._rows:
            if not (gaps or torn or self._cancelled):  # perhaps the run was killed, perhaps it had a --limit
                return (
                    f"it holds {self._rows:,} of the {total:,} rows of {names}; --only-failed does not fetch the others"
                )
            missing = total - self._rows
            verb = "is" if missing == 1 else "are"
            return f"it is not whole: {missing:,} of the {total:,} rows of {names} {verb} missing, {NOT_FETCHED}"
        if total is None and gaps:
            return f"it is not whole: at least {gaps:,} {'row is' if gaps == 1 else 'rows are'} missing, {NOT_FETCHED}"
        if total is None and self._cancelled:
            return f"it is not whole: its run was interrupted, so rows may be missing, {NOT_FETCHED}"
        return ""

    def remedy(self, results: str) -> str:
        """The command that fetches the rows that a results file lacks; empty if it cannot be known.

        Args:
            results: the file.
        """
        if results == STDIN or not self._lists or self._is_unknown:
            return ""
        return f"; fetch them with: fetchcli {' '.join(map(quote, (*self._lists, '-o', results)))} --resume"

    @property
    def _is_unknown(self) -> bool:
        """Whether the lists that the results name cannot be read again."""
        return len(self._lists) > MAX_LISTS or any(name in ("", STDIN) or "://" in name for name in self._lists)

    def _count(self) -> int | None:
        """The rows of the lists that the results name, if they are files that can still be counted in time."""
        if self._is_unknown:
            return None
        files = [File(name) for name in self._lists]
        if not all(file.is_regular for file in files) or any(map(_holds_results, files)):
            return None
        total = count_in_time(files, Reading(), COUNT_SECONDS)
        return None if total is not None and total < self._rows else total


def _holds_results(file: File) -> bool:
    """Look whether a list is a results file itself: of its rows only some were fetched again."""
    try:
        return next(read_records(file.blocks(), file.name, Reading())[1])[0].origin is not None
    except (BadFormat, InputError, StopIteration):
        return False
