"""--from-results through a real process: conversion, merging, reports and the exit code, without a request."""

import json
import sqlite3
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fetchcli.core.rows.schema import Schema
from fetchcli.sinks.jsonl import RowEncoder
from tests.sinks.test_contract import SAMPLE
from tests.support.command import at_terminal, fetchcli
from tests.support.outcomes import answered, failed, flaky

OUTCOMES = (*SAMPLE, answered(404, 50), failed(seq=51), flaky(52))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(outcomes: tuple[object, ...], schema: Schema | None = None) -> bytes:
    encode = RowEncoder(schema or Schema())
    return b"".join(encode(outcome) + b"\n" for outcome in outcomes)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["r.jsonl", "r.json", "r.jsonl.gz", "r.json.zst", "r.db"])
def test_a_conversion_and_back_changes_nothing(name: str, here: Path) -> None:
    schema = Schema(("owner",), more=("header:etag",))
    Path("rows.jsonl").write_bytes(lines(OUTCOMES, schema))
    assert fetchcli("rows.jsonl", "--from-results", "-q", "-o", name).code == 3
    assert fetchcli(name, "--from-results", "-q", "-o", "again.jsonl").code == 3
    assert Path("again.jsonl").read_bytes() == Path("rows.jsonl").read_bytes()


def test_csv_reads_the_same(here: Path) -> None:
    Path("rows.jsonl").write_bytes(lines(OUTCOMES))
    assert fetchcli("rows.jsonl", "--from-results", "-q", "-o", "one.csv").code == 3
    assert fetchcli("one.csv", "--from-results", "-q", "-o", "two.csv", "-o", "two.jsonl").code == 3
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()
    assert len(Path("two.jsonl").read_bytes().splitlines()) == len(OUTCOMES)


def test_reports_thresholds_and_the_exit_code(here: Path) -> None:
    Path("rows.jsonl").write_bytes(lines((answered(), answered(404, 2), failed(seq=3), flaky(4))))
    result = fetchcli("rows.jsonl", "--from-results", "-o", "junit:r.xml", "--threshold", "error_rate < 60%")
    assert result.code == 4
    assert "2 accepted (1 flaky), 2 failed" in result.err
    suite = ElementTree.parse("r.xml").getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors")] == ["5", "1", "1"]  # the threshold is one
    strict = fetchcli("rows.jsonl", "--from-results", "-q", "-o", "jsonl:/dev/null", "--threshold", "flaky_rate < 1%")
    assert strict.code == 4
    assert fetchcli("rows.jsonl", "--from-results", "-q", "--exit-zero").code == 0
    missed = fetchcli("ok.jsonl", "--from-results", "--threshold", "p95(time_starttransfer) < 1ms")
    assert missed.code == 3
    Path("ok.jsonl").write_bytes(lines((answered(),)))
    assert fetchcli("ok.jsonl", "--from-results", "-q", "--threshold", "p95(time_starttransfer) < 1ms").code == 7


def test_the_later_of_two_rows_counts_and_shards_are_merged(here: Path) -> None:
    Path("a.jsonl").write_bytes(lines((answered(404, 1), answered(200, 2))))
    Path("b.csv").write_bytes(b"")
    Path("c.jsonl").write_bytes(lines((answered(200, 1), answered(200, 3, "http://example.com/other"))))
    result = fetchcli("a.jsonl", "b.csv", "c.jsonl", "--from-results", "-o", "all.jsonl")
    assert result.code == 0
    assert "1 row was left out, because a later row has the same place and key" in result.err
    rows = [json.loads(line) for line in Path("all.jsonl").read_bytes().splitlines()]
    assert [(row["seq"], row["status"]) for row in rows] == [(2, 200), (1, 200), (3, 200)]


def test_a_torn_row_is_left_out_and_said(here: Path) -> None:
    whole = lines((answered(), answered(seq=2)))
    Path("rows.jsonl").write_bytes(whole[:-40])
    result = fetchcli("rows.jsonl", "--from-results", "-o", "again.jsonl")
    assert (result.code, Path("again.jsonl").read_bytes()) == (3, whole.splitlines(keepends=True)[0])
    assert "rows.jsonl:2: the last row is torn; the rows before it were read" in result.err


def test_stdin_and_the_default_output(here: Path) -> None:
    result = fetchcli("-", "--from-results", "-q", stdin=lines((answered(), failed(seq=2))))
    assert result.code == 4
    assert [line.split("\t")[0] for line in result.lines] == ["200", "-"]


def test_other_expectations_as_far_as_rows_allow(here: Path) -> None:
    Path("rows.jsonl").write_bytes(lines((answered(404, 1), answered(200, 2))))
    assert fetchcli("rows.jsonl", "--from-results", "-q", "--accept", "200,404").code == 0
    assert fetchcli("rows.jsonl", "--from-results", "-q", "--accept", "404").code == 5
    assert fetchcli("rows.jsonl", "--from-results", "-q", "--accept", "200,404", "--expect-size", ">9999").code == 6
    for option, value in (("--expect-body", "x"), ("--expect-json", "a exists")):
        result = fetchcli("rows.jsonl", "--from-results", option, value)
        assert result.code == 2
        assert f"{option}: results contain no bodies" in result.err
    result = fetchcli("rows.jsonl", "--from-results", "--expect-header", "ETag: exists")
    assert "the results have no column header:etag; fetch with --columns +header:etag" in result.err
    Path("etags.jsonl").write_bytes(lines((answered(),), Schema(columns="+header:etag")))
    assert fetchcli("etags.jsonl", "--from-results", "-q", "--expect-header", "ETag: exists").code == 6


def test_a_baseline_is_compared_with(here: Path) -> None:
    Path("old.jsonl").write_bytes(lines((answered(), answered(404, 2, "http://example.com/b"))))
    Path("new.jsonl").write_bytes(lines((answered(404), answered(404, 2, "http://example.com/b"))))
    result = fetchcli("new.jsonl", "--from-results", "--baseline", "old.jsonl", "--fail-on", "new")
    assert result.code == 5
    assert "1 new failure" in result.err
    same = fetchcli("old.jsonl", "--from-results", "--baseline", "old.jsonl", "--fail-on", "new")
    assert same.code == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.txt", b"http://example.com/\n", "r.txt: not a row of a results file"),
        ("r.jsonl", b'{"url":"http://h/"}\n', "r.jsonl:1: not a row of a results file; make one with -o jsonl:FILE"),
        ("r.csv", b"url\nhttp://h/\n", "r.csv:1: not a row of a results file"),
        ("r.json", b'[{"url":1,"verdict":"OK"}]', "r.json:1: not a row of a results file"),
        ("r.jsonl", b"[1\n", "r.jsonl:1: not a row of a results file"),
        ("missing.jsonl", None, "missing.jsonl: no such file"),
        ("empty.jsonl", b"", "the results contain no row (--allow-empty accepts that)"),
    ],
)
def test_what_holds_no_results_is_refused(name: str, content: bytes | None, message: str, here: Path) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    result = fetchcli(name, "--from-results", "-o", "out.jsonl")
    assert result.code == 3
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_table_of_others_is_refused(here: Path) -> None:
    with sqlite3.connect("other.db") as database:
        database.execute("CREATE TABLE results (url TEXT)")
    result = fetchcli("other.db", "--from-results")
    assert (result.code, "has no column error" in result.err) == (3, True)
    Path("no.db").write_bytes(b"no database at all, but long enough to be looked at")
    assert "no.db: not an SQLite database" in fetchcli("no.db", "--from-results").err
    assert "no such file" in fetchcli("none.db", "--from-results").err


def test_the_input_is_not_written(here: Path) -> None:
    Path("rows.jsonl").write_bytes(before := lines((answered(),)))
    result = fetchcli("rows.jsonl", "--from-results", "-o", "rows.jsonl")
    assert (result.code, Path("rows.jsonl").read_bytes()) == (8, before)
    assert "rows.jsonl: is also read by the run" in result.err


def test_a_terminal_shows_a_table(here: Path) -> None:
    Path("rows.jsonl").write_bytes(lines((answered(), failed(seq=2))))
    shown = at_terminal("rows.jsonl", "--from-results")
    assert shown.code == 4
    assert "http://example.com/a" in shown.out
    assert "1 accepted" in shown.out
    assert "1 failed" in shown.out


def test_urls_are_no_results(here: Path) -> None:
    result = fetchcli("http://127.0.0.1:1/", "--from-results")
    assert (result.code, "--from-results reads files and databases, not URLs" in result.err) == (2, True)


def test_names_with_quotes(here: Path) -> None:
    schema = Schema(('a"b', "c\\d"))
    Path("rows.jsonl").write_bytes(
        lines((answered(carried=("x", 1)), answered(seq=2, carried=("\ud800", None))), schema)
    )
    assert fetchcli("rows.jsonl", "--from-results", "-q", "-o", "again.jsonl", "-o", "rows.csv").code == 0
    assert Path("again.jsonl").read_bytes() == Path("rows.jsonl").read_bytes()
    assert Path("rows.csv").read_text().splitlines()[0].endswith(',"a""b",c\\d')


def test_the_results_of_a_run_that_has_not_ended(here: Path) -> None:
    Path("rows.jsonl").write_bytes(lines((answered(),)))
    assert fetchcli("rows.jsonl", "--from-results", "-q", "-o", "run.db").code == 0
    assert fetchcli("run.db", "--from-results", "-q").err == ""
    with sqlite3.connect("run.db") as database:
        database.execute("UPDATE runs SET complete = NULL")
    assert "its newest run has not ended, so rows may be missing" in fetchcli("run.db", "--from-results", "-q").err
    assert "there is no table other" in fetchcli("sqlite:run.db:other", "--from-results").err
