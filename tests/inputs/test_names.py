"""The names of columns and keys, read alike in CSV and JSON."""

import json

import pytest

from fetchcli.core.model.target import Rejected, Target
from fetchcli.core.settings import Reading
from fetchcli.inputs.names import canonical, misnamed
from tests.support.lists import read


def as_csv(row: dict[str, str]) -> tuple[bytes, str]:
    return f"{','.join(row)}\n{','.join(row.values())}\n".encode(), "x.csv"


def as_json(row: dict[str, str]) -> tuple[bytes, str]:
    return json.dumps([row]).encode(), "x.json"


def as_jsonl(row: dict[str, str]) -> tuple[bytes, str]:
    return json.dumps(row).encode() + b"\n", "x.jsonl"


FORMATS = pytest.mark.parametrize("written", [as_csv, as_json, as_jsonl], ids=["csv", "json", "jsonl"])


@FORMATS
def test_case_does_not_matter(written: object) -> None:
    row = {
        "URL": "http://h/",
        "Method": "POST",
        "HEADERS": "X-A: 1",
        "Body": "hello",
        "Tag": "t",
        "Expect-Status": "204",
    }
    rows, errors = read(*written(row))  # type: ignore[operator]
    assert errors == []
    (target,) = rows
    assert isinstance(target, Target)
    assert (target.method, target.tag, target.request and target.request.content) == ("POST", "t", b"hello")
    assert target.request is not None
    assert ("X-A", "1") in target.request.headers
    assert target.expect is not None


@FORMATS
@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("header", "headers"),
        ("Headrs", "headers"),
        ("data", "body"),
        ("methd", "method"),
        ("mehtod", "method"),
        ("verb", "method"),
        ("bodyfile", "body_file"),
        ("exepct_status", "expect_status"),
        ("jsno", "json"),
    ],
)
def test_a_name_that_is_nearly_ours_is_an_error_that_names_the_right_one(written: object, name: str, ours: str) -> None:
    data, file = written({"url": "http://h/", name: "x"})  # type: ignore[operator]
    rows, errors = read(data, file)
    said = str(errors[0]) if errors else rows[0].message if isinstance(rows[0], Rejected) else ""
    assert f"unknown column {name!r}; the name is {ours!r} (--keep {name} copies it)" in said
    rows, errors = read(data, file, Reading(keep=(name,)))
    assert errors == []
    assert isinstance(rows[0], Target)
    assert rows[0].carried == ("x",)


@FORMATS
def test_other_names_are_carried_or_ignored(written: object) -> None:
    row = {"url": "http://h/", "name": "a", "team": "b", "title": "c", "note": "d", "status": "200", "tags": "e"}
    rows, errors = read(*written(row))  # type: ignore[operator]
    assert errors == []
    assert isinstance(rows[0], Target)


def test_two_keys_of_one_name() -> None:
    (row,), _ = read(b'{"url": "http://h/", "URL": "http://i/"}\n', "x.jsonl")
    assert isinstance(row, Rejected)
    assert "url: it is set twice" in row.message
    _, (error,) = read(b"url,URL\nhttp://h/,http://i/\n", "x.csv")
    assert "the header has 2 columns named 'url'" in str(error)


def test_results_carry_what_they_carried() -> None:
    row = {"seq": 1, "url": "http://h/", "request": None, "verdict": "FAILED", "header": "kept", "data": "kept"}
    (target,), _ = read(json.dumps(row).encode() + b"\n", "x.jsonl")
    assert isinstance(target, Target)


def test_json_in_any_case_is_as_written() -> None:
    (target,), _ = read(b'{"url": "http://h/", "JSON": {"a": 1.50, "a": 2}}\n', "x.jsonl")
    assert isinstance(target, Target)
    assert target.request is not None
    assert target.request.content == b'{"a": 1.50, "a": 2}'


def test_names() -> None:
    assert canonical(" Body-File ") == "body_file"
    assert canonical("Title") == "Title"
    assert misnamed(["url", "Title"]) == ""
    assert misnamed(["data"], exempt=["data"]) == ""
