"""How many processes a run has."""

import time
from collections.abc import Sequence

from fetchcli.core.settings import AUTO_PROCESSES, Settings
from fetchcli.inputs.base import File, Input
from fetchcli.inputs.count import count_rows
from fetchcli.run.cores import cores

# Rows from which on workers save time: it takes a third of a second of all cores to start them.
LONG = 5_000
LONG_HTTPS = 2_000
MAX_COUNTING = 0.2  # seconds; a list that takes longer to count is long
SAMPLE = 65_536  # bytes


def processes_of(settings: Settings, inputs: Sequence[Input]) -> int:
    """How many processes send the requests of a run; blocks while it counts the rows for ``--processes auto``."""
    policy = settings.policy
    if policy.cookies.jar is not None or policy.limits.rate is not None:
        return 1  # all requests share the jar, or the rate
    if settings.processes != AUTO_PROCESSES:
        return settings.processes
    number = cores()
    return number if number > 1 and _is_long(settings, inputs) else 1


def _is_long(settings: Settings, inputs: Sequence[Input]) -> bool:
    deadline = time.monotonic() + MAX_COUNTING
    rows = count_rows(inputs, settings.reading, lambda: time.monotonic() > deadline)
    if rows is None:
        return time.monotonic() > deadline
    return rows >= (LONG_HTTPS if rows >= LONG_HTTPS and _is_https(inputs) else LONG)


def _is_https(inputs: Sequence[Input]) -> bool:
    """Whether most rows at the beginning of the first file are HTTPS URLs."""
    for source in inputs:
        if isinstance(source, File):
            sample = next(source.blocks(), b"")[:SAMPLE]
            return sample.count(b"https://") > sample.count(b"http://")
    return False
