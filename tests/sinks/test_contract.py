"""What every data sink promises, run over every format; and golden files of each."""

import csv
import io
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.columns import NAMES, Value
from fetchcli.core.rows.schema import Schema
from fetchcli.core.rows.template import compile_template
from fetchcli.core.summary.summary import Summary
from fetchcli.sinks.base import Sink
from fetchcli.sinks.formats import BY_NAME, OUTPUT_FORMATS
from fetchcli.sinks.template import TemplateSink
from tests.support.golden import Golden
from tests.support.outcomes import answered, failed, rejected

HOSTILE = '\x1b]0;owned\x07\x9b31m\u202e\ud800 [red]x[/red] =cmd|calc, "quoted"\n\r\t::error::x'
ALL = [*(known.name for known in OUTPUT_FORMATS if known.streamed and not known.stored), "template"]


class Memory:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data


def make(name: str, output: Memory) -> Sink:
    if name == "template":
        return TemplateSink(
            output, compile_template("%{http_code} %{url} %{error_detail} %{content_type}\\n", Schema())
        )
    sink: Sink = BY_NAME[name].load()(output, Schema())
    return sink


def written(name: str, outcomes: list[Outcome]) -> bytes:
    output = Memory()
    sink = make(name, output)
    sink.open()
    for outcome in outcomes:
        sink.handle(outcome)
    sink.close(Summary())
    return output.data


SAMPLE = [
    answered(seq=1),
    answered(404, seq=2, url="http://example.com/é?q=a b"),
    failed(seq=3),
    failed(ErrorKind.TLS, seq=4, detail="certificate has expired"),
    rejected(seq=5),
    answered(seq=6, content_type=HOSTILE),
    failed(seq=7, detail=HOSTILE),
    rejected(seq=8, text=HOSTILE, reason=HOSTILE),
]


@pytest.mark.parametrize("name", ALL)
def test_golden(name: str, golden: Golden) -> None:
    golden.check(f"{name}.out", written(name, SAMPLE))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("outcomes", [[], SAMPLE[:1], SAMPLE], ids=["none", "one", "all"])
def test_92_93_output_is_utf8_and_holds_no_control_character(name: str, outcomes: list[Outcome]) -> None:
    text = written(name, outcomes).decode()
    assert not {char for char in text if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char == "\u202e"} - {
        "\n",
        "\t",
    }


@pytest.mark.parametrize("name", ["text", "jsonl", "template"])
def test_a_row_is_one_line(name: str) -> None:
    assert written(name, SAMPLE).count(b"\n") == len(SAMPLE)


def test_text_has_five_tab_separated_columns() -> None:
    lines = written("text", SAMPLE).decode().splitlines()
    assert {line.count("\t") for line in lines} == {4}
    assert lines[0] == "200\t0.250\t1234\thttp://example.com/a\t-"
    assert lines[1].endswith("\tstatus: expected 200..399, got 404")
    assert lines[2] == "-\t0.500\t-\thttp://example.com/a\tconnect: connection refused"


def _utf8(value: Value) -> Value:
    return value.replace("\ud800", "\\ud800") if isinstance(value, str) else value


@pytest.mark.parametrize("name", ["json", "jsonl"])
def test_json_holds_every_column_and_is_faithful(name: str) -> None:
    data = written(name, SAMPLE)
    rows = json.loads(data) if name == "json" else [json.loads(line) for line in data.splitlines()]
    assert len(rows) == len(SAMPLE)
    for row, outcome in zip(rows, SAMPLE, strict=True):
        assert tuple(row) == NAMES
        expected = json.loads(msgspec.json.encode([_utf8(value) for value in Schema().values(outcome)]))
        assert expected == list(row.values())


def test_json_without_rows_is_an_empty_array() -> None:
    assert json.loads(written("json", [])) == []


def test_94_csv_reads_back_and_runs_nothing() -> None:
    rows = list(csv.reader(io.StringIO(written("csv", SAMPLE).decode())))
    assert tuple(rows[0]) == NAMES
    assert {len(row) for row in rows} == {len(NAMES)}
    formula = list(csv.reader(io.StringIO(written("csv", [rejected(text="=1+1", reason="@x")]).decode())))[1]
    assert formula[NAMES.index("url")] == "'=1+1"


@given(st.text(st.characters()), st.sampled_from(ALL))
def test_any_text_is_contained(text: str, name: str) -> None:
    outcomes = [answered(content_type=text), failed(detail=text), rejected(text=text, reason=text)]
    data = written(name, outcomes)
    assert b"\x1b" not in data
    if name == "jsonl":
        assert len([json.loads(line) for line in data.splitlines()]) == 3
    elif name == "csv":
        assert len(list(csv.reader(io.StringIO(data.decode(), newline="")))) == 4
