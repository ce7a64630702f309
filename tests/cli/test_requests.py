"""What is sent for every option and kind of row: as httpbin echoes it, and as curl sends it from ``--print-curl``."""

import base64
import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.curl.test_read import CHROMIUM
from tests.support.command import environment, fetchcli, start, until
from tests.support.curl import BINARY
from tests.support.httpbin import Httpbin, httpbin_server
from tests.support.recorder import ok, recorder, see

SECRETS = {"TOKEN": "s3cret $x 'y'", "PASSWORD": "p:w d"}


@pytest.fixture(scope="module")
def httpbin() -> Iterator[Httpbin]:
    with httpbin_server() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.txt").write_bytes(b"line one\r\nline two\n")
    (tmp_path / "data.bin").write_bytes(bytes(range(256)))
    (tmp_path / "headers.txt").write_text("X-One: 1\n# a comment\n\nX-Two: zwei\n")
    (tmp_path / "jar.txt").write_text(
        "127.0.0.1\tFALSE\t/\tFALSE\t0\tfrom\tfile\nother.test\tFALSE\t/\tFALSE\t0\tnot\tsent\n"
    )
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login net password rc\ndefault login d password e\n")
    return tmp_path


CASES: dict[str, list[str]] = {
    "nothing": [],
    "method": ["-X", "DELETE"],
    "post without content": ["-X", "POST"],
    "head": ["-I"],
    "headers": ["-H", 'X-A: it\'s "quoted"', "-H", "Accept:", "-H", "X-Empty;", "-H", "user-agent: me"],
    "headers from a file": ["-H", "@headers.txt"],
    "data": ["-d", "a=1", "-d", "b=2 & 3"],
    "data from a file": ["-d", "@data.txt"],
    "get with data": ["-X", "GET", "-d", "x"],
    "json": ["--json", '{"a": ', "--json", '"é"}'],
    "json from a file, put": ["-X", "PUT", "--json", "@data.txt"],
    "bytes": ["--json", "@data.bin", "-H", "Content-Type: application/octet-stream"],
    "form": [
        "-F",
        "name=vä lue;type=text/x",
        "-F",
        "file=@data.txt",
        "-F",
        'b=@data.bin;filename="x y.png"',
        "-F",
        "r=<data.txt",
    ],
    "basic": ["-u", "me:pass word"],
    "bearer": ["--bearer", "abc"],
    "cookie": ["-b", "a=1; b=2"],
    "named headers": ["-A", "agent/1 (x; y)", "-e", "http://from/", "-r", "0-99"],
    "a range from a byte on": ["-r", "4"],
    "ranges": ["-r", "0-0,-1"],
    "a range, compressed all the same": ["-r", "0-99", "-H", "Accept-Encoding: gzip"],
    "a referer that follows": ["-e", "http://from/;auto"],
    "a referer that only follows": ["-e", ";auto"],
    "cookies": ["-b", "a=1", "-b", "b=2"],
    "a cookie file": ["-b", "jar.txt", "-b", "b=2"],
    "no compression": ["--no-compressed"],
    "netrc": ["--netrc-file", "netrc"],
    "secrets": ["-H", "X-Key: ${TOKEN}", "-u", "me:${PASSWORD}", "--expand-env", "header,user"],
    "a secret bearer": ["--bearer", "${TOKEN}", "--expand-env", "bearer"],
    "not asked to expand": ["-H", "X-Key: ${TOKEN}"],
}


def same(httpbin: Httpbin, folder: Path, *args: str, stdin: bytes | None = None) -> list[dict[str, Any]]:
    """What fetchcli sent, after it was compared with what curl sends."""
    httpbin.echoes.clear()
    ran = fetchcli(*args, "-q", "--ordered", "-c", "1", "-o", "jsonl", stdin=stdin, cwd=folder, env=SECRETS)
    assert [json.loads(line)["status"] for line in ran.lines] == [200] * len(ran.lines), ran
    ours = list(httpbin.echoes)
    assert len(ours) == len(ran.lines) > 0
    printed = fetchcli(*args, "--print-curl", stdin=stdin, cwd=folder, env=SECRETS)
    assert (printed.code, printed.err) == (0, "")
    for value in SECRETS.values():
        assert value not in printed.out + ran.out + ran.err
    if BINARY is not None:
        httpbin.echoes.clear()
        for line in printed.lines:
            script = line.replace("curl ", f"{BINARY} -q --noproxy '*' ", 1)
            done = subprocess.run(
                ["/bin/sh", "-c", script], cwd=folder, env=environment(**SECRETS), capture_output=True, check=False
            )
            assert done.returncode == 0, (line, done.stderr)
        assert [comparable(echo) for echo in httpbin.echoes] == [comparable(echo) for echo in ours]
    return ours


def comparable(echo: dict[str, Any]) -> dict[str, Any]:
    """Without what is another every time."""
    text = json.dumps({name: value for name, value in echo.items() if name != "origin"})
    found: dict[str, Any] = json.loads(re.sub(r"-{24}[0-9A-Za-z]{16,22}", "BOUNDARY", text))
    if "BOUNDARY" in found["headers"].get("Content-Type", ""):  # its length differs between versions of curl
        found["headers"].pop("Content-Length", None)
    return found


# What must be in the echo besides being the same as curl's.
def password(echo: dict[str, Any]) -> str:
    return base64.b64decode(echo["headers"]["Authorization"].split()[1]).decode()


EXPECTED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "method": lambda echo: bool(echo["method"] == "DELETE"),
    "head": lambda echo: bool(echo["method"] == "HEAD"),
    "headers": lambda echo: (
        (echo["headers"]["X-A"], echo["headers"]["User-Agent"], echo["headers"]["X-Empty"])
        == ('it\'s "quoted"', "me", "")
        and "Accept" not in echo["headers"]
    ),
    "headers from a file": lambda echo: (echo["headers"]["X-One"], echo["headers"]["X-Two"]) == ("1", "zwei"),
    "data": lambda echo: bool(echo["form"] == {"a": "1", "b": "2 ", " 3": ""}),
    "data from a file": lambda echo: bool(echo["form"] == {"line oneline two": ""}),
    "json": lambda echo: (echo["json"], echo["headers"]["Accept"]) == ({"a": "é"}, "application/json"),
    "json from a file, put": lambda echo: (echo["method"], echo["data"]) == ("PUT", "line one\r\nline two\n"),
    "bytes": lambda echo: base64.b64decode(echo["data"].partition("base64,")[2]) == bytes(range(256)),
    "form": lambda echo: (
        echo["form"] == {"name": "vä lue", "r": "line one\r\nline two\n"} and set(echo["files"]) == {"file", "b"}
    ),
    "basic": lambda echo: password(echo) == "me:pass word",
    "netrc": lambda echo: password(echo) == "net:rc",
    "secrets": lambda echo: (
        (echo["headers"]["X-Key"], password(echo)) == (SECRETS["TOKEN"], f"me:{SECRETS['PASSWORD']}")
    ),
    "a secret bearer": lambda echo: bool(echo["headers"]["Authorization"] == f"Bearer {SECRETS['TOKEN']}"),
    "not asked to expand": lambda echo: bool(echo["headers"]["X-Key"] == "${TOKEN}"),
    "no compression": lambda echo: "Accept-Encoding" not in echo["headers"],
}


@pytest.mark.needs_curl
@pytest.mark.parametrize("case", CASES)
def test_options(httpbin: Httpbin, folder: Path, case: str) -> None:
    (echo,) = same(httpbin, folder, f"{httpbin.url}/anything/p?q=%2f", *CASES[case])
    assert EXPECTED.get(case, bool)(echo), echo


@pytest.mark.needs_curl
def test_rows(httpbin: Httpbin, folder: Path) -> None:
    anything = f"{httpbin.url}/anything"
    credentials = anything.replace("://", "://us%40er:p@")
    rows = [
        anything,
        {"url": f"{anything}/1", "method": "PATCH", "headers": {"X-Row": "1", "accept": None}, "body": "it's\nme"},
        {"url": f"{anything}/2", "json": {"a": [1, None, "é"]}},
        {"url": f"{anything}/3", "body_file": "data.bin", "headers": ["Content-Type: application/x"]},
        {"url": f"{anything}/4", "headers": [["X-Key", "${TOKEN}"]]},
        credentials,
    ]
    listing = folder / "rows.jsonl"
    listing.write_text("".join(json.dumps(row) + "\n" for row in rows))
    echoes = same(httpbin, folder, "rows.jsonl", "-H", "X-Row: flag", "-H", "X-All: x", "--expand-env", "rows")
    assert [echo["method"] for echo in echoes] == ["GET", "PATCH", "POST", "POST", "GET", "GET"]
    assert [echo["headers"]["X-Row"] for echo in echoes] == ["flag", "1", "flag", "flag", "flag", "flag"]
    assert all(echo["headers"]["X-All"] == "x" for echo in echoes)
    assert "Accept" not in echoes[1]["headers"]
    assert echoes[2]["json"] == {"a": [1, None, "é"]}
    assert echoes[4]["headers"]["X-Key"] == SECRETS["TOKEN"]
    assert base64.b64decode(echoes[5]["headers"]["Authorization"].split()[1]) == b"us@er:p"


@pytest.mark.needs_curl
def test_a_pasted_form(httpbin: Httpbin, folder: Path) -> None:
    line = "curl -F 'a=b;type=x/y' -F f=@data.bin --form-string 'n=@\"x' -H 'Content-Type: multipart/form-data'"
    (folder / "requests.curl").write_text(f"{line} {httpbin.url}/anything 2>&1 || exit 1\n")
    (echo,) = same(httpbin, folder, "requests.curl")
    assert echo["form"] == {"a": "b", "n": '@"x'}
    assert list(echo["files"]) == ["f"]


@pytest.mark.needs_curl
def test_a_line_from_the_browser_and_what_curl_made_of_it(httpbin: Httpbin, folder: Path) -> None:
    line = CHROMIUM.replace("https://example.com/", f"{httpbin.url}/anything/")
    (folder / "requests.curl").write_text(f"{line}\n")
    (echo,) = same(httpbin, folder, "requests.curl")
    assert echo["json"] == {"name": "it's", "emoji": "é"}
    assert echo["headers"]["Cookie"] == "session=abc; theme=dark"
    if BINARY is not None:  # the line itself, unchanged; what curl says of itself aside
        httpbin.echoes.clear()
        script = line.replace("curl ", f"{BINARY} -q -s ", 1)
        subprocess.run(["/bin/bash", "-c", script], env=environment(), capture_output=True, check=True)
        original = comparable(httpbin.echoes[0])
        ours = comparable(echo)
        for said in (original["headers"], ours["headers"]):
            said.pop("Accept-Encoding", None)
        assert ours == original


def test_content_from_stdin(httpbin: Httpbin, folder: Path) -> None:
    httpbin.echoes.clear()
    assert fetchcli(f"{httpbin.url}/anything", "--json", "@-", "-q", stdin=b'{"a":1}\n', cwd=folder).code == 0
    assert httpbin.echoes[0]["data"] == '{"a":1}\n'


def test_digest(httpbin: Httpbin) -> None:
    url = f"{httpbin.url}/digest-auth/auth/user/pass"
    rows = fetchcli(
        url, url, "-u", "user:pass", "--digest", "-H", "Cookie: fake=1", "-q", "-o", "jsonl", "-c", "1"
    ).lines
    assert [(json.loads(row)["status"], json.loads(row)["attempts"]) for row in rows] == [(200, 1), (200, 1)]
    assert fetchcli(url, "-u", "user:wrong", "--digest", "-q").code == 5


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("-H", "Authorization: Basic ${B64}"),
        ("-H", "Authorization: Bearer ${BLANK}"),
        ("-H", "${TOKEN}"),
        ("-H", "${TOKEN}: x"),
        ("-u", "${TOKEN}"),
        ("--bearer", "x${TOKEN}"),
    ],
)
def test_no_message_and_no_command_holds_what_came_from_the_environment(option: str, value: str) -> None:
    encoded = base64.b64encode(b"user:hunter2").decode()
    env = {"B64": encoded, "BLANK": "hunter2 ", "TOKEN": "hunter2 x"}
    for more in (["--print-curl"], ["--print-config"], ["-o", "jsonl"], ["-v"]):
        args = ("http://127.0.0.1:1/", option, value, "--expand-env", "header,user,bearer,rows", *more)
        result = fetchcli(*args, env=env)
        assert "hunter2" not in result.out + result.err
        assert encoded not in result.out + result.err


def test_a_digest_login_gives_nothing_away_in_clear(folder: Path) -> None:
    challenge = 'Basic realm="b", Digest realm="Gesch\u00fctzt", nonce="n", qop="auth", domain="http://[bad /x"'
    unknown = 'WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA3-256'

    def answer(request: bytes) -> bytes:
        if b"Authorization: Digest" in request:
            return ok()
        head = f"HTTP/1.1 401 Unauthorized\r\n{unknown}\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n"
        return head.encode()

    with recorder(answer) as server:
        url = server.url().replace("://", "://url:word@")
        assert fetchcli(url, "--digest", "-u", "me:pw", "--netrc-file", "netrc", "-q", cwd=folder).code == 0
        assert [b"Authorization: Basic" in request for request in server.requests] == [False, False]
        assert "Gesch\u00fctzt".encode() in server.requests[1]
        server.requests.clear()
        assert fetchcli(server.url(), "--digest", "-u", "me:pw", "-H", "Authorization: own", "-q").code == 5
        assert len(server.requests) == 1
    with recorder(ok(b"", 'WWW-Authenticate: Digest realm="r"', status="401 Unauthorized")) as server:
        result = fetchcli(server.url(), "--digest", "-u", "me:pw", "-q")
        assert (result.code, "protocol: digest: the challenge has no nonce" in result.out) == (4, True)


def test_the_referer_of_a_redirect() -> None:
    def answer(request: bytes) -> bytes:
        return see("/next#part") if request.startswith(b"GET /first") else ok()

    with recorder(answer) as server:
        assert fetchcli(server.url("/first?q#x"), "-e", "http://from/;auto", "-q").code == 0
        assert [server.header("referer", index) for index in (0, 1)] == ["http://from/", server.url("/first?q")]
        server.requests.clear()
        assert fetchcli(server.url("/first"), "-e", "http://from/", "-q").code == 0
        assert [server.header("referer", index) for index in (0, 1)] == ["http://from/"] * 2


@pytest.mark.parametrize("text", ["x", "5-1", "bytes=0-1", "0-1;2-3"])
def test_a_range_that_is_none_is_a_usage_error(text: str) -> None:
    result = fetchcli("http://127.0.0.1:1/", "-r", text)
    expected = f"fetchcli: --range: expected a byte range such as 0-499, 500- or -500, got {text!r}\n"
    assert (result.code, result.err) == (2, expected)


def test_23_netrc_takes_any_host_that_a_url_may_have(tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine \U0001f4a9_a.test login me password pw\n")
    with recorder() as server:
        url = server.url("/", "\U0001f4a9_A.test")
        pin = f"\U0001f4a9_a.test:{server.port}:127.0.0.1"
        assert fetchcli(url, "--netrc-file", "netrc", "--resolve", pin, "-q", cwd=tmp_path).code == 0
        assert server.header("authorization") == "Basic " + base64.b64encode(b"me:pw").decode()
        assert server.header("host") == f"xn--_a-7t72a.test:{server.port}"


def test_netrc_on_the_way_of_redirects(folder: Path) -> None:  # 42
    (folder / "default").write_text("default login d password e\n")
    with recorder() as other:
        with recorder(lambda request: see("/b") if b"GET /a" in request else see(other.url("/c"))) as server:
            assert fetchcli(server.url("/a"), "--netrc-file", "default", "-q", cwd=folder).code == 0
            assert [b"Authorization: Basic" in request for request in server.requests] == [True, True]
        assert other.header("authorization") is None


def test_netrc_is_read_where_curl_looks(httpbin: Httpbin, folder: Path) -> None:
    url = f"{httpbin.url}/basic-auth/net/rc"
    (folder / ".netrc").write_text((folder / "netrc").read_text())
    for env in ({"NETRC": str(folder / "netrc")}, {"HOME": str(folder)}):
        assert fetchcli(url, "-n", "-q", env=env).code == 0
        assert fetchcli(url, "-q", env=env).code == 5
    (folder / "bad").write_text("machine h login l password secret nonsense")
    bad = fetchcli(url, "--netrc-file", "bad", cwd=folder)
    assert (bad.code, bad.err) == (2, "fetchcli: bad:1: not a valid line of a netrc file\n")


def test_a_file_to_send_that_went_away_is_an_outcome(folder: Path) -> None:
    """It was there when the row was read, and is not when its turn comes."""
    deleted = threading.Event()

    def wait(_: bytes) -> bytes:
        deleted.wait(60)
        return ok()

    with recorder(wait) as server:
        rows = [{"url": server.url("/first")}, {"url": server.url("/second"), "body_file": "data.txt"}]
        listing = folder / "rows.jsonl"
        listing.write_text("".join(json.dumps(row) + "\n" for row in rows))
        process = start(str(listing), "-c", "1", "-q", "-o", "jsonl", cwd=folder)
        until(lambda: server.requests, "the first row was requested", process)
        (folder / "data.txt").unlink()
        deleted.set()
        out, _ = process.communicate(timeout=60)
    last = json.loads(out.splitlines()[-1])
    assert (last["error"], last["error_detail"]) == ("read", "body_file data.txt: No such file or directory")
    assert process.returncode == 3


@pytest.mark.parametrize(
    "words",
    [
        ["-d", "a=b", "--data-raw", "@c", "--data-binary", "@file", "--data-urlencode", "q=x y&z/ü"],
        ["--data-urlencode", "n@file", "--data-urlencode", "=a b", "--data-urlencode", "plain text"],
        ["--data-urlencode", "q=x y", "-d", "a=b", "--data-urlencode", "z=1", "--data-raw", "@c", "-d", "@file"],
        ["-G", "-d", "a=b", "--data-urlencode", "q=x y"],
        ["-G", "-d", "a=b", "-I"],
        ["--data-raw", "@x", "-X", "PUT"],
    ],
)
@pytest.mark.needs_curl
@pytest.mark.skipif(not BINARY, reason="no curl")
def test_content_is_what_curl_sends(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"two\nlines\n")
    sent = []
    with recorder() as server:
        for url in (server.url("/p?x=1"), server.url("/p#f"), server.url("/p")):
            del server.requests[:]
            fetchcli(url, *words, "-q", cwd=tmp_path)
            subprocess.run([str(BINARY), "-s", url, *words], cwd=tmp_path, capture_output=True, check=True)
            sent = [(request.split(b"\r\n")[0], request.partition(b"\r\n\r\n")[2]) for request in server.requests]
            assert sent[0] == sent[1]


def test_content_of_variables_comes_before_that_of_the_command_line() -> None:
    with recorder() as server:
        env = {"FETCHCLI_DATA_RAW": "a\nb", "FETCHCLI_DATA": "not this"}
        fetchcli(server.url(), "--data-urlencode", "c", "-d", "d", "-q", env=env)
        assert server.requests[0].endswith(b"\r\n\r\na&b&c&d")


def test_relative_urls_have_a_base(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("/a\nb?c\n../d\nhttp://127.0.0.1:9/x\n//[::\n")
    with recorder() as server:
        result = fetchcli(
            *(
                "urls.txt",
                "--base-url",
                server.url("/x/y/z"),
                "--columns",
                "url,error",
                "-o",
                "jsonl",
                "--ordered",
                "-q",
            ),
            *("--retry", "0"),
            cwd=tmp_path,
        )
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["url"] for row in rows[:4]] == [
        *(server.url(path) for path in ("/a", "/x/y/b?c", "/x/d")), "http://127.0.0.1:9/x"
    ]  # fmt: skip
    assert rows[4]["error"] == "invalid_url"
    refused = fetchcli("urls.txt", "--base-url", "example.com", cwd=tmp_path)
    assert refused.code == 2
    assert refused.err == "fetchcli: --base-url: no scheme; start the URL with http:// or https://\n"


def test_patterns_of_a_file_exclude(tmp_path: Path) -> None:
    (tmp_path / "ignore").write_text("# what is not ours\n\n/private/\n\\.pdf$\n")
    urls = "".join(f"http://h/{path}\n" for path in ("a", "private/b", "c.pdf", "d.pdf?x", "e"))
    (tmp_path / "urls.txt").write_text(f"{urls}mailto:x@private/\n")  # what is no URL may be left out, too
    command = ("urls.txt", "--exclude-from", "ignore", "--exclude", "/e$", "--print-curl")
    result = fetchcli(*command, cwd=tmp_path)
    assert [line.rpartition("/")[2].rstrip("'") for line in result.out.splitlines()] == ["a", "d.pdf?x"]
    (tmp_path / "ignore").write_text("ok\n(\n")
    refused = fetchcli(*command, cwd=tmp_path)
    assert refused.code == 2
    assert refused.err.startswith("fetchcli: --exclude-from: ignore:2: ")
    missing = fetchcli("urls.txt", "--exclude-from", "nothing", cwd=tmp_path)
    assert (missing.code, missing.err) == (2, "fetchcli: --exclude-from: nothing: No such file or directory\n")
