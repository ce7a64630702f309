"""``--dry-run``: the plan, and not one request."""

from pathlib import Path

import pytest

from tests.support.command import fetchcli, start
from tests.support.recorder import recorder


def test_the_plan_is_printed_and_nothing_requested(tmp_path: Path) -> None:
    with recorder() as server:
        urls = tmp_path / "urls.txt"
        lines = [*(server.url(f"/{number}") for number in range(10)), server.url("/1"), "http://b.test/", "nonsense"]
        urls.write_text("\n".join(lines))
        result = fetchcli(str(urls), "--dry-run", "--rate", "2/s", "--host-rate", "4/m")
        assert server.connections == 0
    assert result.code == 3
    assert result.lines == [
        "13 rows: 12 to fetch from 2 hosts, 1 duplicate included; 1 invalid",
        f"at least 2:00 at the given rates (--host-rate, http://127.0.0.1:{server.port})",
        f"       11  http://127.0.0.1:{server.port}",
        "        1  http://b.test",
        f"invalid: {urls}:13: no scheme; start the URL with http:// or https://",
    ]


def test_a_plan_without_rates_or_faults() -> None:
    result = fetchcli("-", "--dry-run", stdin=b"http://a.test/\n")
    assert (result.code, result.lines) == (
        0,
        ["1 row: 1 to fetch from 1 host, 0 duplicates included; 0 invalid", "        1  http://a.test"],
    )


def test_a_long_plan_is_cut() -> None:
    hosts = "".join(f"http://h{number}.test/\nbad{number}\n" for number in range(30))
    result = fetchcli("-", "--dry-run", "--rate", "10/s", stdin=hosts.encode())
    assert "and 10 hosts more" in result.lines
    assert "and 10 invalid rows more" in result.lines
    assert "at least 0:02 at the given rates (--rate)" in result.lines


def test_what_dedupe_skips_is_not_to_fetch() -> None:
    result = fetchcli("-", "--dedupe", "--dry-run", stdin=b"http://h/\nhttp://h/\nhttp://i/\n")
    assert (result.code, result.lines[0]) == (0, "3 rows: 2 to fetch from 2 hosts, 1 duplicate skipped; 0 invalid")


@pytest.mark.parametrize(
    ("args", "stdin", "code", "said"),
    [
        (("missing.txt",), b"", 3, "missing.txt: no such file"),
        (("-",), b"", 3, "the input contains no URL"),
        (("-", "--allow-empty"), b"", 0, ""),
        (("--demo",), b"", 2, "--demo and --dry-run cannot be combined"),
    ],
)
def test_what_there_is_no_plan_for(args: tuple[str, ...], stdin: bytes, code: int, said: str) -> None:
    result = fetchcli(*args, "--dry-run", stdin=stdin)
    assert result.code == code
    assert said in result.err


def test_a_full_disk_is_not_a_plan() -> None:
    with Path("/dev/full").open("wb") as full:
        process = start("http://a.test/", "--dry-run", stdout=full)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 8
    assert said == b"fetchcli: cannot write to stdout: No space left on device\n"
