"""``--resume``: go on with an earlier run from what its outputs hold."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from fetchcli.core.errors import InputError, OutputError
from fetchcli.core.journal.final import is_final, is_judged_alike
from fetchcli.core.journal.index import JournalIndex, key_number
from fetchcli.core.journal.latest import LatestRows
from fetchcli.core.journal.list_match import ListMatch, Place
from fetchcli.core.journal.manners import HostManners
from fetchcli.core.journal.settlement import Settlement
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.span import Span
from fetchcli.core.journal.tally import RowTally
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.target import Row
from fetchcli.core.rows.key import row_key
from fetchcli.core.schedule.scheduler import Scheduler
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.messages import print_message
from fetchcli.run.journals import Journal, read_all
from fetchcli.run.manners import recall
from fetchcli.run.open_journal import journal_of
from fetchcli.run.output_plan import OutputPlan
from fetchcli.sinks.base import DataOutput, Sink

if TYPE_CHECKING:
    from fetchcli.core.baseline.compare import Comparison

Batches = Iterable[list[Row]]


class EarlierRun:
    """What an earlier run has done, for one that goes on with it.

    Args:
        settings: the settings of the run.
        plan: what is written where.
        summary: counts the rows from before, too.
        comparison: comparison with a baseline, or None.
        has_body: whether a body that was saved under this name, with this size, is still there; None if none is saved.

    Attributes:
        done: rows that need not be fetched.
        listed: rows of the list that were looked at.
    """

    def __init__(
        self,
        settings: Settings,
        plan: OutputPlan,
        summary: Summary,
        comparison: "Comparison | None",
        has_body: Callable[[str, int], bool] | None = None,
    ) -> None:
        self._settings, self._plan = settings, plan
        self._summary, self._comparison, self._has_body = summary, comparison, has_body
        self._shape = Shape(plan.schema.names)
        self._journals: dict[str, Journal] = {}
        self._indexes: dict[str, JournalIndex] = {}
        self._match = ListMatch(JournalIndex())
        self._manners, self._is_complete = HostManners(), False
        self._is_read = False  # the whole list was read
        self.done = self.listed = 0

    def prepare(self, outputs: Iterable[DataOutput]) -> None:
        """Read what the outputs hold, once they are locked.

        Raises:
            OutputError: one of them cannot be continued.
        """
        for output in outputs:
            if (journal := journal_of(output, self._plan)) is None:
                continue
            self._journals[output.name] = journal
            try:
                if message := journal.recover():
                    print_message(message)
            except InputError as error:
                raise OutputError(f"{error}; it cannot be continued") from None
        for name, journal in self._journals.items():
            self._indexes[name] = self._read(journal)

    @property
    def _first(self) -> str:
        """The journal whose rows are counted."""
        return next(iter(self._journals))

    @property
    def _is_changed(self) -> bool:
        """Whether the rows that were counted are not those of the list."""
        return bool(self._match.changed or self._match.gone or self._indexes[self._first].overtaken)

    @property
    def message(self) -> str:
        """How the list has changed since; empty if it has not."""
        gone = self._match.gone if self._is_complete else 0
        counts = (
            (self._match.new, "new"),
            (len(self._match.moved), "moved"),
            (gone, "gone, and removed from the results"),
        )
        parts = [f"{count:,} {what}" for count, what in counts if count]
        if self._is_other_list:
            return f"none of the {self.done:,} rows of the earlier run is in this list, so they were kept"
        return f"the list has changed since the earlier run: {', '.join(parts)}" if parts else ""

    @property
    def _is_other_list(self) -> bool:
        """Whether the list has nothing in common with what was done; that is rather a mistake."""
        return self._is_read and bool(self.done) and not self._match.taken and not self._settings.allow_empty

    def is_continued(self, name: str) -> bool:
        """Whether an output holds rows already, so that it has its header."""
        return name in self._journals and not self._journals[name].is_empty

    def fill(self, sinks: Mapping[str, Sink], wait: Callable[[], None]) -> None:
        """Write to every journal the rows that only another one holds.

        Args:
            sinks: by the names of their outputs.
            wait: waits until they have written what they got.
        """
        indexes = list(self._indexes.values())
        for index in indexes:  # rows that have lost their place are done only if every journal holds them so
            index.displaced = {
                key: at for key, at in index.displaced.items() if all(key in one.displaced for one in indexes)
            }
        for name, journal in self._journals.items():
            self._copy(name, journal, sinks, wait)
        index = self._indexes[self._first]
        self._match, self.done = ListMatch(index), index.final
        for journal in self._journals.values():
            journal.follow(self._match)

    def recall(self, scheduler: Scheduler, wall: float, now: float) -> None:
        """Be as polite as the earlier run was: its pauses and open circuit breakers hold.

        Args:
            scheduler: decides who may be asked.
            wall: seconds since the epoch.
            now: `time.monotonic`.
        """
        recall(self._manners, self._settings.policy.retry, scheduler, wall, now)

    def is_done(self, seq: int, key: int) -> bool:
        """Whether the row of this number, unchanged, is done; if so, it is taken."""
        done = self._match.take_in_place(seq, key)
        self.listed += done
        return done

    def rows(self, batches: Batches) -> Iterator[list[Row]]:
        """Yield the rows that are to be fetched."""
        take = self._match.take
        for batch in batches:
            self.listed += len(batch)
            yield [row for row in batch if not take(_place(row), key_number(row_key(row)))]

    @property
    def _is_selected(self) -> bool:
        """Whether the outputs may hold rows that were not selected this time; then these are not gone."""
        selection = self._settings.reading.selection
        # Files have a manifest that says their part; databases may hold any.
        return selection.partial or (selection.shard is not None and any("://" in name for name in self._journals))

    def settle(self, late: list[Sink], wait: Callable[[], None], failed: Collection[str], *, complete: bool) -> None:
        """Bring the journals in order, and write what is made of them.

        Args:
            late: sinks that get all rows now.
            wait: waits until they have written what they got.
            failed: journals that could not be written.
            complete: every row of the list has its outcome.

        Raises:
            OutputError: a journal cannot be rewritten.
        """
        self._is_read = complete and not failed and self.listed > 0
        is_whole = (self._is_read or self._settings.allow_empty) and not self._is_selected
        self._is_complete = complete = complete and not failed and is_whole and not self._is_other_list
        whole = next((journal for name, journal in self._journals.items() if name not in failed), None)
        try:
            if complete:
                self._rewrite()
            if whole is not None and (late or (complete and self._is_changed)):
                self._rebuild(whole, late, wait, complete=complete)
        finally:
            for journal in self._journals.values():
                journal.release()

    def _read(self, journal: Journal) -> JournalIndex:
        """Index a journal; the rows of the first one are counted."""
        index, span, retry = JournalIndex(), Span(), self._settings.retry_kinds
        counts, accept = not self._indexes, self._settings.policy.accept
        has_body = self._has_body
        shape = self._shape if self._listens else Shape()
        tally = RowTally(self._summary, shape.outcome, self._listen if self._listens else None)
        before = self._summary.total
        try:
            for row in read_all(journal, shape):
                final = is_final(row, retry) and is_judged_alike(row, accept)
                if final and has_body is not None and row.saved_as is not None:
                    final = has_body(row.saved_as, row.size_saved or 0)
                known = index.note(row, final=final)
                if counts:
                    self._manners.note(row)
                if counts and final and not known:
                    span.add(row)
                    tally.add(row)
        except InputError as error:
            raise OutputError(f"{journal.name}: {error}") from None
        if counts:
            self._summary.earlier, self._summary.earlier_seconds = self._summary.total - before, span.seconds
        return index

    @property
    def _listens(self) -> bool:
        """Whether anything besides the summary takes the rows from before."""
        return bool(self._plan.reports) or self._comparison is not None

    def _listen(self, outcome: Outcome) -> None:
        if self._plan.reports:
            self._plan.rows.add(outcome)
        if self._comparison is not None:
            self._comparison.add(outcome)

    def _copy(self, name: str, journal: Journal, sinks: Mapping[str, Sink], wait: Callable[[], None]) -> None:
        """Write the done rows of a journal to those that lack them."""
        index, number = self._indexes[name], 0
        others = [other for other in self._indexes if other != name and index.has_more_than(self._indexes[other])]
        if not others:
            return
        for row in read_all(journal, self._shape):
            number += 1
            key = key_number(row.key)
            is_last = journal.is_unique or index.last(row.seq) == number
            if index.key(row.seq) != key or not index.is_final(row.seq) or not is_last:
                continue
            for other in others:
                there = self._indexes[other]
                if there.key(row.seq) == key and there.is_final(row.seq):
                    continue
                outcome = self._shape.outcome(row)
                sinks[other].handle(outcome)
                there.note(row, final=True)
                wait()
                if other == self._first:
                    self._summary.add(outcome)
                    self._summary.earlier += 1
                    self._listen(outcome)

    def _rewrite(self) -> None:
        for name, journal in self._journals.items():
            settlement = Settlement(self._indexes[name], self._match)
            if settlement.is_needed:
                journal.settle(settlement, ordered=self._settings.ordered)

    def _rebuild(self, journal: Journal, late: list[Sink], wait: Callable[[], None], *, complete: bool) -> None:
        """Take all rows to the late sinks, and count them again if the list has changed."""
        latest = LatestRows()
        if not complete:  # it may hold several rows for a place
            for number, row in enumerate(read_all(journal, Shape()), 1):
                latest.note(row, number)
        counts_again = complete and self._is_changed
        summary = Summary(self._settings.thresholds)
        if counts_again:
            self._plan.rows.clear()
        for number, row in enumerate(read_all(journal, self._shape), 1):
            if not latest.is_last(row, number):
                continue
            outcome = self._shape.outcome(row)
            for sink in late:
                sink.handle(outcome)
            if counts_again:
                summary.add(outcome)
                self._plan.rows.add(outcome)
            wait()
        if counts_again:
            self._summary.take_counts(summary)


def _place(row: Row) -> Place:
    return Place(row.seq, row.source, row.line)
