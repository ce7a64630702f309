"""--columns, header:NAME and --keep, through a real process."""

import csv
import json
from pathlib import Path

import pytest

from fetchcli.core.rows.columns import NAMES
from fetchcli.run.formats import OUTPUT_FORMATS
from tests.support.command import Result, at_terminal, fetchcli
from tests.support.recorder import ok, recorder

HEADERS = ('ETag: "v1"', "Set-Cookie: a=1", "Set-Cookie: b=2", "X-Odd: caf\xe9 \x1b[31m")


def row(result: Result) -> dict[str, object]:
    assert result.code in (0, 4), result.err
    found: dict[str, object] = json.loads(result.out)
    return found


def test_columns_are_chosen_and_ordered(tmp_path: Path) -> None:
    with recorder(ok(b"x", *HEADERS)) as server:
        args = (server.url("/"), "-q", "--columns", "status,url,header:ETag,header:none,header:x-odd,headers")
        found = row(fetchcli(*args, "-o", "jsonl", "-o", "r.csv", cwd=tmp_path))
        assert list(found) == ["status", "url", "header:etag", "header:none", "header:x-odd", "headers"]
        assert (found["status"], found["header:etag"], found["header:none"]) == (200, '"v1"', None)
        headers = found["headers"]
        assert isinstance(headers, dict)
        assert headers["set-cookie"] == ["a=1", "b=2"]
        with (tmp_path / "r.csv").open(newline="") as file:
            (cells,) = csv.DictReader(file)
        assert list(cells) == list(found)
        assert json.loads(cells["headers"])["etag"] == ['"v1"']
        assert "\x1b" not in str(found) + str(cells)
        one = fetchcli(server.url("/"), "-q", "-w", "%header{etag} %header{None}|%{header:set-cookie} %{key}\n")
        assert one.out.startswith('"v1" |a=1, b=2 ')


def test_lines_of_text_have_the_chosen_columns(tmp_path: Path) -> None:
    with recorder(ok(b"x", "X-Odd: a\tb")) as server:
        args = (server.url("/"), "--columns", "status,header:x-odd,header:none,method,url")
        line = f"200\ta\\x09b\t-\tGET\t{server.url('/')}\n"
        assert fetchcli(*args, "-q").out == line
        assert fetchcli(*args, "-q", "-o", "text", "--processes", "2").out == line
        assert fetchcli(*args, "-q", "-o", "text", "-o", "rows.jsonl", "--resume", cwd=tmp_path).out == line
        five = fetchcli(server.url("/"), "-q", "--columns=+headers,-sha256").out
        assert five.count("\t") == 4  # changes are those of rows with all columns
        # The table for people has columns of its own.
        assert line in at_terminal(*args).out.replace("\r\n", "\n")


def test_the_default_columns_are_changed(tmp_path: Path) -> None:
    args = ("http://127.0.0.1:9/", "-q", "--retry", "0", "-o", "jsonl")
    assert list(row(fetchcli(*args))) == list(NAMES)
    found = row(fetchcli(*args, "--columns", "+headers,-sha256,+header:server"))
    assert list(found) == [*(name for name in NAMES if name != "sha256"), "headers", "header:server"]
    assert (found["headers"], found["header:server"]) == (None, None)  # there was no response


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("url,stauts", "no column is named 'stauts'; did you mean 'status'?"),
        ("url,+headers", "+NAME and -NAME change the default columns"),
        ("url,url", "url: the column is there already"),
        ("+url", "+url: the column is there already"),
        ("-headers", "-headers: it is not one of the default columns"),
        (",".join(f"-{name}" for name in NAMES), "leaves no column"),
        ("header:a b", "'a b' is not a header name"),
        ("header:", "'' is not a header name"),
    ],
)
def test_columns_that_there_are_not(columns: str, said: str) -> None:
    refused = fetchcli("http://127.0.0.1:9/", "--columns", columns, "-o", "jsonl")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert said in refused.err


LISTS = {
    "x.csv": 'url,price,stock,status,expect_status\nhttp://127.0.0.1:9/,"1,5",2,new,200\n',
    "x.tsv": "url\tprice\tstock\tstatus\nhttp://127.0.0.1:9/\t1,5\t2\tnew\n",
    "x.jsonl": '{"url": "http://127.0.0.1:9/", "price": "1,5", "stock": "2", "status": "new", "tag": "t"}\n',
    "x.json": '[\n{"url": "http://127.0.0.1:9/", "price": "1,5", "stock": "2", "status": "new"}]',
}


@pytest.mark.parametrize("name", LISTS)
def test_all_columns_are_kept_and_some_renamed(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(LISTS[name])
    args = (name, "-q", "--retry", "0", "-o", "jsonl", "--columns")
    every = row(fetchcli(*args, "url,price,stock,input_status", "--keep", "*", cwd=tmp_path))
    assert list(every.values())[1:] == ["1,5", "2", "new"]
    some = row(fetchcli(*args, "cost,stock", "--keep", "cost=price,stock", cwd=tmp_path))
    assert some == {"cost": "1,5", "stock": "2"}
    planned = fetchcli(name, "--keep", "*", "--dry-run", cwd=tmp_path)
    assert (planned.code, planned.out.startswith("1 row: 1 to fetch")) == (0, True)
    mixed = row(fetchcli(*args, "cost,stock,input_status", "--keep", "cost=price", "--keep", "*", cwd=tmp_path))
    assert list(mixed.values()) == ["1,5", "2", "new"]


def test_names_of_ours_need_a_new_one_and_lists_must_be_known(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(LISTS["x.csv"])
    refused = fetchcli("x.csv", "--keep", "status", cwd=tmp_path)
    assert refused.code == 2
    assert "write --keep input_status=status to rename it" in refused.err
    assert fetchcli("x.csv", "--keep", "input_status=status", "-q", "--retry", "0", cwd=tmp_path).code == 4
    (tmp_path / "x.txt").write_text("http://127.0.0.1:9/\n")
    for args, said in (
        (("-", "--keep", "*"), "--keep '*' requires files"),
        (("x.txt", "--keep", "*"), "--keep '*': x.txt has no columns"),
        (("x.csv", "--keep", "a=,b"), "--keep: expected NAME or NEW=NAME"),
    ):
        result = fetchcli(*args, cwd=tmp_path, stdin=LISTS["x.csv"].encode())
        assert (result.code, said in result.err) == (2, True), result.err


def test_a_key_says_that_two_rows_ask_the_same(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/"
    rows: list[object] = [
        url, {"url": url}, {"url": url, "tag": "t"}, {"url": "http://u:p@127.0.0.1:9/"},
        {"url": url, "method": "PUT"}, {"url": url, "body": "x"}, {"url": url, "headers": {"A": "1"}},
        {"url": url, "expect_status": 200}, {"url": url, "headers": {"X-Token": "1"}},
        {"url": url, "headers": {"X-Token": "2"}}, "no url",
    ]  # fmt: skip
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(item) + "\n" for item in rows))
    args = ("x.jsonl", "-q", "--ordered", "--retry", "0", "--columns", "key", "-o", "jsonl")
    keys = [json.loads(line)["key"] for line in fetchcli(*args, "-A", "agent", cwd=tmp_path).lines]
    assert keys[0] == keys[1] == keys[2]
    assert keys[8] == keys[9]  # a secret is no part of it
    assert len(set(keys)) == 8
    assert all(len(key) == 16 for key in keys)
    again = [json.loads(line)["key"] for line in fetchcli(*args, "-A", "other", cwd=tmp_path).lines]
    assert again == keys


def test_what_there_is_is_listed() -> None:
    columns, formats = fetchcli("--columns", "help"), fetchcli("-o", "help")
    assert (columns.code, columns.err, formats.code, formats.err) == (0, "", 0, "")
    named = {line.split()[0] for line in columns.lines if line[:1].strip()}
    assert {"seq", "url", "headers", "saved_as", "header:NAME"} <= named
    assert {line.split()[0] for line in formats.lines if line[:1].strip()} == {known.name for known in OUTPUT_FORMATS}
    assert max(map(len, (*columns.lines, *formats.lines))) <= 80
