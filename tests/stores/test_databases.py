"""The contract of the databases, over real servers: rows as in JSON Lines, nothing lost, nothing of others touched."""

import datetime
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import OutputError
from fetchcli.core.journal.shape import Shape
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.target import CarriedValue
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.sinks.jsonl import RowEncoder
from fetchcli.stores.base import TableOutput
from fetchcli.stores.sql_table import SqlTable, TableAbout
from fetchcli.stores.table_sink import TableSink
from tests.sinks.test_contract import SAMPLE
from tests.stores.conftest import Place
from tests.support.command import COMMAND, environment, fetchcli
from tests.support.databases import mariadb, postgres
from tests.support.outcomes import answered, failed

SCHEMA = Schema(("kept",), more=("saved_as", "size_saved", "header:etag"))


def opened(place: Place, table: str = "results", *, schema: Schema = SCHEMA, resumes: bool = False) -> TableOutput:
    about = TableAbout(schema.columns, ("urls.txt",), resumes)
    return TableOutput(place.address, SqlTable(place.connect, table, about), lambda _: None, stays_open=resumes)


def write(place: Place, outcomes: "tuple[Outcome, ...]", table: str = "results") -> TableOutput:
    output = opened(place, table)
    output.begin()
    sink = TableSink(output, SCHEMA)
    for outcome in outcomes:
        sink.handle(outcome)
    sink.close(Summary())
    output.close()
    return output


def ask(place: Place, statement: str, *values: object) -> list[tuple[Any, ...]]:
    database = place.connect()
    database.open()
    try:
        return database.ask(statement, values)
    finally:
        database.close()


def restored(place: Place, run: int = 1, table: str = "results") -> list[dict[str, Any]]:
    """The rows of a run as JSON Lines has them."""
    output = opened(place, table)
    sql = output.table
    assert isinstance(sql, SqlTable)
    sql.run = run
    shape, encode = Shape(SCHEMA.names), RowEncoder(SCHEMA)
    rows = [json.loads(encode(shape.outcome(row))) for batch in sql.rows(shape) for row in batch]
    sql.close()
    return sorted(rows, key=lambda row: row["seq"])


def as_json(outcomes: "tuple[Outcome, ...]") -> list[dict[str, Any]]:
    rows = [json.loads(RowEncoder(SCHEMA)(outcome)) for outcome in outcomes]
    return sorted(rows, key=lambda row: row["seq"])


def test_rows_come_back_as_they_are_in_json_lines(place: Place) -> None:
    values: list[CarriedValue] = [
        None,
        0,
        -1.5,
        "",
        "é\U0001f600'\"\\\n",
        [1, {"a": None}],
        {"b": "c"},
        "[1]",
        '"',
        "{",
    ]
    carried = tuple(answered(seq=seq, carried=(value,)) for seq, value in enumerate(values, 100))
    output = write(place, (*SAMPLE, *carried))
    assert output.failure == ""
    assert restored(place) == as_json((*SAMPLE, *carried))
    ((complete, count),) = ask(
        place, "SELECT complete, (SELECT count(*) FROM results) FROM runs WHERE table_name = ?", "results"
    )
    assert (bool(complete), count) == (True, len(SAMPLE) + len(carried))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30))
def test_any_text_comes_back(place: Place, texts: list[str]) -> None:
    outcomes = tuple(failed(seq=seq, detail=text) for seq, text in enumerate(texts, 1))
    write(place, outcomes)
    ((run,),) = ask(place, "SELECT max(run) FROM results")
    found = [row["error_detail"] for row in restored(place, run)]
    if place.kind == "postgresql" and "\0" in "".join(texts):  # it has no NUL: then the batch shows it as an escape
        texts = [text.replace("\0", "\\x00") for text in texts]
    assert found == texts


def test_what_no_database_takes_is_shown_another_way(place: Place) -> None:
    odd = (failed(seq=1, detail="half \ud800"), answered(seq=2, carried=("\ud800", "x")), answered(seq=3))
    assert write(place, odd).failure == ""
    rows = restored(place)
    assert [row["error_detail"] for row in rows] == ["half \\ud800", None, None]


def test_another_run_has_another_number_and_later_columns_are_added(place: Place) -> None:
    write(place, (answered(),))
    output = opened(place, schema=Schema(("kept", "more"), more=("header:etag",)))
    output.begin()
    TableSink(output, Schema(("kept", "more"), more=("header:etag",))).handle(answered(carried=("a", "b")))
    output.close()
    assert output.failure == ""
    database = place.connect()
    database.open()
    assert {"more", "kept", "run"} <= set(database.columns("results"))
    database.close()
    assert sorted(ask(place, "SELECT run FROM results")) == [(1,), (2,)]


def test_a_table_of_others_is_refused(place: Place) -> None:
    database = place.connect()
    database.open()
    database.run("CREATE TABLE results (a int)")
    database.close()
    with pytest.raises(OutputError, match="its table results is not one of fetchcli; write to another table"):
        opened(place)
    with pytest.raises(OutputError, match="the table runs is for the runs"):
        opened(place, "runs")


def continued(place: Place) -> tuple[TableOutput, SqlTable]:
    output = opened(place, resumes=True)
    assert isinstance(output.table, SqlTable)
    return output, output.table


def add(table: SqlTable, *outcomes: Outcome) -> None:
    table.add([SCHEMA.values(outcome) for outcome in outcomes])


def test_the_newest_run_with_the_same_list_goes_on(place: Place) -> None:
    write(place, (answered(404, 1), answered(seq=2)))
    output, table = continued(place)
    assert table.find_run()
    table.begin()
    add(table, answered(200, 1), answered(seq=3))
    add(table, answered(200, 1), answered(seq=3))  # as if the answer of the database had been lost
    output.release()
    assert [(row["seq"], row["status"]) for row in restored(place)] == [(1, 200), (2, 200), (3, 200)]
    assert ask(place, "SELECT count(*) FROM runs") == [(1,)]
    other = SqlTable(place.connect, "results", TableAbout(SCHEMA.columns, ("other.txt",), resumes=True))
    other.check()
    assert not other.find_run()
    other.close()


def test_two_that_go_on_with_one_run_are_refused(place: Place) -> None:
    write(place, (answered(),))
    _, first = continued(place)
    first.find_run()
    _, second = continued(place)
    with pytest.raises(OutputError, match="another run is writing to it"):
        second.find_run()
    second.close()
    first.close()
    _, third = continued(place)
    assert third.find_run()
    third.close()


def test_rows_move_and_go(place: Place) -> None:
    urls = [f"http://example.com/{name}" for name in "abcd"]
    write(place, tuple(answered(seq=seq, url=url) for seq, url in enumerate(urls, 1)))
    keys = {row["url"][-1]: row["key"] for row in restored(place)}
    output, table = continued(place)
    assert table.find_run()
    table.begin()
    table.parks = lambda: True
    add(table, answered(seq=2, url="http://example.com/new"))  # where b was
    table.settle(
        [(1, 3, "urls.txt", 30, keys["a"]), (2, 1, "urls.txt", 10, keys["b"])], [(3, keys["c"]), (4, keys["d"])]
    )
    output.release()
    assert [(row["seq"], row["url"][-1], row["line"]) for row in restored(place)] == [
        (1, "b", 10),
        (2, "w", 3),
        (3, "a", 30),
    ]


def cut(place: Place) -> None:
    """End every other connection to the database."""
    if place.kind == "postgresql":
        ask(place, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return
    database = place.connect()
    database.open()
    for (number,) in database.ask("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"):
        database.run(f"KILL {number}")
    database.close()


@pytest.mark.parametrize("resumes", [False, True])
def test_a_connection_that_is_cut_loses_nothing(server_place: Place, resumes: bool) -> None:
    write(server_place, (answered(seq=1),))
    output = opened(server_place, resumes=resumes)
    table = output.table
    assert isinstance(table, SqlTable)
    if resumes:
        table.find_run()
    table.begin()
    add(table, answered(seq=2))
    cut(server_place)
    add(table, answered(seq=3))
    output.release()
    ((run,),) = ask(server_place, "SELECT max(run) FROM results")
    assert [row["seq"] for row in restored(server_place, run)] == ([1, 2, 3] if resumes else [2, 3])


def test_a_server_that_is_stopped_and_started_loses_nothing(server_place: Place) -> None:
    server = postgres() if server_place.kind == "postgresql" else mariadb()
    output = opened(server_place)
    output.begin()
    sink = TableSink(output, SCHEMA)
    for seq in range(1, 3001):
        if seq == 1500:
            server.stop()
            threading.Timer(0.5, server.start).start()
        sink.handle(answered(seq=seq))
    output.close()
    assert output.failure == ""
    assert ask(server_place, "SELECT count(*), count(DISTINCT seq) FROM results") == [(3000, 3000)]


def test_addresses_that_lead_nowhere(here: Path) -> None:
    for scheme in ("postgresql", "mysql"):
        result = fetchcli("http://127.0.0.1:1/", "-o", f"{scheme}://me:hunter2@127.0.0.1:1/db")
        assert result.code == 8
        assert f"{scheme}://***@127.0.0.1:1/db: " in result.err
        assert "hunter2" not in result.err
        assert "Traceback" not in result.err


def demo(place: Place) -> list[str]:
    """A list in a database, and its URLs."""
    urls = [f"http://127.0.0.1:1/{name}?a=%20b" for name in "abc"]
    database = place.connect()
    database.open()
    database.run("CREATE TABLE sites (url varchar(100), tag varchar(9), price numeric(6, 2), day date)")
    for url in urls:
        database.run("INSERT INTO sites VALUES (?, ?, ?, ?)", (url, "café", 2.5, datetime.date(2026, 1, 2)))
    database.close()
    return urls


def test_a_query_is_a_list(server_place: Place) -> None:
    urls = demo(server_place)
    sql = "SELECT url, tag, price, day FROM sites WHERE url LIKE '%?a=%' ORDER BY url -- a remark"
    template = "%{url} %{tag} %{price} %{day}\n"
    result = fetchcli(server_place.address, "--query", sql, "--keep", "price,day", "--ordered", "-q", "-w", template)
    assert (result.code, result.lines) == (4, [f"{url} café 2.50 2026-01-02" for url in urls])
    for wrong, said in (
        ("SELECT tag FROM sites", "the query has no column 'url'; it has tag"),
        ("SELEC", "syntax"),
        ("DELETE FROM sites", ""),
    ):
        refused = fetchcli(server_place.address, "--query", wrong)
        assert (refused.code, said in refused.err, refused.err.count("\n")) == (3, True, 1)
    assert ask(server_place, "SELECT count(*) FROM sites") == [(3,)]
    assert "say what to read with --query" in fetchcli(server_place.address).err


def test_a_run_and_its_results(place: Place) -> None:
    Path("urls.txt").write_text("".join(f"http://127.0.0.1:1/{number}\n" for number in range(50)))
    result = fetchcli("urls.txt", "-q", "-o", place.output("smoke"), "-o", "rows.jsonl")
    assert (result.code, result.err) == (4, "")
    address = place.output("smoke") if place.kind == "sqlite" else f"{place.address}?table=smoke"
    again = fetchcli(address, "--from-results", "-q", "-o", "again.jsonl")
    assert again.code == 4
    assert sorted(Path("again.jsonl").read_bytes().splitlines()) == sorted(Path("rows.jsonl").read_bytes().splitlines())


def test_a_password_in_an_address_is_warned_of_and_shown_nowhere(here: Path) -> None:
    for scheme in ("postgresql", "mysql"):
        address = f"{scheme}://me:hunter2@127.0.0.1:1/db"
        result = fetchcli("http://127.0.0.1:1/", "-o", address)
        assert "a password in an argument can be seen by other users" in result.err
        assert "PGPASSFILE or a service file" in result.err
        config = fetchcli("http://127.0.0.1:1/", "-o", address, "--print-config")
        assert "hunter2" not in result.err + result.out + config.out + config.err
        twice = fetchcli("http://127.0.0.1:1/", "-o", address, "-o", address)
        assert (twice.code, "hunter2" not in twice.err) == (2, True)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("oracle://h/db", "-o oracle://h/db: expected an address that starts with postgresql://"),
        ("postgresql", "-o postgresql: expected an address: postgresql://user@host/database"),
        ("mysql://h/db?table=a b", "expected one name of letters, digits and _ after table="),
    ],
)
def test_addresses_that_are_none(output: str, message: str, here: Path) -> None:
    result = fetchcli("http://127.0.0.1:1/", "-o", output)
    assert (result.code, message in result.err) == (2, True), result.err


def test_a_file_that_was_found_cannot_name_a_database(here: Path) -> None:
    Path("fetchcli.toml").write_text('output = ["postgresql://evil.example/db"]')
    result = fetchcli("http://127.0.0.1:1/", env={"FETCHCLI_NO_CONFIG": ""})
    assert (result.code, "is not inside the folder of the file" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("asyncpg", ("-o", "postgresql://h/db"), "PostgreSQL requires asyncpg; install fetchcli[postgres]"),
        ("pymysql", ("-o", "mysql://h/db"), "MySQL requires PyMySQL; install fetchcli[mysql]"),
        ("arro3", ("-o", "rows.parquet"), "Parquet requires arro3; install fetchcli[parquet]"),
        ("arro3", ("sites.parquet",), "Parquet requires arro3; install fetchcli[parquet]"),
    ],
)
def test_an_extra_that_is_missing_is_named(module: str, arguments: tuple[str, ...], message: str, here: Path) -> None:
    Path("stubs").mkdir()
    Path(f"stubs/{module}.py").write_text("raise ImportError")
    Path("sites.parquet").write_bytes(b"PAR1")
    command = [*COMMAND, "http://127.0.0.1:1/", *arguments]
    ran = subprocess.run(command, env=environment(PYTHONPATH="stubs"), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (2, f"fetchcli: {message}\n")
