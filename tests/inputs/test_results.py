"""Results files that were cut off: torn rows, missing rows."""

import bz2
import gzip
import json
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.model.target import Target
from fetchcli.core.settings import Reading, Selection
from fetchcli.inputs.base import File
from fetchcli.inputs.baseline import read_baseline
from fetchcli.inputs.reader import RowReader
from tests.support.lists import read as read_list

RESULTS = Reading(selection=Selection(only_failed=True))
COLUMNS = ("seq", "url", "verdict", "error", "source", "request", "status", "sha256", "time_total", "method", "note")


def result(seq: int, verdict: str = "FAILED", *, source: str = "gone.txt", note: str = "") -> dict[str, object]:
    values = (seq, f"http://h/{seq}", verdict, None, source, None, None, None, None, "GET", note)
    return dict(zip(COLUMNS, values, strict=True))


def as_jsonl(rows: list[dict[str, object]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def as_json(rows: list[dict[str, object]]) -> bytes:
    return b"[\n" + b",\n".join(json.dumps(row).encode() for row in rows) + b"\n]\n"


def as_csv(rows: list[dict[str, object]]) -> bytes:
    def cell(value: object) -> str:
        text = "" if value is None else str(value)
        return '"' + text.replace('"', '""') + '"' if "\n" in text else text

    lines = [",".join(COLUMNS), *(",".join(map(cell, row.values())) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


FORMATS: dict[str, Callable[[list[dict[str, object]]], bytes]] = {"jsonl": as_jsonl, "json": as_json, "csv": as_csv}
WRITTEN = [result(seq, note="two\nlines") for seq in range(1, 5)]


def read(path: Path) -> tuple[list[str], RowReader]:
    reader = RowReader([File(str(path))], RESULTS)
    rows = [row for batch in reader.batches() for row in batch]
    assert all(isinstance(row, Target) for row in rows), rows
    assert not reader.errors
    return [row.text for row in rows], reader


@pytest.mark.parametrize("form", FORMATS)
def test_wherever_a_file_is_cut_its_whole_rows_are_read(form: str, tmp_path: Path) -> None:
    path, baselined = tmp_path / f"r.{form}", 0
    whole = FORMATS[form](WRITTEN)
    start = whole.index(b"http://h/1")  # behind the header, and inside the first row
    for size in range(start, len(whole)):
        path.write_bytes(whole[:size])
        texts, reader = read(path)
        # JSON that parses is whole; of CSV only what has its newline.
        rows = whole[:size].count(b'two\\nlines"}') if form != "csv" else whole[:size].count(b'lines"\n')
        assert texts == [f"http://h/{seq}" for seq in range(1, rows + 1)], whole[:size]
        if torn := [warning for warning in reader.warnings if "torn" in warning]:
            assert torn[0].endswith("the last row is torn; the rows before it were read")
        else:
            assert form != "json" or size == len(whole) - 1
            assert whole[size - 1 : size] in b"\n}]"
        if rows:
            warnings: list[str] = []
            baselined += 1
            assert len(read_baseline(str(path), warnings.append).rows) == rows
            assert bool(warnings) == bool(torn)
    assert baselined


@pytest.mark.parametrize(("extension", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
@pytest.mark.parametrize("form", FORMATS)
def test_a_compressed_file_is_read_up_to_where_it_is_cut(
    form: str, extension: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / f"r.{form}.{extension}"
    whole = FORMATS[form]([result(seq) for seq in range(1, 401)])
    half = whole.index(b"http://h/200")
    first, second = pack(whole[:half]), pack(whole[half:])
    path.write_bytes(first + second[: len(second) // 2])
    texts, reader = read(path)
    assert 199 <= len(texts) < 400
    assert "the last row is torn" in reader.warnings[0]
    path.write_bytes(first + second)
    texts, reader = read(path)
    assert len(texts) == 400
    assert not reader.warnings


def test_a_table_with_a_broken_quote_in_the_middle_is_not_torn_there(tmp_path: Path) -> None:
    lines = as_csv([result(seq) for seq in range(1, 5)]).decode().splitlines()
    lines[2] = lines[2][:-1] + ',"open'
    (tmp_path / "r.csv").write_text("\n".join(lines) + "\n")
    reader = RowReader([File(str(tmp_path / "r.csv"))], RESULTS)
    rows = [row for batch in reader.batches() for row in batch]
    assert [isinstance(row, Target) for row in rows] == [True, False, True, True]
    assert not any("torn" in warning for warning in reader.warnings)


def missing(rows: list[dict[str, object]], folder: Path) -> str:
    (folder / "r.jsonl").write_bytes(as_jsonl(rows))
    warnings = read(folder / "r.jsonl")[1].warnings
    assert len(warnings) <= 1
    return warnings[0].partition("it is not whole: ")[2].partition(", and --only-failed")[0] if warnings else ""


def test_what_is_missing_is_counted_where_it_can_be(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("http://h/\n" * 10)
    assert not missing([result(1), result(2)], tmp_path)
    assert missing([result(1), result(4)], tmp_path) == "at least 2 rows are missing"
    assert missing([result(1, "CANCELLED")], tmp_path) == "its run was interrupted, so rows may be missing"
    assert missing([result(2, source=str(listed))], tmp_path) == f"9 of the 10 rows of {listed} are missing"
    assert not missing([result(seq, source=str(listed)) for seq in range(1, 11)], tmp_path)
    listed.write_text("http://h/[1-5]\n")  # more rows than the list: something else made them
    assert missing([result(1, source=str(listed)), result(3, source=str(listed))], tmp_path) == (
        "at least 1 row is missing"
    )
    assert missing([result(1), result(10**15)], tmp_path) == ""
    assert missing([result(100_000_000)], tmp_path) == "at least 99,999,999 rows are missing"
    listed.write_text("http://h/\n" * 2)
    assert missing([result(1, "CANCELLED", source=str(listed))], tmp_path) == f"1 of the 2 rows of {listed} is missing"
    assert missing([result(1), result(3, source="-")], tmp_path) == "at least 1 row is missing"


def test_a_run_over_part_of_a_list_is_not_called_interrupted(tmp_path: Path) -> None:
    listed, first = tmp_path / "list.txt", tmp_path / "first.jsonl"
    listed.write_text("http://h/\n" * 10)
    first.write_bytes(as_jsonl([result(seq, source=str(listed)) for seq in range(1, 6)]))  # --limit 5
    assert read(first)[1].warnings == [
        f"{first}: it holds 5 of the 10 rows of {listed}; --only-failed does not fetch the others; "
        f"fetch them with: fetchcli {listed} -o {first} --resume"
    ]
    second = tmp_path / "second.jsonl"
    second.write_bytes(as_jsonl([result(1, source=str(first))]))  # --only-failed of the first
    assert read(second)[1].warnings == []


def test_a_line_without_end_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl.gz"
    path.write_bytes(gzip.compress(as_jsonl([result(1)]) + b'{"' + b"x" * 100_000_000))
    tracemalloc.start()
    reader = RowReader([File(str(path))], RESULTS)
    rows = [row for batch in reader.batches() for row in batch]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 1
    assert "the last row is torn" in reader.warnings[0]
    assert peak < 100_000_000


@given(st.integers(0, 3), st.sampled_from(["D83D", "dE00", "DFFF", "0041"]), st.booleans())
def test_a_lone_surrogate_ends_the_same_way_in_lines_and_in_an_array(slashes: int, code: str, paired: bool) -> None:
    escape = "\\" * slashes + f"\\u{code}" + ("\\udC00" if paired else "")
    row = f'{{"url": "http://h/", "tag": "{escape}"}}'
    ends = []
    for name, text in (("x.jsonl", row), ("x.json", f"[{row}]")):
        (ended,), _ = read_list(text.encode(), name)
        ends.append(ended.tag if isinstance(ended, Target) else ended.reason)
    assert ends[0] == ends[1] or all(end.startswith("expected JSON: ") for end in ends)
    if code in ("dE00", "DFFF") and slashes % 2 == 0 and "surrogate" in ends[0]:
        assert ends[0] == ends[1] == "expected JSON: a lone surrogate is no character"


@pytest.mark.parametrize("source", ["x" * 5000, "a\0b", "/"])
def test_a_list_that_cannot_be_looked_at_is_not_counted(source: str, tmp_path: Path) -> None:
    assert missing([result(2, source=source)], tmp_path) == "at least 1 row is missing"
