"""The reading thread."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from fetchcli.core.model.target import Row
from fetchcli.inputs.readahead import DEPTH, ReadAhead
from tests.support.outcomes import target


async def test_batches_come_in_order_and_the_end_is_the_end() -> None:
    batches: list[list[Row]] = [[target(seq)] for seq in range(1, 30)]
    assert [batch async for batch in ReadAhead(batches)] == batches


async def test_9_it_reads_only_a_little_ahead() -> None:
    read = []

    def endless() -> Iterator[list[Row]]:
        for seq in range(1, 1000):
            read.append(seq)
            yield [target(seq)]

    ahead = ReadAhead(endless())
    await anext(ahead)
    for _ in range(50):
        await asyncio.sleep(0.001)
    assert len(read) <= DEPTH + 2


async def test_8_a_batch_is_there_before_the_next_one_is() -> None:
    gate = threading.Event()

    def slow() -> Iterator[list[Row]]:
        yield [target(1)]
        gate.wait(10)
        yield [target(2)]

    ahead = ReadAhead(slow())
    assert [row.seq for row in await anext(ahead)] == [1]
    gate.set()
    assert [row.seq for row in await anext(ahead)] == [2]


async def test_what_the_reader_raises_is_raised_here() -> None:
    def broken() -> Iterator[list[Row]]:
        yield [target(1)]
        raise ZeroDivisionError

    ahead = ReadAhead(broken())
    await anext(ahead)
    with pytest.raises(ZeroDivisionError):
        await anext(ahead)


@pytest.mark.parametrize("rows", [1, 0])
def test_a_loop_that_is_gone_ends_the_thread_without_a_word(rows: int) -> None:
    gate = threading.Event()

    def late() -> Iterator[list[Row]]:
        gate.wait(10)
        for _ in range(rows):
            yield [target(1)]

    async def begin() -> None:
        ReadAhead(late())

    before = set(threading.enumerate())
    asyncio.run(begin())
    (reader,) = set(threading.enumerate()) - before
    gate.set()
    reader.join(5)
    assert not reader.is_alive()
