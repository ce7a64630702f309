"""Rows in SQLite: the same as in JSON Lines, whole batches for every reader, and nothing of others touched."""

import json
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import OutputError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.sinks.jsonl import RowEncoder
from fetchcli.stores import sqlite
from fetchcli.stores.base import MAX_BACKLOG, MAX_BATCH, TableOutput
from fetchcli.stores.database import Values
from fetchcli.stores.sql_table import SqlTable, TableAbout
from fetchcli.stores.sqlite import SqliteDatabase
from fetchcli.stores.table_sink import TableSink
from tests.sinks.test_contract import HOSTILE, SAMPLE
from tests.support.command import COMMAND, environment, fetchcli, start, until
from tests.support.faults import FaultServer
from tests.support.outcomes import answered, failed


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(table: str = "results", schema: Schema | None = None, path: str = "run.db") -> TableOutput:
    return TableOutput(
        path, SqlTable(lambda: SqliteDatabase(path), table, TableAbout((schema or Schema()).columns)), lambda _: None
    )


def write(outcomes: Iterable[Outcome], schema: Schema | None = None, table: str = "results") -> TableOutput:
    output = opened(table, schema)
    sink = TableSink(output, schema or Schema())
    output.begin()
    sink.open()
    for outcome in outcomes:
        sink.handle(outcome)
    sink.close(Summary())
    output.close()
    return output


def query(sql: str, path: str = "run.db") -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def stored(schema: Schema | None = None, table: str = "results") -> list[dict[str, object]]:
    """The rows as JSON has them: lists and objects are JSON text, truth is a number."""
    schema = schema or Schema()
    names = ", ".join(f'"{name}"' for name in schema.names)
    rows = []
    for values in query(f"SELECT {names} FROM {table} ORDER BY rowid"):
        row = dict(zip(schema.names, values, strict=True))
        for column in schema.columns:
            value = row[column.name]
            if column.type in ("list", "object") and value is not None:
                row[column.name] = json.loads(value)
            elif column.type == "boolean" and value is not None:
                row[column.name] = bool(value)
        rows.append(row)
    return rows


def as_json(outcomes: Iterable[Outcome], schema: Schema | None = None) -> list[dict[str, object]]:
    encode = RowEncoder(schema or Schema())
    return [json.loads(encode(outcome)) for outcome in outcomes]


def test_rows_are_those_of_json_lines(here: Path) -> None:
    assert not write(SAMPLE).failure
    assert stored() == as_json(SAMPLE)


@pytest.mark.parametrize("value", [5, 2.5, True, None, "x", HOSTILE, "\0", [1, "\ud800"], {"a": {"b": []}}, [], {}])
def test_carried_values_keep_their_type(here: Path, value: Any) -> None:
    schema = Schema(("Price of it",))
    outcomes = [answered(seq=1, carried=(value,)), answered(seq=2, carried=("y",))]
    write(outcomes, schema)
    found, wanted = stored(schema), as_json(outcomes, schema)
    if isinstance(value, list | dict):
        found[0]["Price of it"] = json.loads(str(found[0]["Price of it"]))
    assert found == wanted


def test_a_number_that_is_too_large_is_text(here: Path) -> None:
    write([answered(carried=(2**63,)), answered(seq=2, carried=(-(2**63) + 1,))], Schema(("n",)))
    assert query("SELECT n FROM results") == [(str(2**63),), (-(2**63) + 1,)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.text(st.characters(codec=None), max_size=30), max_size=5))
def test_text_comes_back_as_json_has_it(here: Path, texts: list[str]) -> None:
    for old in here.glob("run.db*"):
        old.unlink()
    outcomes = [failed(seq=seq, detail=text) for seq, text in enumerate(texts, 1)]
    assert not write(outcomes).failure
    assert stored() == as_json(outcomes)


def test_runs_are_told_apart_and_columns_that_came_later_are_added(here: Path) -> None:
    write(SAMPLE[:2], Schema(columns="seq,url"))
    write(SAMPLE[:3])
    write(SAMPLE[:1], table="other")
    assert query("SELECT id, table_name, schema_version, complete, ended_at > started_at FROM runs") == [
        (1, "results", 1, 1, 1),
        (2, "results", 1, 1, 1),
        (3, "other", 1, 1, 1),
    ]
    assert query("SELECT run, count(*), count(verdict) FROM results GROUP BY run") == [(1, 2, 0), (2, 3, 3)]
    assert query("SELECT run FROM other") == [(3,)]
    indexes = {name for (name,) in query("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert indexes == {"results.url", "results.verdict", "other.url", "other.verdict"}


def test_what_is_not_ours_is_refused_and_left_alone(here: Path) -> None:
    (here / "text.db").write_text("hello, this is no database at all" * 40)
    (here / "folder.db").mkdir()
    connection = sqlite3.connect("mine.db")
    connection.executescript("CREATE TABLE results (a); CREATE TABLE t (run); INSERT INTO results VALUES (1)")
    connection.close()
    connection = sqlite3.connect("runs.db")
    connection.executescript("CREATE TABLE runs (km)")
    connection.close()
    connection = sqlite3.connect("newer.db")
    columns = "id, table_name, schema_version, fetchcli_version, started_at, ended_at, complete"
    connection.executescript(f"CREATE TABLE runs ({columns}); INSERT INTO runs (schema_version) VALUES (2)")
    connection.close()
    before = {path: path.read_bytes() for path in here.glob("*.db") if path.is_file()}
    for path, table, reason in (
        ("text.db", "results", "not an SQLite database; write to another file"),
        ("folder.db", "results", "Is a directory"),
        ("none/run.db", "results", "No such file or directory"),
        ("mine.db", "results", "its table results is not one of fetchcli; write to another table, sqlite:mine.db:NAME"),
        ("runs.db", "results", "its table runs is not one of fetchcli; write to another file"),
        ("newer.db", "results", "written by a newer fetchcli; update this one"),
        ("run.db", "Runs", "the table runs is for the runs; name another one"),
    ):
        with pytest.raises(OutputError) as error:
            opened(table, path=path)
        assert str(error.value) == f"{path}: {reason}"
    assert {path: path.read_bytes() for path in here.glob("*.db") if path.is_file()} == before


def test_columns_that_differ_only_in_case_are_refused(here: Path) -> None:
    for name in ("URL", "run"):
        with pytest.raises(OutputError, match=f"two columns are named '(url|run)'.*--keep input_{name.lower()}="):
            opened(schema=Schema((name,)))


def test_another_reader_sees_whole_batches_while_it_grows(here: Path) -> None:
    output = opened()
    output.begin()
    sink = TableSink(output, Schema())
    for seq in range(MAX_BATCH):
        sink.handle(answered(seq=seq))
    until(lambda: query("SELECT count(*) FROM results") == [(MAX_BATCH,)], "a batch")
    assert query("SELECT ended_at, complete FROM runs") == [(None, None)]
    output.complete = False
    output.close()
    assert sorted(path.name for path in here.iterdir()) == ["run.db"]
    assert query("SELECT complete FROM runs") == [(0,)]


def test_a_writer_that_stays_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.01)
    write(SAMPLE[:1])
    output = opened()
    output.begin()
    other = sqlite3.connect("run.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    output.write(Schema().values(answered()))
    output.close()
    assert output.failure == "run.db: database is locked"
    other.close()
    assert query("SELECT count(*) FROM results") == [(1,)]


class Stuck:
    """A table that takes nothing until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.batches: list[int] = []
        self.closed = 0

    def check(self) -> None:
        pass

    def begin(self) -> None:
        pass

    def add(self, rows: list[Values]) -> None:
        self.released.wait(30)
        self.batches.append(len(rows))

    def end(self, *, complete: bool) -> None:
        raise OutputError("full")

    def close(self) -> None:
        self.closed += 1


def test_a_table_that_does_not_keep_up_is_waited_for() -> None:
    table, told = Stuck(), []  # type: ignore[var-annotated]
    output = TableOutput("t", table, told.append)
    output.begin()
    count = 0
    while not output.congested:
        output.write([count])
        count += 1
    assert count == MAX_BACKLOG + 1
    table.released.set()
    output.close()
    assert sum(table.batches) == count
    assert max(table.batches) == MAX_BATCH
    assert (output.failure, told, table.closed, output.congested) == ("full", [output], 1, False)


def test_it_is_an_output_of_the_command(faults: FaultServer, here: Path) -> None:
    urls = [faults.url("ok"), "http://127.0.0.1:1/", "nonsense://x"]
    for how in (("-o", "run.db"), ("-o", "sqlite:run.db:again"), ("-o", "sqlite:odd.name")):
        ran = fetchcli(*urls, "-q", *how, "-o", "jsonl:rows.jsonl", "--ordered")
        assert ran.code == 3
        assert (ran.out, "Traceback" in ran.err) == ("", False)
    wanted = [json.loads(line) for line in (here / "rows.jsonl").read_text().splitlines()]
    found = query("SELECT url, verdict FROM results", "odd.name")
    assert found == [(row["url"], row["verdict"]) for row in wanted]
    assert query("SELECT count(*) FROM results") == query("SELECT count(*) FROM again") == [(3,)]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("sqlite", "-o sqlite: expected a file: sqlite:run.db"),
        ("sqlite:run.db.gz", "-o sqlite:run.db.gz: sqlite cannot be compressed as a whole; drop the last extension"),
        ("run.db.zst", "-o run.db.zst: sqlite cannot be compressed as a whole; drop the last extension"),
    ],
)
def test_what_no_database_can_be(how: str, said: str, here: Path) -> None:
    ran = fetchcli("http://127.0.0.1:1/", "-o", how)
    assert (ran.code, ran.err) == (2, f"fetchcli: {said}\n")
    assert not list(here.iterdir())


def test_another_output_does_not_write_into_it(faults: FaultServer, here: Path) -> None:
    assert fetchcli(faults.url("ok"), "-q", "-o", "run.db").code == 0
    (here / "sub").mkdir()
    (here / "link").symlink_to("run.db")
    (here / "hard").hardlink_to("run.db")
    for other in ("sub/../run.db", "link", "hard"):
        ran = fetchcli(faults.url("ok"), "-q", "-o", "run.db", "-o", f"jsonl:{other}")
        assert (ran.code, "two outputs" in ran.err) == (2, True), other
    assert query("SELECT count(*) FROM results") == [(1,)]


def test_nothing_is_made_where_another_output_cannot_be_opened(faults: FaultServer, here: Path) -> None:
    assert fetchcli(faults.url("ok"), "-q", "-o", "new.db", "-o", "nodir/x.jsonl").code == 8
    assert not list(here.iterdir())


def test_a_name_that_sqlite_has_a_meaning_for_is_a_file(faults: FaultServer, here: Path) -> None:
    assert fetchcli(faults.url("ok"), "-q", "-o", "sqlite::memory:").code == 0
    assert query("SELECT count(*) FROM results", str(here / ":memory:")) == [(1,)]


def test_a_table_may_have_the_name_of_an_index(here: Path) -> None:
    write(SAMPLE[:1], table="results_url")
    write(SAMPLE[:1])
    assert query("SELECT complete FROM runs") == [(1,), (1,)]


def test_whatever_fails_is_said(here: Path) -> None:
    class Broken(Stuck):
        def add(self, rows: list[Values]) -> None:
            raise RuntimeError("odd")

    output = TableOutput("t", Broken(), lambda _: None)
    output.begin()
    output.write([1])
    output.close()
    assert output.failure == "t: RuntimeError('odd')"


def test_a_full_disk_is_exit_code_8_and_what_was_written_stays(faults: FaultServer, here: Path) -> None:
    listing = "\n".join([faults.url("ok")] * 3000)
    command = f"ulimit -f 400; exec {' '.join(COMMAND)} - -q -c 50 -o run.db"
    ran = subprocess.run(
        ["sh", "-c", command], input=listing.encode(), env=environment(), stderr=subprocess.PIPE, check=False
    )
    assert ran.returncode == 8
    assert b"cannot write run.db: " in ran.stderr
    (rows,), (runs,) = query("SELECT count(*) FROM results")[0], query("SELECT count(*) FROM runs")[0]
    assert rows < 3000
    assert query("SELECT count(DISTINCT seq) FROM results") == [(rows,)]
    assert query("PRAGMA integrity_check") == [("ok",)]
    assert runs == 1


def test_a_kill_leaves_whole_batches(faults: FaultServer, here: Path) -> None:
    (here / "urls.txt").write_text("".join(f"{faults.url('ok')}?{number}\n" for number in range(3000)))
    process = start("urls.txt", "-q", "-c", "20", "-o", "run.db")
    until(lambda: Path("run.db").exists() and counted() > 0, "a batch", process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert query("PRAGMA integrity_check") == [("ok",)]
    rows = counted()
    assert rows > 0
    assert query("SELECT count(DISTINCT seq) FROM results") == [(rows,)]
    assert fetchcli(faults.url("ok"), "-q", "-o", "run.db").code == 0
    assert query("SELECT id, complete FROM runs") == [(1, None), (2, 1)]


def counted() -> int:
    try:
        return int(query("SELECT count(*) FROM results")[0][0])
    except sqlite3.OperationalError:  # the tables are being made
        return 0
