"""Pairs of runs against a server under load: how often a healthy one is called slower, and a slow one is not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvloop

from fetchcli import Outcome, Policy, Target, fetch
from fetchcli.core.baseline.compare import Baseline, Comparison, Sample
from fetchcli.core.summary.changes import Change

HERE = Path(__file__).parent
ROWS, SAMPLES = 20, 2


@contextmanager
def jitter() -> Iterator[int]:
    """The server, and a neighbour that takes a core for itself."""
    server = subprocess.Popen([sys.executable, str(HERE / "jitter.py")], stdout=subprocess.PIPE)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        for process in (server, busy):
            process.terminate()
            process.wait()
        server.stdout.close()


async def run(port: int, factor: float) -> list[Outcome]:
    """One run: each row several times, as ``--repeat`` does."""
    urls = [f"http://127.0.0.1:{port}/{factor:g}/{number}" for _ in range(SAMPLES) for number in range(ROWS)]
    return [outcome async for outcome in fetch(urls, Policy(concurrency=10))]


def is_slower(before: list[Outcome], after: list[Outcome]) -> bool:
    baseline = Baseline()
    for outcome in before:
        path = outcome.row.text.rpartition("/")[2]
        sample = Sample(
            url=path, verdict=outcome.verdict, result="200", sha256="", seconds=outcome.attempts[-1].elapsed
        )
        baseline.add(outcome.row.method, "", sample)
    comparison = Comparison(baseline)
    for outcome in after:
        comparison.add(_same_row(outcome))
    return Change.SLOWER in comparison.finish().counts


def _same_row(outcome: Outcome) -> Outcome:
    """As if the slow server had the URL of the healthy one."""
    row = outcome.row
    assert isinstance(row, Target)
    url = msgspec.structs.replace(row.url, text=row.text.rpartition("/")[2])
    return msgspec.structs.replace(outcome, row=msgspec.structs.replace(row, url=url))


async def count(port: int, pairs: int) -> tuple[int, int]:
    """False alarms, and slowdowns that were caught, of so many pairs each."""
    false = caught = 0
    before = await run(port, 1)
    for _ in range(pairs):
        after, slow = await run(port, 1), await run(port, 2)
        false += is_slower(before, after)
        caught += is_slower(before, slow)
        before = after
    return false, caught


def alarms(rounds: int, pairs: int) -> None:
    """Print how the rule did."""
    del rounds
    with jitter() as port:
        false, caught = uvloop.run(count(port, pairs))
    print(f"\n### (i) {pairs} pairs of runs of {ROWS} rows, {SAMPLES} samples each, beside a busy neighbour")
    print(f"\n{false} false alarms of a healthy server (wanted: 1 in 100), {caught} slowdowns by 2 caught (99 in 100)")
