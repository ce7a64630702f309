"""Which rows are fetched."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.model.target import Rejected, Row, Skipped, Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.settings import Reading, Selection
from fetchcli.core.url.parse import parse_url
from fetchcli.inputs.select import DUPLICATE, WINDOW, select
from tests.support.lists import read


def rows(count: int) -> list[Row]:
    return [Target(seq, parse_url(f"http://h/{seq}"), request=RequestOptions()) for seq in range(1, count + 1)]


def pieces(row_list: list[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(row_list), size):
        yield row_list[start : start + size]


def chosen(selection: Selection, count: int, size: int = 7) -> list[Row]:
    return [row for batch in select(pieces(rows(count), size), selection) for row in batch]


def test_patterns() -> None:
    data = b"http://h/api/1\nhttp://h/img.png\nhttp://h/api/2.png\nftp://x\n"
    selection = Selection(include=("/api/", "img"), exclude=(r"2\.png$",))
    found, errors = read(data, "x.txt", Reading(selection=selection))
    assert not errors
    # What is no URL cannot be said to match, and is not lost.
    assert [(row.seq, row.text) for row in found] == [(1, "http://h/api/1"), (2, "http://h/img.png"), (3, "ftp://x")]


@given(st.integers(0, 40), st.integers(0, 50), st.integers(1, 9))
def test_the_first_rows(count: int, limit: int, size: int) -> None:
    taken = []

    def batches() -> Iterator[list[Row]]:
        for batch in pieces(rows(count), size):
            taken.extend(batch)
            yield batch

    found = [row.seq for batch in select(batches(), Selection(limit=limit)) for row in batch]
    assert found == list(range(1, min(count, limit) + 1))
    assert len(taken) < limit + size  # and nothing is read that nobody wants


@given(st.integers(0, 60), st.integers(0, 70), st.integers(0, 5))
def test_a_sample_is_of_that_size_in_order_and_the_same_again(count: int, sample: int, seed: int) -> None:
    selection = Selection(sample=sample, seed=seed)
    found = chosen(selection, count)
    assert [row.seq for row in found] == list(range(1, min(count, sample) + 1))
    numbers = [int(row.text.rpartition("/")[2]) for row in found]
    assert numbers == sorted(set(numbers))
    assert found == chosen(selection, count)


def test_every_row_has_the_same_chance() -> None:
    hits = [0] * 20
    for seed in range(2000):
        for row in chosen(Selection(sample=5, seed=seed), 20):
            hits[int(row.text.rpartition("/")[2]) - 1] += 1
    assert all(400 < count < 600 for count in hits)  # 500 expected, standard deviation 19


def test_duplicates_are_passed_over_and_say_so() -> None:
    data = (
        b'{"url":"http://h/"}\n{"url":"HTTP://H:80"}\n{"url":"http://h/","method":"POST"}\n{"url":"http://h/#x"}\n'
        b'{"url":"http://h/","method":"GET","tag":"t"}\n{"url":"http://u:p@h/"}\n{"url":"x"}\n{"url":"x"}\n'
    )
    found, _ = read(data, "x.jsonl", Reading(selection=Selection(dedupe=True)))
    assert [isinstance(row, Skipped) for row in found] == [False, True, False, True, True, False, False, False]
    assert [row.seq for row in found] == list(range(1, 9))
    again = found[4]
    assert isinstance(again, Skipped)
    assert (again.tag, again.line, again.reason) == ("t", 5, DUPLICATE)
    assert isinstance(found[6], Rejected)


@pytest.mark.parametrize("count", [0, 5, WINDOW + 500])
def test_shuffling_loses_nothing_and_is_the_same_again(count: int) -> None:
    selection = Selection(shuffle=True, seed=3)
    found = [row.seq for row in chosen(selection, count, 1000)]
    assert sorted(found) == list(range(1, count + 1))
    assert found == [row.seq for row in chosen(selection, count, 1000)]
    assert count == 0 or found != sorted(found)
