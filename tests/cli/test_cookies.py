"""``-b``, ``--cookie-jar`` and ``--redirect-cookies``, against servers that set cookies."""

import stat
from pathlib import Path

import pytest

from tests.support.command import fetchcli
from tests.support.curl import BINARY
from tests.support.recorder import Recorder, ok, recorder, see


def counting(request: bytes) -> bytes:
    """Set a cookie and send the visitor round, until the cookie comes back."""
    target = request.split(b" ")[1].decode()
    if b"sid=1" in request:
        return ok(b"in", "Set-Cookie: seen=yes; Path=/")
    return ok(b"", f"Location: {target}", "Set-Cookie: sid=1; Path=/", status="302 Found")


def cookies_sent(server: Recorder) -> list[str | None]:
    return [server.header("cookie", index) for index in range(len(server.requests))]


def test_cookies_along_the_redirects_of_one_row() -> None:
    with recorder(counting) as server:
        without = fetchcli(server.url("/a"), "-o", "text", "-q")
        assert (without.code, "redirect_limit" in without.out) == (4, True)
        server.requests.clear()
        result = fetchcli(server.url("/a"), server.url("/b"), "--redirect-cookies", "-c", "1", "-q")
        assert result.code == 0
        assert cookies_sent(server) == [None, "sid=1", None, "sid=1"], "and nothing is kept for the next row"


def test_cookies_of_the_command_line_are_joined_and_come_last() -> None:
    with recorder(counting) as server:
        assert fetchcli(server.url(), "-b", "a=1", "-b", "c=2; d=3", "--redirect-cookies", "-q").code == 0
        assert cookies_sent(server) == ["a=1; c=2; d=3", "sid=1; a=1; c=2; d=3"]


def test_a_jar_is_shared_by_all_rows_and_written_whole(tmp_path: Path) -> None:
    jar = tmp_path / "jar.txt"
    with recorder(counting) as server:
        urls = [server.url(f"/{number}") for number in range(3)]
        assert fetchcli(*urls, "-b", "jar.txt", "--cookie-jar", "jar.txt", "-c", "1", "-q", cwd=tmp_path).code == 0
        assert cookies_sent(server) == [None, "sid=1", "sid=1; seen=yes", "sid=1; seen=yes"]
        server.requests.clear()
        assert jar.read_text().splitlines()[2:] == [
            "127.0.0.1\tFALSE\t/\tFALSE\t0\tsid\t1",
            "127.0.0.1\tFALSE\t/\tFALSE\t0\tseen\tyes",
        ]
        assert stat.S_IMODE(jar.stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["jar.txt"]
        assert fetchcli(server.url(), "-b", "jar.txt", "-q", cwd=tmp_path).code == 0
        assert cookies_sent(server) == ["sid=1; seen=yes"]


@pytest.mark.needs_curl
@pytest.mark.skipif(BINARY is None, reason="curl is not installed")
def test_curl_reads_the_jar_and_writes_one_that_is_read(tmp_path: Path) -> None:
    import subprocess

    with recorder(counting) as server:
        assert fetchcli(server.url(), "--cookie-jar", "ours.txt", "-q", cwd=tmp_path).code == 0
        server.requests.clear()
        command = [str(BINARY), "-q", "-sL", "-b", "ours.txt", "-c", "theirs.txt", server.url()]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=50)
        assert fetchcli(server.url(), "-b", "theirs.txt", "-q", cwd=tmp_path).code == 0
        assert [set(str(sent).split("; ")) for sent in cookies_sent(server)] == [{"sid=1", "seen=yes"}] * 2


def test_cookies_go_where_they_belong_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "jar.txt").write_text("127.0.0.1\tFALSE\t/\tFALSE\t0\there\t1\nother.test\tFALSE\t/\tFALSE\t0\tno\t1\n")
    with recorder() as other, recorder(lambda _: see(other.url("/", "localhost"))) as server:
        assert fetchcli(server.url(), "-b", "jar.txt", "-b", "x=secret", "-q", cwd=tmp_path).code == 0
        assert server.header("cookie") == "here=1; x=secret"
        assert other.header("cookie") is None


def test_the_jar_is_written_although_rows_failed(tmp_path: Path) -> None:
    with recorder(ok(b"", "Set-Cookie: a=1", status="500 Oops")) as server:
        assert fetchcli(server.url(), "--cookie-jar", "jar.txt", "-q", cwd=tmp_path).code == 5
        assert "\ta\t1\n" in (tmp_path / "jar.txt").read_text()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["-b", "missing.txt"], 2, "--cookie missing.txt: No such file or directory; cookies are written NAME=VALUE"),
        (["-b", ""], 2, "--cookie: expected NAME=VALUE or a file (--redirect-cookies needs neither)"),
        (["-b", "bad.txt"], 2, "--cookie bad.txt: line 1: expected seven fields separated by tabs, as in a Netscape"),
        (["--cookie-jar", "-"], 2, "--cookie-jar: expected a file, got '-'"),
        (["--cookie-jar", "no/such/jar"], 8, "--cookie-jar no/such/jar: there is no folder"),
        (
            ["urls.txt", "--cookie-jar", "./urls.txt"],
            8,
            "--cookie-jar ./urls.txt: the run reads or writes this file, too",
        ),
        (
            ["-o", "out.csv", "--cookie-jar", "out.csv"],
            8,
            "--cookie-jar out.csv: the run reads or writes this file, too",
        ),
        (["--cookie-jar", "."], 8, "--cookie-jar .: not a regular file"),
    ],
)
def test_files_that_are_of_no_use(tmp_path: Path, args: list[str], code: int, message: str) -> None:
    (tmp_path / "bad.txt").write_text("session=secret\n")
    (tmp_path / "urls.txt").write_text("http://127.0.0.1:1/\n")
    with recorder() as server:
        result = fetchcli(server.url(), *args, "-q", cwd=tmp_path)
        assert (result.code, result.err.startswith(f"fetchcli: {message}")) == (code, True), result
        assert result.err.count("\n") == 1
        assert "secret" not in result.err
        assert server.requests == []


def test_cookies_are_masked_where_options_are_shown(tmp_path: Path) -> None:
    (tmp_path / "jar.txt").write_text("")
    shown = fetchcli("http://h/", "-b", "a=secret", "-b", "jar.txt", "--print-config", cwd=tmp_path).out
    assert 'cookie = ["***", "jar.txt"]' in shown
    printed = fetchcli("http://h/", "-b", "jar.txt", "--cookie-jar", "new.txt", "--print-curl", cwd=tmp_path).out
    assert "-b jar.txt -c new.txt" in printed
    assert "-b ''" in fetchcli("http://h/", "--redirect-cookies", "--print-curl").out
