"""A query to a database is a list like any other."""

import json
import sqlite3
from pathlib import Path

import pytest

from fetchcli.core.errors import InputError
from fetchcli.inputs.query import Query
from fetchcli.stores.ask import asker
from fetchcli.stores.sqlite import SqliteDatabase
from tests.support.command import fetchcli
from tests.support.faults import FaultServer


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: FaultServer) -> Path:
    monkeypatch.chdir(tmp_path)
    connection = sqlite3.connect("sites.db")
    connection.execute("CREATE TABLE sites (url, tag, price, headers, method)")
    rows = [
        (faults.url("ok"), "café", 2.5, '{"X-Y": "z"}', "POST"),
        ("nonsense", 7, None, None, None),
        (faults.url("ok").encode() + b"?b", None, b"\xff", "no JSON", None),
    ]
    connection.executemany("INSERT INTO sites VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return tmp_path


def asked(sql: str, url_column: str = "url", path: str = "sites.db") -> Query:
    name = f"sqlite:{path}"
    return Query(name=name, file=path, sql=sql, url_column=url_column, ask=asker(SqliteDatabase, path, name))


def test_rows_are_fetched_with_what_their_columns_say(here: Path, faults: FaultServer) -> None:
    ran = fetchcli(
        "sqlite:sites.db", "--query", "SELECT * FROM sites", "--keep", "price", "-q", "-o", "jsonl", "--ordered"
    )
    assert ran.code == 3
    first, second, third = map(json.loads, ran.lines)
    assert (first["verdict"], first["method"], first["tag"], first["price"]) == ("OK", "POST", "café", 2.5)
    assert first["request"]["headers"] == [["X-Y", "z"]]
    assert (first["source"], first["line"]) == ("sqlite:sites.db", 1)
    assert second["error_detail"].startswith("sqlite:sites.db:2: url: no scheme")
    assert (third["verdict"], third["price"]) == ("REJECTED", "\\xff")
    assert "headers" in third["error_detail"]


def test_it_is_read_lazily_and_as_often_as_needed(here: Path) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'http://h/' || i AS url FROM n"
    endless = asked(numbers)
    endless.check()
    blocks = endless.blocks()
    assert json.loads(next(blocks).splitlines()[-1]) == {"url": "http://h/256"}
    assert next(blocks)
    dry = fetchcli("sqlite:sites.db", "--query", f"{numbers} LIMIT 1000", "--dry-run", "--limit", "500")
    assert dry.lines[0].startswith("500 rows: 500 to fetch from 1 host")
    twice = fetchcli(
        "sqlite:sites.db", "--query", "SELECT url, 'http://127.0.0.1:1/' AS u FROM sites LIMIT 1", "--url-column", "u",
        "--repeat", "2", "-q", "-w", "%{round} %{url}\n",
    )  # fmt: skip
    assert twice.lines == ["1 http://127.0.0.1:1/", "2 http://127.0.0.1:1/"]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELEC", 'near "SELEC": syntax error'),
        ("SELECT tag FROM sites", "the query has no column 'url'; it has tag; write ... AS url, or name the column"),
        ("SELECT url, url FROM sites", "the query has two columns 'url'; rename one"),
        ("DELETE FROM sites", "attempt to write a readonly database"),
        ("SELECT url FROM sites; DROP TABLE sites", "You can only execute one statement at a time"),
        ("", "the query has no column 'url'; write"),
    ],
)
def test_a_wrong_query_is_refused_at_the_start(sql: str, said: str, here: Path) -> None:
    before = Path("sites.db").read_bytes()
    ran = fetchcli("sqlite:sites.db", "--query", sql)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"fetchcli: sqlite:sites.db: {said}")
    assert ran.err.count("\n") == 1
    assert Path("sites.db").read_bytes() == before


def test_what_fails_later_is_said_and_the_rows_before_it_are_fetched(here: Path) -> None:
    sql = "SELECT url FROM sites WHERE rowid = 2 UNION ALL SELECT json(x'00' || url) FROM sites WHERE rowid = 1"
    with pytest.raises(InputError, match=r"sqlite:sites.db: malformed JSON"):
        list(asked(sql).blocks())


def test_files_that_are_no_databases(here: Path) -> None:
    Path("text.db").write_text("http://127.0.0.1/\n" * 100)
    for path, said in (("text.db", "not an SQLite database"), ("none.db", "no such file")):
        with pytest.raises(InputError) as error:
            asked("SELECT url FROM sites", path=path).check()
        assert str(error.value) == f"sqlite:{path}: {said}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sqlite:sites.db"], "sqlite:sites.db: say what to read with --query, such as 'SELECT url FROM sites'"),
        (
            ["x", "--query", "SELECT 1"],
            "--query: expected one input, a database: sqlite:FILE or postgresql://user@host/database",
        ),
        (
            ["sqlite:a", "sqlite:b", "--query", "SELECT 1"],
            "--query: expected one input, a database: sqlite:FILE or postgresql://user@host/database",
        ),
    ],
)
def test_a_database_and_a_query_belong_together(arguments: list[str], said: str, here: Path) -> None:
    ran = fetchcli(*arguments)
    assert (ran.code, ran.err) == (2, f"fetchcli: {said}\n")


def test_the_database_is_not_written_by_the_run(here: Path) -> None:
    before = Path("sites.db").read_bytes()
    for how in ("jsonl:sites.db", "sites.db"):
        ran = fetchcli("sqlite:sites.db", "--query", "SELECT url FROM sites", "-o", how)
        assert (ran.code, ran.err) == (
            8,
            "fetchcli: sites.db: is also read by the run; write to another file\n",
        )
    assert Path("sites.db").read_bytes() == before


def test_results_in_a_database_are_a_list(here: Path, faults: FaultServer) -> None:
    assert fetchcli(faults.url("ok"), "http://127.0.0.1:1/", "-q", "-o", "run.db").code == 4
    ran = fetchcli("sqlite:run.db", "--query", "SELECT * FROM results", "--only-failed", "-q", "-w", "%{url}\n")
    assert ran.lines == ["http://127.0.0.1:1/"]
