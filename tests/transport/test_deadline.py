"""Time limits read the sockets before they judge (BEHAVIOUR 119)."""

import asyncio
import json
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop

from fetchcli.transport.deadline import MAX_LOOKS, Timers, Watched
from tests.support.command import start, until
from tests.support.recorder import ok, recorder

LOOPS = pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])


class Arriving:
    """Something that arrives, a little at every look."""

    def __init__(self, count: int) -> None:
        self.left = count

    @property
    def progress(self) -> object:
        self.left = max(0, self.left - 1)
        return self.left


@pytest.mark.parametrize("count", [0, 10, 10 * MAX_LOOKS])
async def test_a_limit_ends_its_block_once_nothing_arrives_any_more(count: int) -> None:
    limit = Timers().deadline(0.0, Arriving(count))
    with pytest.raises(TimeoutError), limit:
        await asyncio.Event().wait()
    assert limit.expired


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    for seconds in (None, 60.0):
        limit = Timers().deadline(seconds, Arriving(0))
        with limit:
            await asyncio.sleep(0)
        assert not limit.expired


async def test_a_limit_that_is_due_when_the_block_ends_does_nothing() -> None:
    limit = Timers().deadline(0.0, Arriving(10))
    with limit:
        for _ in range(3):
            await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert not limit.expired


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def block() -> None:
        with Timers().deadline(0.0, Arriving(0)):
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_limits_of_one_length_share_a_timer() -> None:
    timers, ended = Timers(), []

    async def block(number: int, seconds: float) -> None:
        with suppress(TimeoutError), timers.deadline(seconds, Arriving(0)):
            await asyncio.Event().wait()
        ended.append(number)

    async with asyncio.TaskGroup() as group:
        for number, seconds in enumerate((0.02, 0.0, 0.02)):
            group.create_task(block(number, seconds))
        await asyncio.sleep(0.01)
        group.create_task(block(3, 0.02))
    assert ended == [1, 0, 2, 3]
    assert len(timers._timers) == 2


async def test_what_one_watched_thing_does_wrong_is_not_the_fault_of_the_others() -> None:
    class Broken:
        @property
        def progress(self) -> object:
            raise ZeroDivisionError

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    timers = Timers()

    async def block(watched: Watched) -> None:
        with timers.deadline(0.0, watched):
            await asyncio.Event().wait()

    broken = asyncio.create_task(block(Broken()))
    with pytest.raises(TimeoutError):
        await block(Arriving(0))
    broken.cancel()
    await asyncio.wait([broken])


@LOOPS
def test_119_what_had_arrived_when_the_loop_was_blocked_is_read_first(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """The limit is due, and so is the answer; uvloop looks at its timers first."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    class Receiver(asyncio.Protocol):
        def __init__(self) -> None:
            self.got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self.progress: object = 0

        def data_received(self, data: bytes) -> None:
            self.progress = len(data)
            if not self.got.done():
                self.got.set_result(data)

    async def wait() -> bytes:
        running = asyncio.get_running_loop()
        transport, receiver = await running.create_connection(Receiver, sock=ours)
        blocked = threading.Event()

        def block() -> None:
            theirs.sendall(b"answer")
            blocked.wait(0.05)  # longer than the limit

        try:
            with Timers().deadline(0.01, receiver):
                running.call_soon(block)
                return await receiver.got
        finally:
            transport.close()
            await asyncio.sleep(0.001)  # until it is closed

    with theirs, asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(wait()) == b"answer"


@pytest.mark.parametrize(
    "limit", [["--timeout", "300ms"], ["--read-timeout", "300ms"], ["--connect-timeout", "300ms"], ["--min-rate", "1K"]]
)
def test_119_answers_that_arrived_while_the_process_was_stopped_are_answers(tmp_path: Path, limit: list[str]) -> None:
    """The servers answer while fetchcli is stopped, for longer than its limit."""
    asked, stopped = threading.Semaphore(0), threading.Event()

    def answer(_: bytes) -> bytes:
        asked.release()
        stopped.wait(50)
        return ok(b"x" * 300_000)

    with recorder(answer) as server:
        urls = [server.url(f"/{number}") for number in range(5)]
        process = start(*urls, *limit, "-o", f"jsonl:{tmp_path / 'rows'}", "-q")
        for _ in urls:
            assert asked.acquire(timeout=50)
        process.send_signal(signal.SIGSTOP)
        until(lambda: state(process.pid) == "T", "the process is stopped", process)
        stopped.set()
        waited = threading.Event()
        waited.wait(0.6)  # the limit passes, whatever this machine does meanwhile
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=50)
    rows = [json.loads(line) for line in (tmp_path / "rows").read_text().splitlines()]
    assert [row["verdict"] for row in rows] == ["OK"] * 5, [row["error_detail"] for row in rows]


def state(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""
