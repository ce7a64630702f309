"""Every kind of ending has its exit code, alone and together."""

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
import trustme

from tests.support.command import COMMAND, environment, fetchcli
from tests.support.faults import FaultServer

ENDINGS = {3: "nonsense", 4: "http://127.0.0.1:1/", 5: "escape-codes"}


def url(faults: FaultServer, code: int) -> str:
    return faults.url(ENDINGS[code]) if code == 5 else ENDINGS[code]


def run(faults: FaultServer, *codes: int, extra: tuple[str, ...] = ()) -> int:
    listing = "\n".join([faults.url("ok"), *(url(faults, code) for code in codes)])
    return fetchcli("-", "-q", *extra, stdin=listing.encode()).code


@pytest.mark.parametrize("code", ENDINGS)
def test_one_ending(faults: FaultServer, code: int) -> None:
    assert run(faults, code) == code


@pytest.mark.parametrize("pair", list(combinations(ENDINGS, 2)))
def test_of_two_endings_the_lowest(faults: FaultServer, pair: tuple[int, int]) -> None:
    assert run(faults, *pair) == min(pair)


@pytest.mark.parametrize("code", ENDINGS)
def test_exit_zero_leaves_outcomes_out_of_it(faults: FaultServer, code: int) -> None:
    assert run(faults, code, extra=("--exit-zero",)) == 0


def test_exit_zero_does_not_hide_a_missing_input_or_output() -> None:
    assert fetchcli("missing.txt", "--exit-zero").code == 3
    assert fetchcli("-", "--exit-zero", stdin=b"").code == 3
    assert fetchcli("http://127.0.0.1:1/", "--exit-zero", "-o", "jsonl:/missing/out").code == 8


@pytest.mark.parametrize(
    ("accept", "code"), [("404", 5), ("200,404", 0), ("2xx,4xx", 0), ("!404", 5), ("200..299", 5), ("200..=404", 0)]
)
def test_accept_decides_what_a_status_is(faults: FaultServer, accept: str, code: int) -> None:
    assert run(faults, 5, extra=("--accept", accept)) == code


def test_an_output_outranks_outcomes(faults: FaultServer) -> None:
    result = fetchcli("nonsense://x", faults.url("ok"), "-o", "jsonl:/dev/full")
    assert result.code == 8
    assert result.err.count("cannot write /dev/full: No space left on device") == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--xyzzy"], "No such option: --xyzzy; see --help"),
        (["-c", "0", "x"], "0 is not in the range x>=1"),
        (["-c", "many", "x"], "'many' is not a valid integer"),
        (["--timeout", "soon", "x"], "--timeout: 'soon' is not a duration; write it as 500ms, 2.5s, 1m30s, 1h or none"),
        (["--accept", "ok", "x"], "--accept: 'ok' is not a status, a range like 200..399 or a class like 2xx"),
        (
            ["-o", "xml", "http://h/"],
            "-o xml: expected a format (text, jsonl, csv, json, sqlite, postgresql, mysql,",
        ),
        (["-w", "%{statsu}", "http://h/"], "no column is named 'statsu'; did you mean 'status'?"),
        (
            ["-o", "jsonl", "-o", "csv", "http://h/"],
            "two outputs (-o, -w, --save) write to stdout; give one of them a path",
        ),
        (
            ["-o", "jsonl", "-w", "x", "http://h/"],
            "two outputs (-o, -w, --save) write to stdout; give one of them a path",
        ),
        (["--concurency", "x"], "No such option: --concurency; did you mean --concurrency"),
        ([""], "an empty argument is neither a file nor a URL"),
        (
            ["-o", "jsonl:a.out", "-o", "csv:./a.out", "http://h/"],
            "two outputs (-o, -w, --save) write to a.out; give one of them another path",
        ),
        (["-", "-"], "stdin (-) can be read only once"),
        (["--demo", "x"], "--demo and an input cannot be combined"),
        (["--progress", "loud", "x"], "'loud' is not one of 'auto', 'bar', 'plain', 'none'"),
        (["-H", "A: b\rc", "x"], "--header: header 'A: ...' contains a control character (U+000D)"),  # 24
        (["-H", "A: b\nc", "x"], "--header: header 'A: ...' contains a control character (U+000A)"),  # 24
        (["-H", "nothing", "x"], "--header: header 'nothing' has no colon; expected 'Name: value'"),
        (["-H", "Content-Length: 1", "x"], "--header: Content-Length is set by fetchcli itself"),
        (["-X", "GE T", "x"], "'GE T' is not an HTTP method"),
        (["-I", "-d", "x", "x"], "--head and --data cannot be combined"),
        (["-d", "@/missing", "x"], "--data @/missing: No such file or directory"),
        (["-u", "me", "x"], "--user: expected NAME:PASSWORD (fetchcli does not prompt)"),
        (["-u", "a:b", "--bearer", "c", "x"], "--user and --bearer cannot be combined"),
        (["-b", "missing.txt", "x"], "--cookie missing.txt: No such file or directory; cookies are written NAME=VALUE"),
        (["-d", "x", "--json", "{}", "x"], "--data and --json cannot be combined"),
        (["--json", "@/missing", "x"], "--json @/missing: No such file or directory"),
        (["-A", "a\nb", "x"], "header 'User-Agent: ...' contains a control character (U+000A)"),
        (["-d", "@-", "-"], "--data @-: stdin is the list of URLs; read the content or the list from a file"),
        (["-F", "@x", "x"], "--form: expected NAME=TEXT or NAME=@FILE"),
        (["-F", "a=@/missing", "x"], "--form @/missing: No such file or directory"),
        (["-H", "@/missing", "x"], "--header @/missing: No such file or directory"),
        (["--digest", "x"], "--digest requires --user"),
        (["--netrc-file", "/missing", "x"], "/missing: No such file or directory"),
        (["--expand-env", "cookie", "x"], "--expand-env: 'cookie' is not one of header, user, bearer, rows"),
        (["--expand-env", "bearer", "--bearer", "${NO_SUCH}", "x"], "--bearer: ${NO_SUCH} is not set in the"),
        (["--include", "(", "x"], "--include: '(' is not a regular expression: missing )"),
        (["--shuffle", "--ordered", "x"], "--shuffle and --ordered cannot be combined"),
        (["--seed", "1", "x"], "--seed requires --sample or --shuffle"),
        (["--keep", "status", "http://h/"], "--keep status: the output already has a column of that name"),
        (["--keep", "a", "--keep", "a", "http://h/"], "--keep names a column twice"),
        (["--input-format", "xml", "x"], "'xml' is not one of 'auto', 'lines', 'sitemap'"),
        (
            ["--max-filesize", "much", "x"],
            "--max-filesize: 'much' is not a size; write it as 512, 10K, 1.5M, 2G or none",
        ),
        (["--min-rate", "-1", "x"], "--min-rate: '-1' is not a size"),
        (["--max-ratio", "0", "x"], "--max-ratio: '0' is not a whole number from 1, or none"),
        (["-x", "ftp://u:secret@h", "x"], "proxy 'ftp://***@h': the scheme is not http, https, socks4"),
        (["--block-private", "-x", "127.0.0.1:1", "x"], "--block-private and --proxy cannot be combined"),  # 35
        (["--deny-cidr", "10/8", "x"], "--deny-cidr: '10/8' does not appear to be an IPv4 or IPv6 network"),
        (["--allow-cidr", "10.0.0.0/8", "x"], "--allow-cidr requires --block-private or --deny-cidr"),
        (["--block-private", "--unix-socket", "/x", "x"], "--unix-socket cannot be combined with --block-private"),
        (["--resolve", "h:80", "x"], "--resolve 'h:80': expected HOST:PORT:ADDRESS[,ADDRESS]..."),
        (["--connect-to", "h:80", "x"], "--connect-to 'h:80': expected HOST1:PORT1:HOST2:PORT2"),
        (["--dns-servers", "dns.example", "x"], "--dns-servers: 'dns.example' is not ADDRESS or ADDRESS:PORT"),
        (["-4", "-6", "x"], "--ipv4 and --ipv6 cannot be combined"),
        (["--cacert", "/missing", "http://h/"], "--cacert /missing: No such file or directory"),
        (["--key", "/missing", "http://h/"], "--key requires --cert"),
        (["--tls-min", "1.0", "x"], "'1.0' is not one of '1.2', '1.3'"),
    ],
)
def test_a_usage_error_is_one_line_and_exit_2(args: list[str], message: str) -> None:
    result = fetchcli(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("fetchcli: ")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_an_output_that_is_an_input_is_refused_before_it_is_emptied(tmp_path: Path, faults: FaultServer) -> None:
    listing = tmp_path / "urls.txt"
    listing.write_text(faults.url("ok"))
    piped = f"{' '.join(COMMAND)} - -o text:{listing} <{listing}"
    for args in ([*COMMAND, str(listing), "-o", f"text:{listing}"], ["/bin/sh", "-c", piped]):
        done = subprocess.run(args, capture_output=True, env=environment(), check=False)
        assert done.returncode == 8
        assert b"is also read by the run; write to another file" in done.stderr
        assert listing.read_text() == faults.url("ok")


def test_two_names_of_one_file_are_refused(tmp_path: Path, faults: FaultServer) -> None:
    (tmp_path / "a.csv").write_text("precious")
    (tmp_path / "b.jsonl").symlink_to("a.csv")
    result = fetchcli(faults.url("ok"), "-o", "a.csv", "-o", "b.jsonl", cwd=tmp_path)
    assert (result.code, result.err) == (2, "fetchcli: two outputs (-o) are the same file under different names\n")
    assert (tmp_path / "a.csv").read_text() == "precious"


def test_too_few_descriptors_are_said(faults: FaultServer) -> None:
    command = f"ulimit -n 16; {' '.join(COMMAND)} {faults.url('ok')}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, env=environment(), check=False)
    assert done.returncode == 1
    assert done.stderr == b"fetchcli: only 16 open files are allowed (ulimit -n); at least 22 are needed\n"


def test_no_output_is_emptied_when_another_cannot_be_opened(tmp_path: Path, faults: FaultServer) -> None:
    (tmp_path / "keep.csv").write_text("precious")
    result = fetchcli(faults.url("ok"), "-o", "keep.csv", "-o", "jsonl:/missing/x", cwd=tmp_path)
    assert result.code == 8
    assert (tmp_path / "keep.csv").read_text() == "precious"


@pytest.mark.parametrize("name", ["jsonl:" + "x" * 300, "jsonl:a\0b"[:7] + "/" * 5000])
def test_an_impossible_output_path_is_exit_8(name: str, faults: FaultServer) -> None:
    result = fetchcli(faults.url("ok"), "-o", name)
    assert result.code == 8
    assert result.err.count("\n") == 1


def test_a_stderr_that_takes_nothing_decides_nothing(faults: FaultServer, tmp_path: Path) -> None:
    for extra in ("", "--progress plain -v", "-q"):
        command = f"{' '.join(COMMAND)} {faults.url('ok')} -o jsonl:{tmp_path}/o {extra} 2>/dev/full"
        assert subprocess.run(["/bin/sh", "-c", command], env=environment(), check=False).returncode == 0


def test_an_unwritable_output_is_refused_before_the_first_request(faults: FaultServer) -> None:
    before = len(faults.requests)
    result = fetchcli(faults.url("ok"), "-o", "csv:/missing/out.csv")
    assert (result.code, result.out) == (8, "")
    assert result.err == "fetchcli: /missing/out.csv: No such file or directory\n"
    assert len(faults.requests) == before


def test_every_option_can_come_from_the_environment(faults: FaultServer) -> None:
    env = {"FETCHCLI_ACCEPT": "404", "FETCHCLI_WRITE_OUT": "%{status}\\n", "FETCHCLI_QUIET": "1"}
    result = fetchcli(faults.url("escape-codes"), env=env)
    assert (result.code, result.out, result.err) == (0, "404\n", "")
    assert fetchcli(faults.url("escape-codes"), "--accept", "200", env=env).code == 5
    wrong = fetchcli(faults.url("ok"), env={"FETCHCLI_CONCURRENCY": "lots"})
    assert wrong.code == 2
    assert wrong.err.startswith("fetchcli: FETCHCLI_CONCURRENCY: 'lots' is not a valid integer")
    assert fetchcli(faults.url("ok"), env={"FETCHCLI_VERSION": "1.2.3"}).code == 0


@pytest.mark.parametrize(
    "args", [["--help"], ["--help", "all"], ["--version"], ["--print-config"], ["--print-schema", "row"]]
)
def test_what_cannot_be_printed_is_exit_8(args: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *args], stdout=full, stderr=subprocess.PIPE, env=environment(), timeout=50, check=False
        )
    assert (done.returncode, done.stderr) == (8, b"fetchcli: cannot write stdout: No space left on device\n")


@pytest.mark.parametrize("args", [["--help", "all"], ["--version"], ["--print-schema", "row"]])
def test_what_nobody_reads_is_exit_8_and_quiet(args: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [*COMMAND, *args],
        stdout=write_end,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=50,
        check=False,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (8, b"")


def test_17_a_file_that_cannot_be_emptied_is_exit_8(faults: FaultServer, tmp_path: Path) -> None:
    script = (
        "import errno, os, sys\n"
        "def broken(fd, length):\n    raise OSError(errno.EIO, os.strerror(errno.EIO))\n"
        "os.ftruncate = broken\n"
        "from fetchcli.__main__ import main\nmain()\n"
    )
    before = len(faults.requests)
    done = subprocess.run(
        [sys.executable, "-c", script, faults.url("ok"), "-o", "rows.csv"],
        cwd=tmp_path, env=environment(), capture_output=True, timeout=50, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (8, b"fetchcli: rows.csv: Input/output error\n")
    assert len(faults.requests) == before


@pytest.fixture
def read_files(tmp_path: Path, faults: FaultServer) -> Path:
    """A folder with files for every option that reads one; the list and the baseline are there as ``urls.txt``."""
    (tmp_path / "urls.txt").write_text(f"{faults.url('ok')}\n")
    assert fetchcli("urls.txt", "-o", "base.jsonl", "-q", cwd=tmp_path).code == 0
    (tmp_path / "data").write_text("x=1")
    (tmp_path / "headers").write_text("X-A: 1\n")
    (tmp_path / "netrc").write_text("machine h login l password p\n")
    (tmp_path / "my.toml").write_text("retry = 0\n")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = authority.issue_cert("client.test")
    client.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    client.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    return tmp_path


READS: dict[str, list[str]] = {
    "urls.txt": [],
    "data": ["-d", "@data"],
    "headers": ["-H", "@headers"],
    "base.jsonl": ["--baseline", "base.jsonl"],
    "netrc": ["--netrc-file", "netrc"],
    "my.toml": ["-K", "my.toml"],
    "ca.pem": ["--cacert", "ca.pem"],
    "cert.pem": ["--cert", "cert.pem", "--key", "key.pem"],
    "key.pem": ["--cert", "cert.pem", "--key", "key.pem"],
}


@pytest.mark.parametrize(
    ("name", "how"),
    [
        *((name, "-o text:./{}") for name in (*READS, "form")),
        *((name, how) for name in ("urls.txt", "ca.pem") for how in ("-o junit:{}", ">> {}", "-q 2>> {}")),
    ],
)
def test_8_nothing_that_the_run_reads_is_written(read_files: Path, faults: FaultServer, name: str, how: str) -> None:
    """Through an option or a redirection of the shell; nothing is requested, and the file stays as it is."""
    reads = READS.get(name) or (["-F", "f=@data"] if name == "form" else [])
    target = "data" if name == "form" else name
    before, requests = (read_files / target).read_bytes(), len(faults.requests)
    script = f"{' '.join(COMMAND)} urls.txt {' '.join(reads)} {how.format(target)}"
    env = {name: value for name, value in environment().items() if name != "FETCHCLI_NO_CONFIG"}
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=read_files, capture_output=True, env=env, timeout=50, check=False
    )
    after = (read_files / target).read_bytes()
    assert done.returncode == 8
    assert len(faults.requests) == requests
    said = after.removeprefix(before) + done.stderr  # where stderr is the file, the message goes there
    assert after.startswith(before)
    assert b"is also read by the run" in said
    assert said.count(b"\n") == 1


def test_8_a_list_that_is_stdin_is_not_stdout(read_files: Path, faults: FaultServer) -> None:
    def shell(redirections: str) -> tuple[int, bytes]:
        script = f"{' '.join(COMMAND)} - {redirections}"
        done = subprocess.run(
            ["/bin/sh", "-c", script], cwd=read_files, capture_output=True, env=environment(), check=False
        )
        return done.returncode, done.stderr

    requests = len(faults.requests)
    refused = b"fetchcli: stdout: is also read by the run; write to another file\n"
    assert shell("< urls.txt >> urls.txt") == (8, refused)
    assert len(faults.requests) == requests
    assert shell("< urls.txt >> out.txt")[0] == 0


@pytest.mark.parametrize("how", ["-o jsonl:rows", "-o csv:link >/dev/null", "-o jsonl >> rows", "2>> rows"])
def test_8_no_row_sends_what_the_run_writes(faults: FaultServer, tmp_path: Path, how: str) -> None:
    (tmp_path / "rows").write_text("")
    (tmp_path / "link").symlink_to("rows")
    row = {"url": faults.url("ok"), "body_file": "rows"}
    form = f"curl -F f=@rows {faults.url('ok')}"
    (tmp_path / "x.jsonl").write_text(f"{json.dumps(row)}\n")
    (tmp_path / "x.curl").write_text(f"{form}\n")
    before = len(faults.requests)
    command = f"{' '.join(COMMAND)} x.jsonl x.curl -q {how}"
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert done.returncode == 3
    said = (done.stdout + done.stderr + (tmp_path / "rows").read_bytes()).decode()
    assert "body_file: 'rows' is also written by the run" in said
    assert "--form: 'rows' is also written by the run" in said
    assert len(faults.requests) == before
