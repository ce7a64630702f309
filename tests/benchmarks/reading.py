"""``python -m tests.benchmarks.reading LIST``: read a list into rows, and say how fast and in how much memory."""

import json
import resource
import sys
import time

from fetchcli.inputs.base import File
from fetchcli.inputs.reader import RowReader


def main() -> None:
    reader = RowReader([File(sys.argv[1])])
    began = time.perf_counter()
    rows = sum(map(len, reader.batches()))
    seconds = time.perf_counter() - began
    assert not reader.errors, reader.errors
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main()
