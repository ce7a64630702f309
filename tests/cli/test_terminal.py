"""At a terminal, through a pseudo-terminal: bar, messages, table; nothing left on the screen."""

import re
from pathlib import Path

import pytest

from tests.support.command import at_terminal, fetchcli
from tests.support.faults import FaultServer
from tests.support.recorder import ok, recorder

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
ALLOWED = re.compile(r"\x1b\[(?:\d+(?:;\d+)*m|\?25[lh]|\d*[AGK]|2K|1A)")


def plain(text: str) -> str:
    return ESCAPE.sub("", text)


def test_a_short_list_is_a_table_with_a_row_a_url(faults: FaultServer) -> None:
    result = at_terminal(faults.url("ok"), faults.url("empty"), "nonsense://x")
    text = plain(result.out)
    assert result.code == 3
    for part in ("status", "url", faults.url("ok"), "connection closed", "invalid_url"):
        assert part in text
    assert "1 accepted, 1 failed, 1 rejected in " in text


def test_a_table_says_where_redirects_end_and_where_bodies_are(tmp_path: Path) -> None:
    def answer(request: bytes) -> bytes:
        return ok(b"", "Location: /end", status="301 Moved Permanently") if b" /a " in request else ok(b"body")

    with recorder(answer) as server:
        result = at_terminal(server.url("/a"), server.url("/b"), "--save", f"{tmp_path}/pages/", columns=200)
        text = plain(result.out)
        assert f"{server.url('/a')}   redirected to {server.url('/end')}" in text
        assert f"saved 2 bodies, 8 B to {tmp_path}/pages/" in text
        result = at_terminal(*[server.url("/b")] * 26, "--save", f"{tmp_path}/pages/", columns=200)
        assert f"saved     26 bodies, 104 B to {tmp_path}/pages/" in plain(result.out)


def test_a_long_list_is_a_summary(faults: FaultServer) -> None:
    result = at_terminal(*[faults.url("ok")] * 26)
    text = plain(result.out)
    assert "26 accepted" in text
    assert "latency   p50" in text
    assert result.code == 0


def test_the_bar_is_shown_and_the_cursor_is_never_hidden(faults: FaultServer) -> None:
    result = at_terminal(faults.url("stall-at-once"), "--timeout", "0.7s")
    assert "0/1" in plain(result.out)
    assert "1 in flight" in plain(result.out)
    assert "\x1b[?25l" not in result.out


@pytest.mark.parametrize("extra", [("--no-color",), ()])
def test_no_color(faults: FaultServer, extra: tuple[str, ...]) -> None:
    result = at_terminal(faults.url("ok"), *extra, env={} if extra else {"NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", result.out)


def test_color_is_the_default(faults: FaultServer) -> None:
    assert "\x1b[32m200" in at_terminal(faults.url("ok")).out


@pytest.mark.parametrize("columns", [80, 200])
def test_no_line_is_wider_than_the_terminal(faults: FaultServer, columns: int) -> None:
    long = [faults.url("ok") + "?" + "x" * 300, "http://127.0.0.1:1/" + "long/" * 100, "http:///" + "no/" * 99]
    result = at_terminal(*long, columns=columns)
    lines = plain(result.out).replace("\r", "\n").split("\n")
    assert max(map(len, lines)) <= columns


def test_92_a_server_cannot_drive_the_terminal(faults: FaultServer) -> None:
    result = at_terminal(faults.url("escape-codes"), "http://h/\x1b]0;x\x07", "-v")
    assert "\x1b]" not in result.out
    assert "\x9b" not in result.out
    assert not ESCAPE.sub("", ALLOWED.sub("", result.out)).count("\x1b")


def test_rows_at_a_terminal_come_without_a_bar(faults: FaultServer) -> None:
    result = at_terminal(faults.url("ok"), "-o", "jsonl", "-q")
    assert result.out.startswith("{")
    assert "\x1b" not in result.out


def test_nothing_to_fetch_is_a_usage_error_not_a_hang() -> None:
    result = at_terminal()
    assert result.code == 2
    assert "nothing to fetch" in result.out


def test_the_demo_takes_as_long_as_its_slowest_url() -> None:
    result = at_terminal("--demo", columns=120)
    text = plain(result.out)
    assert result.code == 4
    assert "15 accepted, 2 failed in " in text
    assert float(re.findall(r"failed in ([\d.]+) s", text)[0]) < 3.5


def test_a_terminal_that_knows_only_ascii(faults: FaultServer) -> None:
    result = at_terminal(faults.url("ok") + "?" + "x" * 300, env={"PYTHONIOENCODING": "ascii"})
    assert result.code == 0
    assert "200 OK" in result.out
    assert result.out.isascii()


def test_one_url_alone_is_shown_with_what_went_on(faults: FaultServer) -> None:
    result = at_terminal(faults.url("ok"))
    text = plain(result.out)
    assert result.code == 0
    for part in ("200 OK, 5 B in ", faults.url("ok"), "connect ", "wait ", "content-length: 5", "hello"):
        assert part in text
    assert "accepted" not in text
    two = plain(at_terminal(faults.url("ok"), faults.url("ok")).out)
    assert "2 accepted" in two


def test_body_prints_the_body_of_one_url(faults: FaultServer, tmp_path: Path) -> None:
    assert fetchcli(faults.url("ok"), "--body", "-q").out == "hello"
    assert plain(at_terminal(faults.url("ok"), "--body").out).endswith("hello\r\n")
    (tmp_path / "urls.txt").write_text(faults.url("ok"))
    refused = fetchcli("urls.txt", "--body", cwd=tmp_path)
    assert refused.code == 2
    assert "--body prints the body of a single URL; --save FOLDER/ saves the bodies of a list" in refused.err
