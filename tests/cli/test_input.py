"""BEHAVIOUR A (1-13), through the process: one outcome a row, no traceback, valid UTF-8."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import COMMAND, Result, environment, fetchcli, start
from tests.support.faults import FaultServer


def rows(result: Result) -> list[dict[str, Any]]:
    assert "Traceback" not in result.err
    return [json.loads(line) for line in result.lines]


@pytest.fixture
def ok(faults: FaultServer) -> str:
    return faults.url("ok")


@pytest.mark.parametrize("how", ["file", "dash", "piped", "argument", "two files"])
def test_every_way_to_name_an_input(ok: str, tmp_path: Path, how: str) -> None:
    listing = tmp_path / "urls.txt"
    listing.write_text(f"{ok}\n")
    result = {
        "file": lambda: fetchcli(str(listing)),
        "dash": lambda: fetchcli("-", stdin=listing.read_bytes()),
        "piped": lambda: fetchcli(stdin=listing.read_bytes()),
        "argument": lambda: fetchcli(ok),
        "two files": lambda: fetchcli(str(listing), str(listing), ok),
    }[how]()
    assert result.code == 0
    assert len(result.lines) == (3 if how == "two files" else 1)
    assert {line.split("\t")[3] for line in result.lines} == {ok}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_1_2_6_bom_line_ends_no_final_newline(ok: str, end: bytes) -> None:
    data = b"\xef\xbb\xbf" + end.join([ok.encode()] * 3)
    result = fetchcli("-", "-o", "jsonl", stdin=data)
    assert [row["status"] for row in rows(result)] == [200, 200, 200]
    assert result.code == 0


def test_3_4_11_12_bad_rows_are_outcomes_with_file_and_line(ok: str, tmp_path: Path) -> None:
    listing = tmp_path / "urls.txt"
    bad = [b"http://a\x00b/", b"http://a/\xff", b"-o/etc/x", b"mailto:a@b", b"file:///etc/passwd", b"javascript:x"]
    listing.write_bytes(b"\n".join([b"# comment", *bad, b"ftp://h/", ok.encode()]))
    result = fetchcli(str(listing), "-o", "jsonl", "--ordered")
    got = rows(result)
    assert [row["verdict"] for row in got] == ["REJECTED"] * 7 + ["OK"]
    assert {row["error"] for row in got[:7]} == {"invalid_url"}
    assert [row["line"] for row in got] == list(range(2, 10))
    assert got[1]["error_detail"] == f"{listing}:3: byte 10 is not UTF-8"
    assert got[1]["url"] == "http://a/\\xff"
    assert result.code == 3
    assert not Path("/etc/x").exists()


def test_5_a_huge_line_costs_no_memory(ok: str) -> None:
    process = start("-", "-q", "-o", "jsonl", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    for _ in range(200):
        process.stdin.write(b"x" * 1_000_000)
    process.stdin.write(b"\n" + ok.encode() + b"\n")
    process.stdin.flush()
    got = [json.loads(process.stdout.readline()) for _ in range(2)]
    status = Path(f"/proc/{process.pid}/status").read_text()  # it still waits for more input
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    process.communicate()
    assert [row["error"] for row in got] == ["invalid_url", None]
    assert process.returncode == 3
    assert 20_000 < peak < 90_000  # kB


def test_7_seq_counts_rows_and_line_counts_lines(ok: str) -> None:
    result = fetchcli("-", "-o", "jsonl", "--ordered", stdin=f"# c\n\n{ok}\n   \n #x\n{ok}#frag\n".encode())
    assert [(row["seq"], row["line"], row["url"]) for row in rows(result)] == [(1, 3, ok), (2, 6, ok)]


def test_8_with_a_slow_fifo_the_first_result_is_out_before_the_input_ends(ok: str) -> None:
    process = start("-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{ok}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"200\t")  # the input is still open
    process.stdin.write(f"{ok}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"200\t")
    process.communicate()
    assert process.returncode == 0


def test_9_a_long_input_is_read_only_a_little_ahead(faults: FaultServer) -> None:
    process = start("-", "-c", "2", stdin=subprocess.PIPE)
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), False)
    line = (faults.url("stall-at-once") + "\n").encode() * 200
    taken, deadline = 0, time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            taken += os.write(process.stdin.fileno(), line)
            deadline = time.monotonic() + 1
        except BlockingIOError:
            time.sleep(0.02)
    assert taken < 600_000  # the pipe's own buffer, and a few blocks
    process.kill()
    process.communicate()


def test_10_duplicates_are_fetched_each(ok: str) -> None:
    assert len(fetchcli(ok, ok, ok).lines) == 3


@pytest.mark.parametrize("data", [b"", b"# nothing\n\n"])
def test_13_an_empty_input_is_exit_3_unless_allowed(data: bytes) -> None:
    result = fetchcli("-", stdin=data)
    assert (result.code, result.out) == (3, "")
    assert result.err == "fetchcli: the input contains no URL (--allow-empty accepts that)\n"
    allowed = fetchcli("-", "--allow-empty", stdin=data)
    assert (allowed.code, allowed.out, allowed.err) == (0, "", "")


def test_hostile_ports_harm_no_neighbour(ok: str) -> None:
    listing = f"{ok}\nhttp://h:{'0' * 5000}99999/\nhttp://h:{'9' * 5000}/\n{ok}"
    result = fetchcli("-", "-o", "jsonl", "--ordered", stdin=listing.encode())
    assert [row["error"] for row in rows(result)] == [None, "invalid_url", "invalid_url", None]


def test_51_no_credentials_in_any_output(tmp_path: Path) -> None:
    bad = [
        b"http://u:secret@h/\xff",
        b"http://u:secret@h/" + b"x" * 70_000,
        b"u:secret@h",
        b"http://u:secret",
        b"http://u:sec/secret@h",
    ]
    result = fetchcli("-", "-o", "csv", "-v", stdin=b"\n".join([*bad, b"http://u:secret@127.0.0.1:1/"]))
    assert len(result.lines) == 7
    assert "secret@" not in result.out + result.err
    assert "u:***@127.0.0.1:1" in result.out


def test_a_non_blocking_stdin_is_waited_for(ok: str) -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    process = start("-", stdin=read_end)
    os.write(write_end, f"{ok}\n".encode())
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"200\t")
    os.write(write_end, ok.encode())  # after the pipe was empty
    os.close(write_end)
    out, _ = process.communicate(timeout=60)
    os.close(read_end)
    assert out.startswith(b"200\t")


def test_86_a_server_that_closes_without_saying_so_fails_no_url(faults: FaultServer) -> None:
    listing = "\n".join([faults.url("ok-then-close")] * 500)
    result = fetchcli("-", "-c", "20", "-q", stdin=listing.encode())
    assert result.code == 0
    assert len(result.lines) == 500


def test_an_argument_that_is_not_utf8_is_shown_losslessly() -> None:
    done = subprocess.run([*COMMAND, b"http://h/\xff", "-q"], capture_output=True, env=environment(), check=False)
    assert b"http://h/\\xff" in done.stdout
    assert done.returncode == 3


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["x" * 300], f"fetchcli: {'x' * 300}: File name too long\n"),
        (["missing.txt"], "fetchcli: missing.txt: no such file; to fetch it as a URL write http://missing.txt\n"),
        (["missing"], "fetchcli: missing: no such file\n"),
        (["/"], "fetchcli: /: is a directory, not a list of URLs\n"),
    ],
)
def test_an_unreadable_input_is_one_line_and_exit_3(args: list[str], message: str) -> None:
    result = fetchcli(*args)
    assert (result.code, result.out, result.err) == (3, "", message)


def test_a_name_with_a_scheme_is_a_row_not_a_file() -> None:
    result = fetchcli("ftp://h/x", "-q")
    assert result.code == 3
    assert "the scheme is 'ftp'" in result.out


def test_unicode_names_and_urls(ok: str, tmp_path: Path) -> None:
    listing = tmp_path / "список 日本.txt"
    listing.write_text(f"{ok}?ü\n")
    result = fetchcli(str(listing), "-o", "jsonl:ü.jsonl", cwd=tmp_path)
    row = json.loads((tmp_path / "ü.jsonl").read_text())
    assert row["source"] == str(listing)
    assert row["url"].endswith("?%C3%BC")
    assert result.code == 0


def test_100_000_hostile_lines_end_as_100_000_outcomes(tmp_path: Path) -> None:
    lines = [b"http://127.0.0.1:1/%d", b"nonsense %d", b"http://[::1/%d", b"\x1b[31m%d", b"http://a b/%d"]
    (tmp_path / "urls").write_bytes(b"\n".join(lines[number % 5] % number for number in range(1, 100_001)))
    result = fetchcli("urls", "-o", "out.jsonl", "-q", "-c", "20", cwd=tmp_path)
    assert result.code == 3
    seqs = set()
    with (tmp_path / "out.jsonl").open() as out:
        for line in out:
            seqs.add(json.loads(line)["seq"])
    assert seqs == set(range(1, 100_001))


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_NOFILE")
def test_99_few_descriptors_lower_the_concurrency_and_blame_no_url(ok: str) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

    done = subprocess.run(
        [*COMMAND, "-", "-c", "500"],
        input=f"{ok}\n".encode() * 300,
        capture_output=True,
        preexec_fn=limit,
        env=environment(),
        check=False,
    )
    assert b"concurrency lowered from 500 to 6: the limit is 32 open files" in done.stderr
    assert [line.split(b"\t")[0] for line in done.stdout.splitlines()] == [b"200"] * 300
    assert done.returncode == 0


def test_a_soft_limit_is_raised_without_a_word(ok: str) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    result = fetchcli(ok, "-c", "100", "-q", preexec_fn=limit)
    assert (result.code, result.err) == (0, "")
