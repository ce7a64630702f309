"""What a run that goes on makes of a file and a list: one row for each row of the list, whatever has changed."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, InputError, UsageError
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.journal.final import RetryKinds, is_final, is_judged_alike, parse_retry_kinds
from fetchcli.core.journal.index import JournalIndex, key_number
from fetchcli.core.journal.latest import LatestRows
from fetchcli.core.journal.list_match import ListMatch, Place
from fetchcli.core.journal.settlement import Settlement
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.model.target import SkipCause


def row(seq: int, key: int = 1, verdict: Verdict = Verdict.OK, **more: Any) -> StoredRow:
    fields: dict[str, object] = {"status": 200, "error": None} | more
    return StoredRow(url="http://h/", verdict=verdict, seq=seq, key=f"{key:016x}", **fields)  # type: ignore[arg-type]


KEYS = st.lists(st.integers(1, 6), max_size=12)  # few, so that lists have duplicates
# Of two rows with one key in a changed list, one may be fetched again if the run is cut off; others never are.
DISTINCT = st.lists(st.integers(1, 15), max_size=12, unique=True)


@st.composite
def journals(draw: st.DrawFn, keys: st.SearchStrategy[list[int]] = KEYS) -> tuple[list[int], list[StoredRow]]:
    """A list, and a file that holds some of its rows: done or cancelled, some of them twice."""
    listed = draw(keys)
    places = draw(st.lists(st.integers(1, len(listed)), max_size=18)) if listed else []
    verdicts = st.sampled_from([Verdict.OK, Verdict.OK, Verdict.CANCELLED])
    return listed, [row(seq, listed[seq - 1], draw(verdicts)) for seq in places]


def settled(rows: list[StoredRow], listed: list[int]) -> tuple[ListMatch, dict[int, int], list[int]]:
    """The rows that are in the file at the end (key by place), and the places that were fetched."""
    index = JournalIndex()
    for one in rows:
        index.note(one, final=is_final(one, RetryKinds()))
    match = ListMatch(index)
    fetched = [seq for seq, key in enumerate(listed, 1) if not match.take(Place(seq, "", seq), key)]
    after = [*rows, *(row(seq, listed[seq - 1]) for seq in fetched)]
    settlement = Settlement(index, match)
    kept: dict[int, int] = {}
    for number, one in enumerate(after, 1):
        if settlement.keeps(one, number):
            place = settlement.place(one, number)
            seq = one.seq if place is None else place.seq
            assert seq not in kept
            kept[seq] = key_number(one.key)
    assert settlement.rows == len(rows)
    if len(kept) < len(after) or match.moved:
        assert settlement.is_needed
    return match, kept, fetched


@given(journals())
def test_the_same_list_fetches_what_is_not_done(made: tuple[list[int], list[StoredRow]]) -> None:
    listed, rows = made
    last = {one.seq: one for one in rows}
    match, kept, fetched = settled(rows, listed)
    assert kept == dict(enumerate(listed, 1))
    done = {seq for seq, one in last.items() if one.verdict is Verdict.OK}
    assert fetched == [seq for seq in range(1, len(listed) + 1) if seq not in done]
    assert not match.gone
    assert match.taken == len(done)


@given(journals(), KEYS)
def test_another_list_has_one_row_each_and_nothing_is_fetched_needlessly(
    made: tuple[list[int], list[StoredRow]], other: list[int]
) -> None:
    _, rows = made
    _, kept, fetched = settled(rows, other)
    assert kept == dict(enumerate(other, 1))
    # No more rows of a key are taken from the file than it holds.
    held = Counter({one.seq: key_number(one.key) for one in rows if one.verdict is Verdict.OK}.values())
    taken = Counter(other) - Counter(other[seq - 1] for seq in fetched)
    assert all(count <= held[key] for key, count in taken.items())


@given(journals(DISTINCT), DISTINCT, st.data())
def test_a_changed_list_that_is_cut_off_and_goes_on(
    made: tuple[list[int], list[StoredRow]], other: list[int], data: st.DataObject
) -> None:
    _, rows = made
    index = JournalIndex()
    for one in rows:
        index.note(one, final=is_final(one, RetryKinds()))
    match = ListMatch(index)
    fetched = [seq for seq, key in enumerate(other, 1) if not match.take(Place(seq, "", seq), key)]
    written = fetched[: data.draw(st.integers(0, len(fetched)))]
    _, kept, again = settled([*rows, *(row(seq, other[seq - 1]) for seq in written)], other)
    assert kept == dict(enumerate(other, 1))
    assert not set(again) & set(written)


def test_parked_rows_of_a_table_are_found_by_their_key() -> None:
    index = JournalIndex()
    index.note(row(-3, 7), final=True)
    index.note(row(-2, 8), final=False)
    match = ListMatch(index)
    assert match.take(Place(1, "", 1), 7)
    assert not match.take(Place(2, "", 2), 8)
    assert match.moved == {(-3, 7): Place(1, "", 1)}
    assert (index.rows, index.replaced, index.final) == (2, 1, 0)


def test_what_a_changed_list_displaced_and_does_not_have_is_gone() -> None:
    index = JournalIndex()
    index.note(row(1, 5), final=True)
    index.note(row(1, 6), final=True)
    match = ListMatch(index)
    assert match.take(Place(1, "", 1), 6)
    assert list(match.gone_places()) == [(1, 5)]
    assert match.take(Place(2, "", 2), 5)
    assert not match.gone


def test_an_index_knows_what_another_lacks() -> None:
    one, other = JournalIndex(), JournalIndex()
    for seq in (1, 2):
        one.note(row(seq, seq), final=True)
    other.note(row(1, 1), final=True)
    assert one.has_more_than(other)
    assert not other.has_more_than(one)
    other.note(row(2, 9), final=True)
    assert one.has_more_than(other)
    assert (len(one) > 2, one.last(2), one.last(10**6), one.key(10**6), one.is_final(10**6)) == (True, 2, 0, 0, False)


@pytest.mark.parametrize("bad", [row(0), row(1, 0), row(10**10), row(-(10**10))])
def test_rows_without_a_place_are_refused(bad: StoredRow) -> None:
    with pytest.raises(InputError, match="without seq or key"):
        JournalIndex().note(bad, final=True)


def test_done_rows_that_were_fetched_again_are_counted() -> None:
    index = JournalIndex()
    assert not index.note(row(1), final=True)
    assert index.note(row(1), final=True)
    assert not index.note(row(1, verdict=Verdict.CANCELLED), final=False) or index.overtaken == 2
    assert (index.overtaken, index.final) == (2, 0)


def failed(**more: Any) -> StoredRow:
    return row(1, 1, Verdict.FAILED, **more)


NOT_FOUND = FailedCheck("status", "200", "404")
NO_BODY = FailedCheck("body", "x", "y")


@pytest.mark.parametrize(
    ("one", "kinds", "final"),
    [
        (row(1), "check", True),
        (row(1, verdict=Verdict.REJECTED), "check", True),
        (row(1, verdict=Verdict.CANCELLED), "check", False),
        (row(1, verdict=Verdict.SKIPPED, skip_cause=SkipCause.DUPLICATE), "check", True),
        (row(1, verdict=Verdict.SKIPPED, skip_cause=SkipCause.EXISTS), "check", True),
        (row(1, verdict=Verdict.SKIPPED, skip_cause=SkipCause.HALT), "check", False),
        (row(1, verdict=Verdict.SKIPPED, skip_cause=SkipCause.HOST), "check", False),
        (row(1, verdict=Verdict.SKIPPED), "check", False),
        (failed(status=None, error=ErrorKind.WRITE), "check", False),
        (failed(status=None, error=ErrorKind.INTERNAL), "check", False),
        (failed(status=None, error=ErrorKind.CONNECT, note="not retried: the run was interrupted"), "check", False),
        (failed(status=None, error=ErrorKind.CONNECT, note="a retry would exceed"), "check", True),
        (failed(status=None, error=ErrorKind.CONNECT), "dns", True),
        (failed(status=None, error=ErrorKind.CONNECT), "dns,connect", False),
        (failed(status=404, failed_checks=(NOT_FOUND,)), "404", False),
        (failed(status=404, failed_checks=(NOT_FOUND,)), "4xx", False),
        (failed(status=404, failed_checks=(NOT_FOUND,)), "403,5xx,check", True),
        (failed(status=200, failed_checks=(NO_BODY,)), "check", False),
        (failed(status=200, failed_checks=(NO_BODY,)), "200", True),
    ],
)
def test_which_rows_are_done(one: StoredRow, kinds: str, final: bool) -> None:
    assert is_final(one, parse_retry_kinds(kinds)) is final
    if one.verdict is Verdict.FAILED:
        assert not is_final(one, RetryKinds(every=True))


@pytest.mark.parametrize("text", ["", "x", "5x", "999x", "cancelled", "write", "404,", "0xx"])
def test_kinds_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="expected error kinds, statuses such as 404 or 5xx, or check"):
        parse_retry_kinds(text)


PLACED = st.builds(row, st.integers(0, 4), st.integers(1, 3), round=st.sampled_from([0, 1, 2, 5]))


@given(st.lists(PLACED, max_size=20))
def test_the_last_of_several_rows_counts(rows: list[StoredRow]) -> None:
    latest = LatestRows()
    for number, one in enumerate(rows, 1):
        latest.note(one, number)
    last = {(one.round, one.seq, one.key): number for number, one in enumerate(rows, 1) if one.seq}
    kept = [number for number, one in enumerate(rows, 1) if latest.is_last(one, number)]
    expected = [n for n, one in enumerate(rows, 1) if not one.seq or last[one.round, one.seq, one.key] == n]
    assert kept == expected
    assert latest.replaced == len(rows) - len(expected)


def test_keys_of_somebody_else() -> None:
    latest = LatestRows()
    strange = [
        StoredRow(url="u", verdict=Verdict.OK, status=200, error=None, seq=1, key=key) for key in ("", "x y", "")
    ]
    for number, one in enumerate(strange, 1):
        latest.note(one, number)
    assert [latest.is_last(one, number) for number, one in enumerate(strange, 1)] == [False, True, True]
    far = row(10**9)
    latest.note(far, 4)
    latest.note(far, 5)
    assert not latest.is_last(far, 4)
    assert key_number("x y") == 0


@pytest.mark.parametrize(
    ("one", "accept", "alike"),
    [
        (row(1), "200..399", True),
        (row(1, status=404), "200..399", False),
        (failed(status=404, failed_checks=(NOT_FOUND,)), "200..399", True),
        (failed(status=404, failed_checks=(NOT_FOUND,)), "404", False),
        (failed(status=200, failed_checks=(NO_BODY,)), "200", True),
        (failed(status=304, failed_checks=(FailedCheck("status", "the whole body", "304"),)), "200..399", True),
        (failed(status=None, error=ErrorKind.CONNECT), "404", True),
        (row(1, status=404, expect={"status": ("404",)}), "200", True),
        (row(1, status=304, not_modified=True), "200", True),
    ],
)
def test_rows_are_done_only_if_their_status_is_judged_alike(one: StoredRow, accept: str, alike: bool) -> None:
    assert is_judged_alike(one, parse_status_set(accept)) is alike
