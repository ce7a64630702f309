"""30,000 requests over good and bad servers: flat memory and descriptors, and a loop that is always free."""

import asyncio
import gc
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import fetchcli.transport.aiohttp.hop  # noqa: F401 - importing it is not what the loop is watched for
from fetchcli import Policy, Retry, Timeouts, Verdict, fetch
from tests.support.faults import CATALOGUE, STALL
from tests.support.nginx import installed, nginx

pytestmark = [
    pytest.mark.needs_nginx,
    pytest.mark.skipif(not installed(), reason="nginx is not installed"),
]
COUNT = 30_000
NGINX_PATHS = ["/page/x"] * 14 + ["/gzip/x", "/gzip/x", "/moved/x", "/missing/x"]
FAULTS = sorted(name for name, fault in CATALOGUE.items() if fault.then != STALL and len(fault.reply) < 3000)


@contextmanager
def bad_server() -> Iterator[int]:
    """The fault server, in a process of its own."""
    command = [sys.executable, "-m", "tests.support.faults"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


class LoopWatch:
    """The most CPU time that the loop's thread spent without coming round.

    CPU time, so that a busy machine is not taken for a blocked loop; blocking calls are blockbuster's.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = time.thread_time()
        asyncio.get_running_loop().call_soon(self._tick)

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now
        asyncio.get_running_loop().call_later(0.005, self._tick)


async def urls(good: int, bad: int) -> AsyncIterator[str]:
    for number in range(COUNT):
        if number % 20 == 19:
            yield f"http://127.0.0.1:{bad}/{FAULTS[number // 20 % len(FAULTS)]}"
        else:
            yield f"http://127.0.0.1:{good}{NGINX_PATHS[number % len(NGINX_PATHS)]}"


@pytest.mark.timeout(250)
async def test_a_long_run_stays_as_it_began() -> None:
    seen: Counter[str] = Counter()
    memory: list[int] = []
    open_files: list[int] = []
    gc.collect()
    gc.freeze()  # what the other tests have left is not what a collection of this run costs
    others = descriptors()  # nor are their files this run's
    with nginx() as good, bad_server() as bad:
        watch, began = LoopWatch(), time.thread_time()
        policy = Policy(concurrency=50, timeouts=Timeouts(total=20.0), retry=Retry(count=0))
        async for outcome in fetch(urls(good, bad), policy, ordered=True):
            seen["all"] += 1
            assert outcome.row.seq == seen["all"]
            seen[outcome.failure.kind if outcome.failure else outcome.verdict] += 1
            if f":{good}/" in outcome.row.text:
                assert outcome.response is not None, outcome
                assert (outcome.response.status == 404) is ("/missing/" in outcome.row.text)
            if seen["all"] % (COUNT // 20) == 0:
                memory.append(resident())
                open_files.append(descriptors())
    assert seen["all"] == COUNT
    assert seen["internal"] == 0
    assert seen["timeout_total"] == 0
    assert seen[Verdict.OK] > COUNT * 0.85
    # The first tenth is warming up.
    assert max(memory[2:]) - memory[1] < 15_000_000, memory
    assert max(open_files) - others < 300, (others, open_files)
    assert watch.longest < 0.01 * (time.thread_time() - began)  # a share, whatever the speed of the machine
