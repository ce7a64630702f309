"""Whatever bytes come: no traceback, no hang, and every row accounted for."""

import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetchcli.core.model.target import Rejected, Target
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.settings import Reading, Selection
from fetchcli.inputs.formats import BY_NAME
from tests.inputs.test_results import FORMATS as RESULT_FORMATS
from tests.inputs.test_results import result
from tests.support.lists import as_csv, as_curl, as_json, as_jsonl, as_sitemap, read

SAMPLE = [
    ("http://h/1", RowRequest(method="PUT", headers=(("A", "b"),), body='x"\n,y'), "t"),
    ("http://h/2?a=b&c", None, ""),
]
SEEDS = {
    "lines": b"http://h/1\r\n# c\nhttp://h/2\n",
    "csv": as_csv(SAMPLE),
    "tsv": as_csv(SAMPLE, "\t"),
    "jsonl": as_jsonl(SAMPLE),
    "json": as_json(SAMPLE),
    "sitemap": as_sitemap(SAMPLE),
    "curl": as_curl(SAMPLE)
    + b"curl -F a=b -x p:1 http://h/ 2>&1 || {\n exit 1\n}\ncurl h <<'E' && echo `x` $(y)\nz\nE\n",
    "auto": gzip.compress(as_jsonl(SAMPLE)),
}
RESULTS = {form: make([result(1), result(2, "OK", note="a\n,b"), result(3)]) for form, make in RESULT_FORMATS.items()}
PIECES = st.binary(max_size=4) | st.sampled_from(
    b"\" \n \r \0 { } [ , ' \\ $' < & ]]> \xff url null \t `$( && | \\ud800 << seq".split(b" ")
)
EDITS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12), PIECES), max_size=6)


@pytest.mark.parametrize("form", ["auto", *BY_NAME])
@settings(deadline=2000, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS, sizes=st.lists(st.integers(1, 60), min_size=1, max_size=3).map(tuple), glob=st.booleans())
def test_mutated_lists(form: str, edits: list[tuple[int, int, bytes]], sizes: tuple[int, ...], glob: bool) -> None:
    data = SEEDS[form]
    for at, length, piece in edits:
        data = data[:at] + piece + data[at + length :]
    rows, errors = read(data, "-", Reading(format=form, glob=glob), sizes=sizes)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert isinstance(row, Target) or (isinstance(row, Rejected) and row.reason)
    assert all(str(error) for error in errors)
    # However it is cut: the same rows.
    whole, _ = read(data, "-", Reading(format=form, glob=glob))
    if not errors:
        assert whole == rows


@pytest.mark.parametrize("form", RESULTS)
@settings(deadline=2000, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(edits=EDITS, sizes=st.lists(st.integers(1, 60), min_size=1, max_size=3).map(tuple), end=st.integers(0, 900))
def test_mutated_results(form: str, edits: list[tuple[int, int, bytes]], sizes: tuple[int, ...], end: int) -> None:
    data = RESULTS[form]
    for at, length, piece in edits:
        data = data[:at] + piece + data[at + length :]
    data = data[:end]
    reading = Reading(format=form, selection=Selection(only_failed=True))
    rows, errors = read(data, "-", reading, sizes=sizes)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    whole, _ = read(data, "-", reading)
    if not errors:
        assert whole == rows
