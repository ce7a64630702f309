"""What a person sees at a terminal, at five sizes: golden screens, the bar, and what is left of it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.faults import FaultServer
from tests.support.golden import Golden
from tests.support.recorder import ok, recorder
from tests.support.screen import Terminal

AtTerminal = Callable[..., Terminal]
SIZES = [(200, 50), (120, 40), (80, 24), (50, 24), (30, 24)]
READABLE = {"default", "red", "green", "magenta", "cyan"}  # on a dark and on a light background
ROW = (
    '{{"seq":{seq},"url":"{url}","method":"GET","verdict":"{verdict}","status":{status},"error":{error},'
    '"error_detail":{detail},"time_total":{time},"size_download":{size},"attempts":1,"failed_checks":{checks},'
    '"started_at":"2026-01-01T00:00:0{second}.000Z","tag":"{tag}","source":"list.jsonl","line":{seq},"key":"k{seq}"}}'
)


def results(path: Path) -> None:
    """Rows of an earlier run: times that are the same each time."""
    rows: list[str] = []

    def add(url: str, status: int | None, *, error: str = "", detail: str = "", check: str = "", tag: str = "") -> None:
        seq = len(rows) + 1
        bad = bool(error or check or (status or 0) >= 400)
        checks = "[]"
        if check:
            checks = '[{"check":"body","expected":"' + check + '","actual":"\\"down\\" (4 B)"}]'
        elif bad and status:
            checks = f'[{{"check":"status","expected":"200..399","actual":"{status}"}}]'
        rows.append(
            ROW.format(
                seq=seq, url=url, verdict="FAILED" if bad else "OK", status=status or "null",
                error=f'"{error}"' if error else "null", detail=f'"{detail}"' if detail else "null",
                time=round(0.0004 * 1.3**seq % 3, 6), size=1000 * seq if status else 0, checks=checks,
                second=seq % 10, tag=tag,
            )
        )  # fmt: skip

    add("http://example.com/", 200, tag="home")
    add("http://example.com/%E6%97%A5%E6%9C%AC%E8%AA%9E/a/long/path/that/goes/on/to/the/last/page.html?q=1", 404)
    add("http://a-host-with-quite-a-long-name.example.com:8443/one/two/three/four/five.json", 200, check="'ok'")
    add("http://example.com/same", 200, tag="first")
    add("http://example.com/same", 503, tag="second")
    timeout = "no complete response in 30 s (while waiting for the first byte)"
    add("http://slow.example/", None, error="timeout_total", detail=timeout)
    path.with_name("short.jsonl").write_text("\n".join(rows) + "\n")
    for number in range(30):
        add(f"http://h{number % 3}.example/{number}", 200)
    for number in range(9):
        add(f"http://127.0.0.9:9/{number}", None, error="connect", detail="connection refused")
    path.with_name("long.jsonl").write_text("\n".join(rows) + "\n")


@pytest.fixture
def at_terminal() -> Iterator[AtTerminal]:
    """Run the command at a terminal; it ends with the test."""
    terminals: list[Terminal] = []

    def start(*args: str, **more: Any) -> Terminal:
        terminals.append(Terminal(*args, **more))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.kill()


@pytest.mark.parametrize(("columns", "lines"), SIZES)
@pytest.mark.parametrize("name", ["short", "long"])
def test_golden_screens(
    name: str, columns: int, lines: int, tmp_path: Path, golden: Golden, at_terminal: AtTerminal
) -> None:
    results(tmp_path / "rows")
    more = ["--by", "host"] if name == "long" else []
    terminal = at_terminal(str(tmp_path / f"{name}.jsonl"), "--from-results", *more, columns=columns, lines=lines * 4)
    screen = terminal.finish()
    assert terminal.process.returncode == 4
    golden.check(f"{name}-{columns}.txt", f"{screen}\n".encode())
    assert terminal.colors <= READABLE
    assert "\x1b[33" not in terminal.received.decode()


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_the_bar_at_five_sizes_and_after_ctrl_c(
    columns: int, lines: int, faults: FaultServer, tmp_path: Path, golden: Golden, at_terminal: AtTerminal
) -> None:
    url = faults.url("stall-in-body")
    words = [*[url] * 3, "http://127.0.0.1:9/", "-o", str(tmp_path / "rows.jsonl"), "--retry", "0"]
    terminal = at_terminal(*words, columns=columns, lines=max(lines, 60))
    terminal.until(lambda text: "1/4" in text, "the bar")
    golden.check(f"bar-{columns}.txt", f"{_steady(terminal.text)}\n".encode())
    assert terminal.colors <= READABLE
    terminal.type(b"\x03")
    screen = terminal.finish()
    assert terminal.process.returncode == 130
    assert "━" not in screen
    assert "in flight" not in screen
    assert screen.startswith("status ")
    assert "1 failed, 3 cancelled" in screen.replace("\n", " ")


def _steady(text: str) -> str:
    """A screen without what differs from run to run."""
    text = re.sub("[━─]+ ", "━ ", text)
    return re.sub(r"\d+/s", "0/s", re.sub(r" \d:\d\d( ETA \d:\d\d)?", " 0:00", text))


def test_a_smaller_terminal_has_nothing_left_of_the_bar(
    faults: FaultServer, tmp_path: Path, at_terminal: AtTerminal
) -> None:
    terminal = at_terminal(*[faults.url("stall-in-body")] * 3, "-o", str(tmp_path / "rows.jsonl"), columns=100)
    terminal.until(lambda text: "0/3" in text, "the bar")
    terminal.resize(60)
    before = len(terminal.received)
    terminal.until(lambda text: len(terminal.received) > before and text.count("0/3") == 1, "one bar at another size")
    assert terminal.text.count("in flight") <= 1
    assert max(map(len, terminal.text.splitlines())) < 60


def test_a_reader_on_the_same_terminal_sees_rows_alone(faults: FaultServer, at_terminal: AtTerminal) -> None:
    urls = " ".join([faults.url("ok"), faults.url("stall-in-body")])
    terminal = at_terminal(
        shell=f"$FETCHCLI {urls} -m 1s --retry 0 2>&1 >/dev/null; $FETCHCLI {urls} -m 1s --retry 0 | cut -f1"
    )
    screen = terminal.finish()
    first, _, rows = terminal.received.decode().partition(" accepted")
    assert "in flight" in first  # rows that go elsewhere are in no bar's way
    assert "in flight" not in rows
    assert "━" not in rows
    assert "\n200\n-\n" in screen


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_terminals_that_know_less(env: dict[str, str], faults: FaultServer, at_terminal: AtTerminal) -> None:
    terminal = at_terminal(faults.url("ok"), "http://127.0.0.1:9/", "--retry", "0", env=env)
    screen = terminal.finish()
    assert "connection refused" in screen
    received = terminal.received.decode()
    if "TERM" in env:
        assert "\x1b" not in received
    assert not re.search(r"\x1b\[[0-9;]*m", received)


@pytest.mark.parametrize("columns", [30, 80])
def test_no_line_ends_in_blanks_and_none_is_cut(columns: int, tmp_path: Path, at_terminal: AtTerminal) -> None:
    results(tmp_path / "rows")
    terminal = at_terminal(str(tmp_path / "long.jsonl"), "--from-results", columns=columns, lines=200)
    terminal.finish()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal.received.decode()).replace("\r\n", "\n")
    assert [line for line in plain.splitlines() if line != line.rstrip()] == []


def test_a_deployment_that_is_waited_for(tmp_path: Path, at_terminal: AtTerminal) -> None:
    with recorder(lambda _: ok(b"", status="503 Service Unavailable")) as server:
        terminal = at_terminal(server.url(), "--wait", "30s", "-o", str(tmp_path / "rows.jsonl"))
        text = terminal.until(lambda text: "(try 2)" in text, "what is waited for")
        assert re.search(r"waiting: 503 \(try 2\), \d+ s left", text)
        assert "ETA" not in text
        terminal.type(b"\x03")
        terminal.finish()
    assert terminal.process.returncode == 130
