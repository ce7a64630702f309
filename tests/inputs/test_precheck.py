"""Expectations are checked before the run, and lists are read no more than that takes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fetchcli.core.settings import Reading
from fetchcli.inputs.base import BLOCK, File
from fetchcli.inputs.precheck import MAX_HEADER, malformed

ROWS = 20_000


class CountedFile(File, frozen=True):
    """A file that counts the bytes that are read from it."""

    def blocks(self) -> Iterator[bytes]:
        for block in super().blocks():
            counted[self.name] = counted.get(self.name, 0) + len(block)
            yield block


counted: dict[str, int] = {}


def check(path: Path) -> tuple[list[str], int]:
    """The problems, and the bytes that were read to find them."""
    counted.clear()
    return list(malformed([CountedFile(str(path))], Reading(), ())), counted.get(str(path), 0)


def write(path: Path, head: str, row: str, tail: str = "") -> int:
    path.write_text(head + row * ROWS + tail)
    return path.stat().st_size


@pytest.mark.parametrize(
    ("name", "head", "row"),
    [
        ("urls.txt", "", "http://example.com/?expect=1\n"),
        ("sitemap.xml", "<urlset>", "<url><loc>http://example.com/</loc></url>\n"),
        ("commands.curl", "", "curl http://example.com/\n"),
        ("urls.csv", "url,tag\n", "http://example.com/,a\n"),
        ("urls.tsv", "url\ttag\n", "http://example.com/\ta\n"),
        ("list", "url;tag\n", "http://example.com/;a\n"),
    ],
)
def test_a_list_that_can_have_no_expectations_is_only_looked_at(tmp_path: Path, name: str, head: str, row: str) -> None:
    size = write(tmp_path / name, head, row)
    assert size > 2 * MAX_HEADER
    problems, read = check(tmp_path / name)
    assert problems == []
    assert read <= MAX_HEADER + BLOCK


def test_rows_of_json_may_each_bring_expectations_so_they_are_read_once(tmp_path: Path) -> None:
    size = write(tmp_path / "urls.jsonl", "", '{"url": "http://example.com/"}\n')
    assert check(tmp_path / "urls.jsonl") == ([], size)
    size = write(tmp_path / "urls.json", "[1", ',{"url": "http://example.com/"}', "]")
    assert check(tmp_path / "urls.json") == ([], size)


@pytest.mark.parametrize(
    ("name", "head", "row", "bad", "line"),
    [
        ("urls.csv", "url,expect_body\n", "http://h/,ok\n", "http://h/,~ (\n", ROWS + 2),
        ("urls.csv", "sep=;\nurl;expect_body\n", "http://h/;ok\n", "http://h/;~ (\n", ROWS + 3),
        ("urls.jsonl", "", '{"url": "http://h/"}\n', '{"url": "http://h/", "expect_body": "~ ("}', ROWS + 1),
    ],
)
def test_a_malformed_expectation_is_found_wherever_it_is(
    tmp_path: Path, name: str, head: str, row: str, bad: str, line: int
) -> None:
    write(tmp_path / name, head, row, bad)
    problems, _ = check(tmp_path / name)
    assert [problem.split(": ")[0] for problem in problems] == [f"{tmp_path / name}:{line}"]
