"""How ``-o`` is read."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.sinks.formats import BY_NAME, parse_output


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("jsonl", "jsonl", "-"),
        ("jsonl:-", "jsonl", "-"),
        ("jsonl:out", "jsonl", "out"),
        ("csv:a:b.txt", "csv", "a:b.txt"),
        ("out.jsonl", "jsonl", "out.jsonl"),
        ("out.NDJSON", "jsonl", "out.NDJSON"),
        ("dir/out.csv", "csv", "dir/out.csv"),
        ("C:\\data\\out.json", "json", "C:\\data\\out.json"),
        ("out.tsv", "text", "out.tsv"),
        ("junit", "junit", "-"),
        ("out.xml", "junit", "out.xml"),
        ("out.sarif", "sarif", "out.sarif"),
        ("summary:out", "summary", "out"),
        ("s3://b.csv/run/out.jsonl.gz", "jsonl", "s3://b.csv/run/out.jsonl.gz"),
        ("csv:gs://b/a:b", "csv", "gs://b/a:b"),
    ],
)
def test_formats_and_paths(text: str, name: str, path: str) -> None:
    assert parse_output(text) == (BY_NAME[name], path, "")


@pytest.mark.parametrize(
    ("text", "path", "table"),
    [
        ("run.db", "run.db", "results"),
        ("a/b.SQLITE3", "a/b.SQLITE3", "results"),
        ("sqlite:run.db:t1", "run.db", "t1"),
        ("sqlite:any", "any", "results"),
        ("sqlite:C:\\run.db", "C:\\run.db", "results"),
        ("sqlite:a:b c", "a:b c", "results"),
    ],
)
def test_databases_have_tables(text: str, path: str, table: str) -> None:
    assert parse_output(text) == (BY_NAME["sqlite"], path, table)


@pytest.mark.parametrize(
    "text", ["", "xml", "out", "out.yml", "jsonl:", "yaml:out.jsonl.bak", "s3://b/x", "db:s3://b/x"]
)
def test_what_is_neither_is_a_usage_error_that_lists_the_formats(text: str) -> None:
    with pytest.raises(UsageError, match="-o "):
        parse_output(text)
