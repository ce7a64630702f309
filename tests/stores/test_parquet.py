"""Parquet: typed columns that DuckDB, pyarrow and polars read, whole or not there, and lists in it."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import InputError, OutputError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.target import CarriedValue
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.inputs.parquet import ParquetFile
from fetchcli.sinks.jsonl import RowEncoder
from fetchcli.stores.base import TableOutput
from fetchcli.stores.parquet import ParquetTable
from fetchcli.stores.table_sink import TableSink
from tests.sinks.test_contract import SAMPLE
from tests.support.command import fetchcli, on_a_full_disk, start, until
from tests.support.faults import FaultServer
from tests.support.outcomes import answered, failed, flaky

SCHEMA = Schema(("kept",), more=("saved_as", "size_saved", "header:etag"))


def write(outcomes: "tuple[Outcome, ...]", path: str = "rows.parquet") -> TableOutput:
    output = TableOutput(path, ParquetTable(path, SCHEMA.columns), lambda _: None)
    output.begin()
    sink = TableSink(output, SCHEMA)
    for outcome in outcomes:
        sink.handle(outcome)
    sink.close(Summary())
    output.close()
    return output


def test_every_reader_sees_the_types(here: Path) -> None:
    assert write((answered(carried=(1,)), answered(404, 2), failed(seq=3), flaky(4))).failure == ""
    started = datetime(2026, 1, 1, 0, 0, 0, 250_000, UTC)
    redirects = [{"url": "http://example.com/old", "status": 301}]
    expected = (1, 200, 0.25, False, started, redirects)
    names = ["seq", "status", "time_total", "flaky", "started_at", "redirects"]
    table = pq.read_table("rows.parquet")
    assert table.schema.field("started_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("size_decoded").type == pa.int64()
    assert tuple(table.select(names).to_pylist()[0].values()) == expected
    assert polars.read_parquet("rows.parquet").select(names).row(0) == expected
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    assert connection.sql(f"SELECT {', '.join(names)} FROM 'rows.parquet' WHERE seq = 1").fetchall() == [expected]
    failed_checks = connection.sql("SELECT failed_checks[1].\"check\" FROM 'rows.parquet' WHERE seq = 2").fetchall()
    assert failed_checks == [("status",)]
    assert connection.sql("SELECT error, status FROM 'rows.parquet' WHERE seq = 3").fetchall() == [("connect", None)]
    assert not list(here.glob("*part"))


def test_rows_come_back_as_they_are_in_json_lines(here: Path) -> None:
    values: list[CarriedValue] = [None, 1, "é", [1], {"a": "b"}]
    carried = tuple(answered(seq=seq, carried=(value,)) for seq, value in enumerate(values, 90))
    outcomes = (*SAMPLE, *carried)
    assert write(outcomes).failure == ""
    encode = RowEncoder(SCHEMA)
    Path("rows.jsonl").write_bytes(b"".join(encode(outcome) + b"\n" for outcome in outcomes))
    assert fetchcli("rows.parquet", "--from-results", "-q", "-o", "again.jsonl").code == 3
    assert Path("again.jsonl").read_bytes() == Path("rows.jsonl").read_bytes()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=12), min_size=1, max_size=30))
def test_any_text_comes_back(here: Path, texts: list[str]) -> None:
    write(tuple(failed(seq=seq, detail=text) for seq, text in enumerate(texts, 1)))
    assert pq.read_table("rows.parquet").column("error_detail").to_pylist() == [text or None for text in texts] or (
        pq.read_table("rows.parquet").column("error_detail").to_pylist() == texts
    )


def test_what_has_no_form_is_shown_another_way(here: Path) -> None:
    odd = (failed(seq=1, detail="half \ud800"), answered(seq=2**70, carried=("\ud800",)))
    assert write(odd).failure == ""
    rows = pq.read_table("rows.parquet").to_pylist()
    assert (rows[0]["error_detail"], rows[1]["seq"]) == ("half \\ud800", None)


def test_row_groups_are_written_while_the_run_goes_on(here: Path) -> None:
    count = 120_000
    assert write(tuple(answered(seq=seq) for seq in range(1, 1001)) * 120).failure == ""
    found = pq.ParquetFile("rows.parquet")
    assert (found.metadata.num_rows, found.metadata.num_row_groups) == (count, 3)


def test_a_kill_leaves_no_file_under_the_name(faults: FaultServer, here: Path) -> None:
    Path("urls.txt").write_text(f"{faults.url('stall-in-body')}\n" * 3)
    before = len(faults.requests)
    process = start("urls.txt", "-q", "-o", "rows.parquet")
    until(lambda: len(faults.requests) - before == 3, "all are asked for", process)
    process.kill()
    process.communicate()
    assert [path.name for path in here.glob("*rows*")] == [".rows.parquet.part"]


def test_an_interrupted_run_writes_what_was_finished(faults: FaultServer, here: Path) -> None:
    Path("urls.txt").write_text(f"{faults.url('ok')}\n{faults.url('stall-in-body')}\n")
    process = start("urls.txt", "-q", "-o", "rows.parquet", "-w", "%{url}\n")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert sorted(pq.read_table("rows.parquet").column("verdict").to_pylist()) == ["CANCELLED", "OK"]


def test_a_full_disk_is_exit_code_8(faults: FaultServer, here: Path) -> None:
    Path("urls.txt").write_text("".join(f"{faults.url('ok')}?{number}\n" for number in range(500)))
    ran = on_a_full_disk(1, "urls.txt", "-q", "-c", "50", "-o", "rows.parquet")
    assert (ran.returncode, b"cannot write rows.parquet: File too large" in ran.stderr) == (8, True), ran.stderr
    assert b"panic" not in ran.stderr
    assert not list(here.glob("*rows*"))


@pytest.mark.parametrize(
    ("output", "code", "message"),
    [
        ("none/rows.parquet", 8, "none/rows.parquet: No such file or directory"),
        ("folder.parquet", 8, "folder.parquet: Is a directory"),
        ("parquet", 2, "-o parquet: expected a file: parquet:rows.parquet"),
        ("rows.parquet.gz", 2, "parquet cannot be compressed as a whole"),
    ],
)
def test_where_it_cannot_be_written(output: str, code: int, message: str, here: Path) -> None:
    Path("folder.parquet").mkdir()
    result = fetchcli("http://127.0.0.1:1/", "-q", "-o", output)
    assert (result.code, message in result.err) == (code, True), result.err


def test_two_runs_do_not_write_one_file(faults: FaultServer, here: Path) -> None:
    before = len(faults.requests)
    first = start(faults.url("stall-in-body"), "-q", "-o", "rows.parquet")
    until(lambda: len(faults.requests) > before, "it has begun", first)
    second = ParquetTable("rows.parquet", SCHEMA.columns)

    def is_refused() -> bool:
        try:
            second.begin()
        except OutputError as error:
            return "another run is writing to it" in str(error)
        second.close()
        return False

    until(is_refused, "it is locked", first)
    first.kill()
    first.communicate()


def sites(faults: FaultServer) -> None:
    table = pa.table(
        {
            "address": [faults.url("ok"), "nonsense", f"{faults.url('ok')}?2"],
            "tag": pa.array(["a", "b", "c"]).dictionary_encode(),
            "price": pa.array([1.5, None, 2.0]),
            "since": pa.array([datetime(2026, 1, 2, tzinfo=UTC)] * 3),
            "method": ["GET", None, "HEAD"],
            "labels": pa.array([["x", "y"], None, []]),
            "blob": pa.array([b"\xff", b"", None]),
        }
    )
    pq.write_table(table, "sites.parquet")


def test_a_list_in_parquet(faults: FaultServer, here: Path) -> None:
    sites(faults)
    options = (
        "sites.parquet",
        "--url-column",
        "address",
        "--keep",
        "price,since,labels",
        "--ordered",
        "-q",
        "-o",
        "jsonl",
    )
    result = fetchcli(*options)
    first, second, third = map(json.loads, result.lines)
    assert (first["tag"], first["price"], first["labels"], first["method"]) == ("a", 1.5, ["x", "y"], "GET")
    assert first["since"].startswith("2026-01-02T00:00:00")
    assert (first["source"], first["line"]) == ("sites.parquet", 1)
    assert (second["verdict"], third["method"]) == ("REJECTED", "HEAD")
    everything = fetchcli("sites.parquet", "--url-column", "address", "--keep", "*", "-q", "-o", "jsonl", "--ordered")
    assert {"price", "since", "labels", "blob"} <= json.loads(everything.lines[0]).keys()


def test_files_that_are_none(here: Path) -> None:
    pq.write_table(pa.table({"url": ["http://h/"] * 5000}), "whole.parquet")
    whole = Path("whole.parquet").read_bytes()
    for name, content, message in (
        ("text.parquet", b"http://h/\n" * 9, "not a Parquet file"),
        ("short.parquet", b"PAR1", "not a Parquet file"),
        ("torn.parquet", whole[:-20], "the Parquet file is incomplete: it has no footer"),
        ("empty.parquet", b"", "not a Parquet file"),
    ):
        Path(name).write_bytes(content)
        result = fetchcli(name, "-q")
        assert (result.code, result.err) == (3, f"fetchcli: {name}: {message}\n")
    broken = bytearray(whole)
    broken[10:200] = bytes(190)
    Path("broken.parquet").write_bytes(broken)
    with pytest.raises(InputError, match=r"broken\.parquet: the Parquet file is damaged"):
        list(ParquetFile(name="broken.parquet").blocks())
    piped = fetchcli("-", stdin=whole)
    assert (piped.code, "a Parquet file; give it a name that ends in .parquet" in piped.err) == (3, True)


def test_it_is_made_anew_when_a_run_goes_on(faults: FaultServer, here: Path) -> None:
    Path("urls.txt").write_text("".join(f"{faults.url('ok')}?{number}\n" for number in range(4)))
    assert fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "--resume", "--limit", "2").code == 0
    assert fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "-o", "rows.parquet", "--resume").code == 0
    assert sorted(pq.read_table("rows.parquet").column("seq").to_pylist()) == [1, 2, 3, 4]


def test_a_link_stays_and_files_of_others_are_left_alone(here: Path) -> None:
    Path("rows.parquet.part").write_text("mine")
    Path("real.parquet").touch(mode=0o600)
    Path("rows.parquet").symlink_to("real.parquet")
    assert write((answered(),)).failure == ""
    assert Path("rows.parquet").is_symlink()
    assert Path("real.parquet").stat().st_mode & 0o777 == 0o600
    assert pq.read_table("real.parquet").num_rows == 1
    assert Path("rows.parquet.part").read_text() == "mine"
