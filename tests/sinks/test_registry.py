"""How ``-o`` is read."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.sinks.registry import OutputSpec, parse_output


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("jsonl", OutputSpec("jsonl", "-")),
        ("jsonl:-", OutputSpec("jsonl", "-")),
        ("jsonl:out", OutputSpec("jsonl", "out")),
        ("csv:a:b.txt", OutputSpec("csv", "a:b.txt")),
        ("out.jsonl", OutputSpec("jsonl", "out.jsonl")),
        ("out.NDJSON", OutputSpec("jsonl", "out.NDJSON")),
        ("dir/out.csv", OutputSpec("csv", "dir/out.csv")),
        ("C:\\data\\out.json", OutputSpec("json", "C:\\data\\out.json")),
        ("out.tsv", OutputSpec("text", "out.tsv")),
        ("junit", OutputSpec("junit", "-")),
        ("out.xml", OutputSpec("junit", "out.xml")),
        ("out.sarif", OutputSpec("sarif", "out.sarif")),
        ("summary:out", OutputSpec("summary", "out")),
    ],
)
def test_formats_and_paths(text: str, spec: OutputSpec) -> None:
    assert parse_output(text) == spec


@pytest.mark.parametrize("text", ["", "xml", "out", "out.yml", "jsonl:", "yaml:out.jsonl.bak"])
def test_what_is_neither_is_a_usage_error_that_lists_the_formats(text: str) -> None:
    with pytest.raises(UsageError, match="-o "):
        parse_output(text)
