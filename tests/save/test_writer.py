"""The thread that writes: work in order, and every result told."""

import asyncio

import pytest

from fetchcli.save.writer import MAX_BATCH, Writer


async def test_a_failure_to_tell_one_result_keeps_no_other_from_being_told() -> None:
    told: list[int] = []
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context["exception"]))

    def tell(number: int) -> None:
        if number % 3 == 0:
            raise ValueError(number)
        told.append(number)

    writer = Writer()
    numbers = range(MAX_BATCH + 7)
    for number in numbers:
        writer.submit(lambda number=number: number, tell)  # type: ignore[misc]
    await writer.close()
    assert told == [number for number in numbers if number % 3]
    assert problems


@pytest.mark.parametrize("count", [1, MAX_BATCH, 3 * MAX_BATCH + 1])
async def test_work_is_done_in_order(count: int) -> None:
    done: list[int] = []
    writer = Writer()
    for number in range(count):
        writer.submit(lambda number=number: done.append(number))  # type: ignore[misc]
    await writer.close()
    assert done == list(range(count))
