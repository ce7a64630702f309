"""--revalidate, --max-age and --only-changed, through a real process."""

import json
import re
import signal
from pathlib import Path

import pytest

from tests.support.command import Result, fetchcli, start, until
from tests.support.nginx import installed, nginx
from tests.support.recorder import ok, recorder

COLUMNS = "url,verdict,status,not_modified,from_cache,changed,size_decoded,sha256,content_type,saved_as"
MODIFIED = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"


class Site:
    """Pages with validators; a page that is asked for on condition is not sent again until it changes."""

    def __init__(self) -> None:
        self.pages = {"/a": b"one", "/b": b"two"}
        self.tags = {"/a": '"1"', "/b": 'W/"1"'}
        self.asked: list[tuple[str, str]] = []
        self.odd: bytes | None = None

    def __call__(self, request: bytes) -> bytes:
        path = request.split(b" ")[1].decode()
        found = re.search(rb"If-None-Match: ([^\r]*)", request)
        self.asked.append((path, found[1].decode() if found else ""))
        if self.odd is not None:
            return self.odd
        if path not in self.pages:
            return ok(b"no", status="404 Not Found")
        tag = f"ETag: {self.tags[path]}"
        if found and found[1].decode() == self.tags[path]:
            return f"HTTP/1.1 304 Not Modified\r\n{tag}\r\n\r\n".encode()
        return ok(self.pages[path], tag, "Content-Type: text/plain")

    def change(self, path: str, body: bytes, tag: str = '"2"') -> None:
        self.pages[path], self.tags[path] = body, tag


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(path: str = "rows.jsonl") -> dict[str, dict[str, object]]:
    found = map(json.loads, Path(path).read_text().splitlines())
    return {re.sub(r"^http://[^/]*", "", row["url"]): row for row in found}


def fetch(*args: str) -> Result:
    return fetchcli(*args, "-q", "-o", "rows.jsonl", "--revalidate", "rows.jsonl")


def test_the_same_command_asks_only_for_what_changed(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        args = (server.url("/a"), server.url("/b"), "--save", "out/{name}")
        assert fetch(*args).code == 0
        first = rows()
        assert {(row["not_modified"], row["changed"]) for row in first.values()} == {(False, None)}
        assert fetch(*args).code == 0
        second = rows()
        for path, row in second.items():
            assert (row["verdict"], row["status"], row["not_modified"], row["changed"]) == ("OK", 304, True, False)
            for column in ("size_decoded", "sha256", "content_type", "saved_as", "size_saved", "header:etag"):
                assert row[column] == first[path][column]
        site.change("/b", b"three")
        assert fetch(*args).code == 0
        third = rows()
        assert (third["/a"]["not_modified"], third["/b"]["changed"], third["/b"]["status"]) == (True, True, 200)
        assert ((here / "out/a").read_bytes(), (here / "out/b").read_bytes()) == (b"one", b"three")
        assert sorted(site.asked[2:]) == [("/a", '"1"')] * 2 + [("/b", 'W/"1"')] * 2
        summary = fetchcli(*args, "--revalidate", "rows.jsonl")
        assert "2 accepted (2 not modified)" in summary.err
        assert "saved " not in summary.err


@pytest.mark.parametrize(
    "what", ["missing", "changed", "same size", "link", "other name", "container", "not saved before"]
)
def test_a_row_whose_file_is_not_there_is_fetched_in_full(what: str, here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        to = () if what == "not saved before" else ("--save", "out/{name}")
        assert fetch(server.url("/a"), *to).code == 0
        file = here / "out/a"
        if what == "missing":
            file.unlink()
        elif what == "changed":
            file.write_bytes(b"other size")
        elif what == "same size":
            file.write_bytes(b"eno")
        elif what == "link":
            file.rename(here / "elsewhere")
            file.symlink_to(here / "elsewhere")
        where = {"other name": "out/{seq}", "container": "all.zip"}.get(what, "out/{name}")
        again = fetch(server.url("/a"), "--save", where)
        assert [tag for _, tag in site.asked] == ["", ""]
        assert again.code == (8 if what == "link" else 0)
        assert rows()["/a"]["changed"] is (None if what == "link" else False)


def test_checks_that_need_the_response_ask_in_full(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        for check in ((), ("--expect-body", "one"), ("--expect-header", "ETag: exists"), ("--expect-size", "3")):
            assert fetch(server.url("/a"), *check).code == 0
        assert [tag for _, tag in site.asked] == ["", "", "", '"1"']
        assert fetch(server.url("/a"), "--expect-size", ">9").code == 6


def test_young_rows_are_not_asked_at_all(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        args = (server.url("/a"), "--save", "out/{name}")
        fetch(*args)
        result = fetchcli(*args, "--revalidate", "rows.jsonl", "--max-age", "1d", "-o", "new.jsonl")
        row = rows("new.jsonl")["/a"]
        assert (row["verdict"], row["from_cache"], row["not_modified"], row["attempts"]) == ("OK", True, False, 0)
        assert (row["saved_as"], row["status"], row["changed"]) == ("out/a", 200, False)
        assert str(row["started_at"])[:19] == str(rows()["/a"]["started_at"])[:19]
        assert "1 accepted (1 not asked again)" in result.err
        assert len(site.asked) == 1
        fetchcli(*args, "--revalidate", "new.jsonl", "--max-age", "1ms", "-q")
        fetchcli(*args, "--revalidate", "new.jsonl", "--max-age", "1d", "-q", "--expect-size", "3")
        assert [tag for _, tag in site.asked[1:]] == ['"1"', '"1"']


def test_only_what_changed_is_written_and_saved(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        urls = [server.url(path) for path in ("/a", "/b", "/c")]
        fetch(*urls)
        site.change("/a", b"new")
        site.tags["/b"] = '"9"'  # another validator, the same body
        args = (*urls, server.url("/b?new"), "--revalidate", "rows.jsonl", "--only-changed")
        done = fetchcli(*args, "-q", "-w", "%{url} %{changed}\n", "--save", "out/{name}{query}")
        assert done.code == 5
        found = sorted(line.removeprefix(server.url("")) for line in done.lines)
        assert found == ["/a true", "/b?new ", "/c "]
        assert sorted(path.name for path in (here / "out").iterdir()) == ["a"]
        refused = fetchcli(*args, "-o", "rows.jsonl")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "--only-changed would drop the other rows of rows.jsonl" in refused.err


def test_changes_since_a_baseline(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        fetchcli(server.url("/a"), server.url("/b"), "-q", "-o", "base.jsonl")
        site.change("/a", b"new")
        done = fetchcli(
            server.url("/a"),
            server.url("/b"),
            "-q",
            "--baseline",
            "base.jsonl",
            "-w",
            "%{url} %{changed}\n",
            "--ordered",
        )
        assert [line.split(" ")[1] for line in done.lines] == ["true", "false"]
        assert {tag for _, tag in site.asked} == {""}


@pytest.mark.parametrize(
    ("answer", "code", "error"),
    [
        (b'HTTP/1.1 304 Not Modified\r\nETag: "9"\r\n\r\n', 5, "304, which does not match the conditions sent"),
        (b"HTTP/1.1 304 Not Modified\r\n" + MODIFIED.encode() + b"\r\n\r\n", 5, "304, which does not match"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\none", 0, ""),
        (ok(b"busy", status="503 Service Unavailable"), 5, "expected 200..399, got 503"),
    ],
)
def test_odd_answers_to_a_conditional_request(answer: bytes, code: int, error: str, here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        fetch(server.url("/a"), "--save", "a")
        site.odd = answer
        done = fetchcli(server.url("/a"), "-q", "--revalidate", "rows.jsonl", "--save", "a")
        assert done.code == code, done.out
        assert error in done.out
        assert (here / "a").read_bytes() == b"one"


def test_a_304_to_a_first_request_is_a_failure(here: Path) -> None:
    site = Site()
    site.odd = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    with recorder(site) as server:
        done = fetchcli(server.url("/a"), "-q", "--save", "a", "--save-on", "all")
        assert done.code == 5
        assert not (here / "a").exists()
        assert fetchcli(server.url("/a"), "-q", "-H", 'If-None-Match: "x"').code == 0


def test_conditions_go_to_the_url_that_answered(here: Path) -> None:
    site = Site()

    def answer(request: bytes) -> bytes:
        if request.startswith(b"GET /old "):
            assert b"If-None-Match" not in request
            return ok(b"", "Location: /a", status="301 Moved Permanently")
        return site(request)

    with recorder(answer) as server:
        for _ in range(2):
            assert fetch(server.url("/old")).code == 0
        assert [tag for _, tag in site.asked] == ["", '"1"']
        assert rows()["/old"]["not_modified"] is True


def test_headers_of_the_row_matter(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        for accept in ("text/plain", "text/plain", "text/html"):
            row = {"url": server.url("/a"), "headers": {"Accept": accept}}
            (here / "list.jsonl").write_text(json.dumps(row) + "\n")
            assert fetch("list.jsonl").code == 0
        assert [tag for _, tag in site.asked] == ["", '"1"', ""]


def test_headers_and_credentials_of_the_run_matter(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        for more in ((), ("-H", "Accept-Language: fr"), ("-u", "me:secret"), ("-A", "another browser")):
            args = (server.url("/a"), "--revalidate", "rows.jsonl", "--max-age", "1d", "-q", *more)
            fetchcli(*args, "-o", "new.jsonl" if more else "rows.jsonl")
        assert len(site.asked) == 3  # not for another browser


def test_an_interrupted_run_keeps_the_older_results(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        Path("urls.txt").write_text("".join(f"{server.url('/a')}?{number}\n" for number in range(300)))
        fetch(server.url("/a"))
        before = Path("rows.jsonl").read_bytes()
        process = start("urls.txt", "-q", "-o", "rows.jsonl", "--revalidate", "rows.jsonl", "--rate", "50/s")
        until(lambda: len(site.asked) > 5, "requests", process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert process.returncode == 130
        assert b"rows.jsonl is as before, because the run was cut short; its rows are in rows.jsonl.partial" in err
        assert Path("rows.jsonl").read_bytes() == before
        assert len(Path("rows.jsonl.partial").read_text().splitlines()) >= 1


@pytest.mark.parametrize("text", ["garbage", "[1,2", '{"url": 3}', '{"url": "http://a/"}', '{"seq": 2, "url'])
def test_a_file_without_results_is_refused(text: str, here: Path) -> None:
    (here / "bad.jsonl").write_text(f"{text}\n")
    refused = fetchcli("http://127.0.0.1:1/", "--revalidate", "bad.jsonl", "-o", "bad.jsonl")
    reason = "not a row of a results file; make one with -o jsonl:FILE"
    assert (refused.code, refused.err) == (3, f"fetchcli: --revalidate bad.jsonl:1: {reason}\n")
    assert (here / "bad.jsonl").read_text() == f"{text}\n"


def test_csv_results_serve_too_and_files_without_the_columns_are_refused(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        for _ in range(2):
            done = fetchcli(server.url("/a"), "-q", "-o", "rows.csv", "--revalidate", "rows.csv")
            assert done.code == 0, done.err
        assert [tag for _, tag in site.asked] == ["", '"1"']
        fetchcli(server.url("/a"), "-q", "-o", "few.csv", "--columns", "url,verdict")
        refused = fetchcli(server.url("/a"), "-q", "--revalidate", "few.csv")
        assert (refused.code, refused.err.count("\n")) == (3, 1)
        assert "--revalidate few.csv" in refused.err
        assert "it lacks columns; make it with --revalidate or --save" in refused.err
        assert fetchcli(server.url("/a"), "-q", "--revalidate", "-").code == 3
        missing = fetchcli(server.url("/a"), "-q", "--revalidate", "none.jsonl")
        assert missing.err == "fetchcli: --revalidate none.jsonl: no such file yet, so every row is fetched\n"
        (here / "list.txt").write_text("http://127.0.0.1:9/\n")
        assert fetchcli(server.url("/a"), "-q", "--revalidate", "list.txt").code == 3


def test_a_kill_leaves_the_older_results(here: Path) -> None:
    site = Site()
    with recorder(site) as server:
        fetch(server.url("/a"))
        before = Path("rows.jsonl").read_bytes()
        Path("urls.txt").write_text("".join(f"{server.url('/a')}?{number}\n" for number in range(2000)))
        args = ("urls.txt", "-q", "-o", "rows.jsonl", "--revalidate", "rows.jsonl", "--rate", "200/s")
        process = start(*args)
        until(lambda: len(site.asked) > 20, "requests", process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert Path("rows.jsonl").read_bytes() == before
        second, asked = start(*args), len(site.asked)
        until(lambda: len(site.asked) > asked, "requests", second)
        third = fetch(server.url("/a"))
        assert (third.code, third.err) == (8, "fetchcli: rows.jsonl: another run is writing to it; use another file\n")
        second.send_signal(signal.SIGKILL)
        second.communicate()


@pytest.mark.needs_nginx
@pytest.mark.skipif(not installed(), reason="nginx is not installed")
def test_nginx_answers_304(here: Path) -> None:
    with nginx() as port:
        for status in (200, 304):
            assert fetch(f"http://127.0.0.1:{port}/page/", "--save", "page").code == 0
            assert [row["status"] for row in rows().values()] == [status]
