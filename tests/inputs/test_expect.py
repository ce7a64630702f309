"""What rows say of what is expected of them, in every format; and what is found before the first request."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fetchcli.core.errors import InputError
from fetchcli.core.expect.expectations import parse_checks
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Rejected, Target
from fetchcli.core.request.row_request import RowProblem
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import Argument, File
from fetchcli.inputs.baseline import read_baseline
from fetchcli.inputs.expect import ExpectationParser, expectations_in_cells, expectations_of
from fetchcli.inputs.locate import columns_of
from fetchcli.inputs.precheck import malformed
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.spool import Spooled, rereadable


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, {}),
        ({"expect": None, "expect_body": None}, {}),
        ({"expect": 200}, {"status": ("200",)}),
        ({"expect": "2xx"}, {"status": ("2xx",)}),
        ({"expect": [200, 204]}, {"status": ("200,204",)}),
        ({"EXPECT-Body": "a", "Expect max latency": "1s"}, {"body": ("a",), "max_latency": ("1s",)}),
        ({"expect": {"header": {"A": None, "B": ["c", 1]}}}, {"header": ("A: absent", "B: c", "B: 1")}),
        ({"expect": {"body": "a", "size": 3, "header": {"A": "b", "N": 1}}}, {
            "body": ("a",), "size": ("3",), "header": ("A: b", "N: 1")}),
        ({"expect": {"json": ["a == 1", "b exists"], "body": []}}, {"json": ("a == 1", "b exists"), "body": ()}),
        ({"expect": {"body": None}}, {}),
    ],
)  # fmt: skip
def test_objects(row: dict[str, Any], said: dict[str, tuple[str, ...]]) -> None:
    assert dict(expectations_of(row)) == said


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"expect": "", "expect_body": ""}, {}),
        ({"expect": "200..299"}, {"status": ("200..299",)}),
        ({"expect": ' {"size": ">1"}'}, {"size": (">1",)}),
        ({"expect_header": "A: b\nC: d", "expect_body": "two\nlines"}, {
            "header": ("A: b", "C: d"), "body": ("two\nlines",)}),
    ],
)  # fmt: skip
def test_cells(cells: dict[str, str], said: dict[str, tuple[str, ...]]) -> None:
    assert dict(expectations_in_cells(cells)) == said


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"expect": {"bdy": "a"}}, "expect.bdy: unknown expectation; known: status, header"),
        ({"expect_bdy": "a"}, "expect_bdy: unknown expectation"),
        ({"expect": {"body": {"a": 1}}}, "expect.body: expected text, a number or a list of them, got an object"),
        ({"expect": {"body": [None]}}, "expect.body: expected text, a number or a list of them, got null"),
        ({"expected_body": "a"}, "expected_body: unknown expectation"),
        ({"expect": {"body": "a"}, "expect_body": "b"}, "expect_body: body is set twice"),
        ({"expect": {"sha256": ["a", "b"]}}, "expect.sha256: expected one, got several"),
        ({"expect": {"header": {"A": {}}}}, "expect.header: expected text, a number or a list of them, got an object"),
        ({"expect": []}, "expect: expected at least one status"),
        ({"expect": True}, "expect: expected text, a number or a list of them, got true"),
    ],
)
def test_what_cannot_be_said(row: dict[str, Any], problem: str) -> None:
    with pytest.raises(RowProblem) as caught:
        expectations_of(row)
    assert str(caught.value).startswith(problem)


def test_rows_that_say_the_same_share_what_is_made_of_it() -> None:
    expecting = ExpectationParser(parse_checks("size", (">1",)))
    said = (("body", ("a",)),)
    assert expecting(said) is expecting(said)
    assert [check.kind for check in expecting(said).checks] == ["size", "body"]


LISTS = {
    "a.csv": b"url,expect,expect_size\nhttp://h/1,200,\nhttp://h/2,,>1\nhttp://h/3,,x\n",
    "a.tsv": b"url\texpect\texpect_size\nhttp://h/1\t200\t\nhttp://h/2\t\t>1\nhttp://h/3\t\tx\n",
    "a.jsonl": b'{"url":"http://h/1","expect":200}\n{"url":"http://h/2","expect_size":">1"}\n'
    b'{"url":"http://h/3","\\u0065xpect_size":"x"}\n',
    "a.json": b'[{"url":"http://h/1","expect":200},\n{"url":"http://h/2","expect":{"size":">1"}},\n'
    b'{"url":"http://h/3","expect":{"size":"x"}}]',
}


@pytest.mark.parametrize("name", LISTS)
def test_every_format_with_names_says_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(LISTS[name])
    reader = RowReader([File(str(path))], policy=Policy(checks=parse_checks("body", ("run",))))
    first, second, third = (row for batch in reader.batches() for row in batch)
    assert isinstance(first, Target)
    assert isinstance(second, Target)
    assert isinstance(third, Rejected)
    assert first.expect is not None
    assert second.expect is not None
    assert [check.kind for check in first.expect.checks] == ["body", "status"]
    assert [check.text for check in second.expect.checks] == ["run", ">1"]
    assert third.reason.startswith("expect: size: 'x' is not a size")
    (found,) = malformed([File(str(path))], Reading(), ())
    line = 4 if name in ("a.csv", "a.tsv") else 3
    assert found.startswith(f"{path}:{line}: expect: size: 'x' is not a size")


@pytest.mark.parametrize("header", ["url,expect_size,Expect-Size", "url,expect,EXPECT"])
def test_a_table_says_a_thing_in_one_column(header: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\nhttp://h/,1,\n")
    reader = RowReader([File(str(path))])
    assert list(reader.batches()) == []
    assert "the header has 2 columns 'expect" in str(reader.errors[0])


def test_globs_carry_expectations_along() -> None:
    reader = RowReader([Argument("http://h/")], Reading(format="auto", glob=True))
    assert [row.text for batch in reader.batches() for row in batch] == ["http://h/"]


def test_what_is_looked_through_beforehand(tmp_path: Path) -> None:
    bad = b'{"url":"http://h/","expect":{"size":"x"}}\n'
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(b'"http://h/"\n' * 5000 + bad, mtime=0))
    (found,) = malformed([File(str(tmp_path / "z.jsonl.gz"))], Reading(), ())
    assert ":5001: expect: size: " in found
    for name, data in (("a.txt", b"http://h/expect\n"), ("b.json", b'[{"expect": 1'), ("c.gz", b"\x1f\x8bexpect")):
        (tmp_path / name).write_bytes(data)
        assert list(malformed([File(str(tmp_path / name))], Reading(), ())) == []
    assert list(malformed([File("-"), Argument("http://h/")], Reading(), ())) == []


def test_the_word_is_found_however_the_blocks_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LISTS["a.jsonl"].replace(b"\\u0065", b"e"))
    whole = File.blocks

    def bytewise(self: File) -> Iterator[bytes]:
        for block in whole(self):
            yield from (block[at : at + 1] for at in range(len(block)))

    monkeypatch.setattr(File, "blocks", bytewise)
    assert len(list(malformed([File(str(path))], Reading(), ()))) == 1


def test_a_pipe_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"http://h/\n" * 10)
    assert rereadable(File(str(path))) == File(str(path))
    assert rereadable(Argument("http://h/")) == Argument("http://h/")
    monkeypatch.setattr(File, "is_regular", False)
    carried = rereadable(File(str(path)))
    assert isinstance(carried, Spooled)
    first = b"".join(carried.blocks())
    path.unlink()
    assert b"".join(carried.blocks()) == b"".join(carried.blocks()) == first
    gone = rereadable(File(str(path)))
    assert isinstance(gone, Spooled)
    with pytest.raises(InputError, match="No such file"):
        list(gone.blocks())
    carried.kept.close()
    gone.kept.close()


def reported(source: str, line: int, text: str) -> Outcome:
    return Outcome(Rejected(1, text, "", source, line), Verdict.REJECTED)


def test_where_in_its_line_a_row_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.csv"
    path.write_text('tag,url\nä,http://h/1\n"x",http://me:secret@h/2\nnothing\n  http://h/3')
    source = str(path)
    outcomes = [
        reported(source, 2, "http://h/1"),
        reported(source, 3, "http://***@h/2"),
        reported(source, 4, "http://h/9"),
        reported(source, 4, "text"),
        reported(source, 5, "http://h/3"),
        reported("-", 1, "x"),
        reported("", 0, "x"),
        reported(str(tmp_path / "missing"), 1, "x"),
    ]
    assert columns_of(outcomes) == {
        (source, 2, "http://h/1"): 3,
        (source, 3, "http://***@h/2"): 5,
        (source, 5, "http://h/3"): 3,
    }
    assert columns_of(outcomes[:1]) == {(source, 2, "http://h/1"): 3}
    path.write_text('["http://h/1", "http://h/2"]' + " " * 3_000_000 + "text")
    one_line = [reported(source, 1, text) for text in ("http://h/1", "http://h/2", "text")]
    assert sorted(columns_of(one_line).values()) == [3, 17]  # so far on nobody looks
    zipped = tmp_path / "list.gz"
    zipped.write_bytes(gzip.compress(b" http://h/1\n", mtime=0))
    assert columns_of([reported(str(zipped), 1, "http://h/1")]) == {(str(zipped), 1, "http://h/1"): 2}
    zipped.write_bytes(b"\x1f\x8bbroken")
    assert columns_of([reported(str(zipped), 1, "http://h/1")]) == {}


def test_baselines_are_result_files_of_any_form(tmp_path: Path) -> None:
    row = {"seq": 1, "url": "http://h/", "method": "GET", "tag": "t", "verdict": "OK", "status": 200, "error": None}
    row |= {"sha256": "ab", "time_total": 0.25, "request": None}
    failed = {**row, "url": "http://h/2", "verdict": "FAILED", "status": None, "error": "dns", "sha256": None}
    lines = "".join(json.dumps(one) + "\n" for one in (row, failed))
    cells = "\n".join(",".join("" if one[name] is None else str(one[name]) for name in row) for one in (row, failed))
    files = {
        "a.jsonl": lines.encode(),
        "a.jsonl.gz": gzip.compress(lines.encode(), mtime=0),
        "a.json": json.dumps([row, failed]).encode(),
        "a.csv": f"{','.join(row)}\n{cells}\n".encode(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        rows = read_baseline(str(tmp_path / name), pytest.fail).rows
        assert [(one.url, one.results, one.times) for one in rows.values()] == [
            ("http://h/", ("200",), [0.25]),
            ("http://h/2", ("dns",), []),
        ], name
    (tmp_path / "b.jsonl").write_text(json.dumps({**row, "time_total": "soon"}))
    (only,) = read_baseline(str(tmp_path / "b.jsonl"), pytest.fail).rows.values()
    assert only.times == []
    (tmp_path / "b.jsonl").write_text(json.dumps({**row, "verdict": "CANCELLED"}))
    with pytest.raises(InputError, match="it contains no finished row"):
        read_baseline(str(tmp_path / "b.jsonl"), pytest.fail)
