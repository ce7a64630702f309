"""``python -m tests.benchmarks.stores [ROWS]``: what a row costs in each output, and what results cost to read again.

Client CPU in microseconds a row, of one process that writes the same rows to every output in turn; then the time and
the memory of ``--resume`` over a finished run and of ``--from-results``. PostgreSQL and MariaDB take part where they
are installed.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.core.url.parse import parse_url
from fetchcli.sinks.base import DataOutput
from fetchcli.sinks.jsonl import JsonLinesSink
from fetchcli.sinks.output import Output
from fetchcli.stores.base import Table, TableOutput
from fetchcli.stores.mysql import MysqlDatabase
from fetchcli.stores.parquet import ParquetTable
from fetchcli.stores.postgres import PostgresDatabase
from fetchcli.stores.sql_table import SqlTable, TableAbout
from fetchcli.stores.sqlite import SqliteDatabase
from fetchcli.stores.table_sink import TableSink
from tests.support.command import COMMAND, environment
from tests.support.databases import mariadb, mariadb_installed, postgres, postgres_tools
from tests.support.outcomes import answered

ROUNDS = 3
GET = RequestOptions("GET")
SCHEMA = Schema()


def url_of(seq: int) -> str:
    """The URL of a row; nothing is asked there, because every row is done."""
    return f"http://127.0.0.1:9/catalog/item/{seq}?ref=feed"


def outcomes(count: int) -> Iterator[Outcome]:
    """Rows that differ as those of a run do."""
    base = answered()
    for seq in range(1, count + 1):
        row = msgspec.structs.replace(base.row, seq=seq, url=parse_url(url_of(seq)), line=seq, request=GET)
        yield msgspec.structs.replace(base, row=row)


def tables(folder: Path) -> dict[str, Callable[[], Table]]:
    """Makes an empty table of each kind."""
    about = TableAbout(SCHEMA.columns)

    def sqlite() -> Table:
        (folder / "run.db").unlink(missing_ok=True)
        return SqlTable(lambda: SqliteDatabase(str(folder / "run.db")), "results", about)

    found: dict[str, Callable[[], Table]] = {
        "sqlite": sqlite,
        "parquet": lambda: ParquetTable(str(folder / "rows.parquet"), SCHEMA.columns),
    }
    if postgres_tools() is not None:
        found["postgresql"] = lambda: SqlTable(lambda: PostgresDatabase(postgres().url), "results", about)
    if mariadb_installed():
        found["mysql"] = lambda: SqlTable(lambda: MysqlDatabase(mariadb().url), "results", about)
    return found


@contextmanager
def measured(found: list[float], count: int) -> Iterator[None]:
    """Note the CPU of what runs inside, in microseconds a row."""
    before = time.process_time()
    yield
    found.append((time.process_time() - before) / count * 1e6)


def write(output: DataOutput, sink: JsonLinesSink | TableSink, count: int) -> None:
    output.begin()
    sink.open()
    for outcome in outcomes(count):
        sink.handle(outcome)
        while output.congested:
            time.sleep(0.001)
    sink.close(Summary())
    output.close()
    assert output.failure == "", output.failure


def costs(folder: Path, count: int) -> dict[str, float]:
    """Microseconds of CPU a row, beyond making the rows."""
    found: dict[str, list[float]] = {"rows": [], "jsonl": []}
    for _ in range(ROUNDS):
        with measured(found["rows"], count):
            for _ in outcomes(count):
                pass
        output = Output(str(folder / "rows.jsonl"), lambda _: None)
        with measured(found["jsonl"], count):
            write(output, JsonLinesSink(output, SCHEMA), count)
        for kind, make in tables(folder).items():
            table = TableOutput(kind, make(), lambda _: None)
            with measured(found.setdefault(kind, []), count):
                write(table, TableSink(table, SCHEMA), count)
    medians = {kind: statistics.median(values) for kind, values in found.items()}
    return {kind: value - medians["rows"] for kind, value in medians.items() if kind != "rows"}


# A process of its own: a child begins with the peak of its parent's memory.
LAUNCHER = """
import os, subprocess, sys, time
began = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
assert os.waitstatus_to_exitcode(status) == 0, status
cpu, seconds = usage.ru_utime + usage.ru_stime, time.monotonic() - began
print(f"{seconds:5.1f} s, {cpu:5.1f} s of CPU, {usage.ru_maxrss / 1024:4.0f} MB")
"""


def timed(folder: Path, *args: str) -> str:
    """Seconds, CPU and memory of a command."""
    command = [sys.executable, "-c", LAUNCHER, *COMMAND, *args]
    done = subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True)
    return done.stdout.strip()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, micros in costs(folder, min(count, 100_000)).items():
            print(f"{kind:12} {micros:5.1f} us a row", flush=True)
        output = Output(str(folder / "rows.jsonl"), lambda _: None)
        write(output, JsonLinesSink(output, SCHEMA), count)
        (folder / "urls.txt").write_text("".join(f"{url_of(seq)}\n" for seq in range(1, count + 1)))
        resumed = timed(folder, "urls.txt", "-q", "-o", "rows.jsonl", "--resume")
        print(f"--resume, {count:,} finished rows: {resumed}", flush=True)
        print(
            f"--from-results, as JSON Lines: {timed(folder, 'rows.jsonl', '--from-results', '-o', 'jsonl:/dev/null')}"
        )


if __name__ == "__main__":
    main()
