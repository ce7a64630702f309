"""--save and its relatives, through a real process."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.command import COMMAND, Result, at_terminal, fetchcli, start, until
from tests.support.listen import serve_each
from tests.support.recorder import Recorder, ok, recorder

BODIES = {"/": b"front", "/a": b"page", "/a/b.html": b"below", "/a/b.html?q=1": b"query", "/big": os.urandom(400_000)}
COLUMNS = "seq,verdict,status,error,error_detail,saved_as,size_saved,sha256"


def answer(request: bytes) -> bytes:
    target = request.split(b" ")[1].decode()
    if target == "/gz":
        return ok(gzip.compress(b"plain"), "Content-Encoding: gzip", "Content-Type: text/plain")
    if target == "/cd":
        return ok(b"x", "Content-Disposition: attachment; filename=\"../e\xefvil.sh\"; filename*=UTF-8''na%C3%AFve.txt")
    if target == "/escape":
        return ok(b"\x1b[31mred")
    if target == "/missing":
        return ok(b"not here", status="404 Not Found")
    return ok(BODIES.get(target, target.encode()), "Content-Type: text/html", 'ETag: "1"')


@pytest.fixture(scope="module")
def server() -> Iterator[Recorder]:
    with recorder(answer) as server:
        yield server


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names_in(path: str) -> list[str]:
    if path.endswith("zip"):
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    with tarfile.open(path) as tar:
        return tar.getnames()


def count_lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def rows(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.out.splitlines()]


def save(server: Recorder, *args: str, paths: tuple[str, ...] = tuple(BODIES)) -> Result:
    return fetchcli(*map(server.url, paths), "-q", "-o", "jsonl", "--ordered", "--columns", COLUMNS, *args)


def test_a_folder(server: Recorder, here: Path) -> None:
    found = rows(save(server, "--save", "out/"))
    host = f"127.0.0.1+{server.port}"
    names = ["index.html", "a/index.html", "a/b.html", "a/b.html@q=1", "big"]
    assert [row["saved_as"] for row in found] == [f"out/{host}/{name}" for name in names]
    for row, body in zip(found, BODIES.values(), strict=True):
        assert (here / str(row["saved_as"])).read_bytes() == body
        assert row["size_saved"] == len(body)
    assert [path.name for path in (here / "out").iterdir()] == [host]


def test_names_are_given_by_a_template_or_by_the_url_or_by_the_server(server: Recorder, here: Path) -> None:
    assert [row["saved_as"] for row in rows(save(server, "--save", "o/{seq:03}{ext}", paths=("/a", "/gz")))] == [
        "o/001.html",
        "o/002.txt",
    ]
    assert [row["saved_as"] for row in rows(save(server, "-O", paths=("/", "/a/b.html")))] == ["index.html", "b.html"]
    (row,) = rows(save(server, "-OJ", "--output-dir", "d/e", "--create-dirs", paths=("/cd",)))
    assert row["saved_as"] == "d/e/na\xefve.txt"
    (row,) = rows(save(server, "--save", str(here / "abs" / "x"), paths=("/a",)))
    assert row["saved_as"] == "abs/x"
    with tempfile.TemporaryDirectory() as elsewhere:
        (row,) = rows(save(server, "--save", f"{elsewhere}/x", paths=("/a",)))
        assert row["saved_as"] == f"{elsewhere}/x"
        assert Path(f"{elsewhere}/x").read_bytes() == b"page"


def test_the_columns_of_saved_bodies_are_default_ones(server: Recorder, here: Path) -> None:
    (row,) = rows(fetchcli(server.url("/a"), "-q", "-o", "jsonl", "--save", "x"))
    assert list(row)[-5:] == ["saved_as", "size_saved", "header:etag", "header:last-modified", "variant"]
    assert (row["saved_as"], row["size_saved"], row["header:etag"]) == ("x", 4, '"1"')
    (row,) = rows(fetchcli(server.url("/a"), "-q", "-o", "jsonl"))
    assert "saved_as" not in row
    text = fetchcli(server.url("/a"), "-q", "--save", "x", "-w", "%{saved_as} %{size_saved}\n")
    assert text.out == "x 4\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--save", "x"), "--save x: one file takes one row, and there are more; write x/ for a folder"),
        (("--save", "{hsot}"), "--save: no field is named {hsot}; did you mean {host}?"),
        (("--save", "a/{seq}/../x"), "'..' after the first field would leave the folder"),
        (("--save", "x/", "-O"), "--save and --remote-name cannot be combined"),
        (("-J",), "--remote-header-name requires --remote-name"),
        (("--fsync",), "--fsync requires --save or --remote-name"),
        (("--save", "{seq}{ext}", "--skip-existing"), "--skip-existing requires names that are known before"),
        (("--save", "x.zip", "--no-clobber"), "--no-clobber requires files, not a container or stdout"),
        (("--save", "x.zip", "--skip-existing"), "--skip-existing: without -C - x.zip is written anew; add -C -"),
        (("--save", "x.warc", "--skip-existing", "-C", "-"), "--skip-existing requires files, a zip or a tar"),
        (("--save", "-", "-R"), "--remote-time and --continue-at require files or a container"),
        (("--save", "-", "-o", "jsonl"), "two outputs (-o, -w, --save) write to stdout"),
        (("--save", "x/", "-C", "100"), "--continue-at: expected -, not '100'"),
        (("--save", "-", "-C", "-"), "--remote-time and --continue-at require files or a container"),
        (("--save", "x/", "--no-clobber", "--skip-existing"), "cannot be combined"),
    ],
)
def test_what_makes_no_sense(args: tuple[str, ...], said: str, server: Recorder, here: Path) -> None:
    before = len(server.requests)
    refused = fetchcli(server.url("/a"), server.url("/b"), *args)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert said in refused.err
    assert len(server.requests) == before
    assert not list(here.iterdir())


def test_a_folder_that_cannot_be_made(server: Recorder, here: Path) -> None:
    (here / "file").write_text("x")
    refused = fetchcli(server.url("/a"), "--save", "file/x/")
    reason = "it is not a folder, or is inside a file; save elsewhere"
    assert (refused.code, refused.err) == (8, f"fetchcli: --save file/x/: {reason}\n")
    (here / "d").mkdir()
    (here / "d/.fetchcli").write_text("x")
    refused = fetchcli(server.url("/a"), "--save", "d/")
    reason = ".fetchcli in it is not a folder; remove it or save elsewhere"
    assert (refused.code, refused.err) == (8, f"fetchcli: --save d/: {reason}\n")


def test_no_file_that_the_run_reads_or_writes_is_replaced(server: Recorder, here: Path) -> None:
    (here / "urls.txt").write_text(f"{server.url('/urls.txt')}\n{server.url('/rows.jsonl')}\n{server.url('/link')}\n")
    os.link(here / "urls.txt", here / "link")
    result = fetchcli("urls.txt", "-q", "-O", "-o", "rows.jsonl", "--columns", "saved_as,error_detail")
    found = [json.loads(line) for line in (here / "rows.jsonl").read_text().splitlines()]
    assert result.code == 8
    assert (here / "urls.txt").read_text().startswith("http://")
    names = sorted(str(row["saved_as"]) for row in found)
    assert [name[:4] for name in names] == ["None", "rows", "urls"]
    assert {row["error_detail"] for row in found} == {None, "cannot write link: the run reads or writes this file"}


def test_redirections_of_the_shell_are_not_replaced_either(server: Recorder, here: Path) -> None:
    (here / "urls.txt").write_text(f"{server.url('/urls.txt')}\n{server.url('/rows.txt')}\n")
    line = 'exec "$@" < urls.txt > rows.txt'
    done = subprocess.run(["bash", "-c", line, "_", *COMMAND, "-", "-q", "-O"], capture_output=True, check=False)
    assert done.returncode == 8
    assert (here / "urls.txt").read_text().startswith("http://")
    assert (here / "rows.txt").read_text().count("the run reads or writes this file") == 2


def test_a_run_that_cannot_start_leaves_an_older_container(server: Recorder, here: Path) -> None:
    assert fetchcli(server.url("/a"), "-q", "--save", "all.zip").code == 0
    before = (here / "all.zip").read_bytes()
    assert fetchcli(server.url("/a"), "-q", "--save", "all.zip", "-o", "none/rows.jsonl").code == 8
    assert (here / "all.zip").read_bytes() == before


def test_an_interruption_is_prompt_while_parts_are_looked_for(server: Recorder, here: Path) -> None:
    (here / "urls.txt").write_text("".join(f"{server.url('/a')}?{number}\n" for number in range(3000)))
    written = here / "rows.jsonl"
    process = start("urls.txt", "-q", "-C", "-", "--save", "out/", "-o", "rows.jsonl")
    until(lambda: count_lines(written) >= 100, "rows", process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    process.communicate()


def test_stdout_takes_bodies_in_order_and_rows_go_elsewhere(server: Recorder, here: Path) -> None:
    urls = [server.url(path) for path in BODIES]
    done = subprocess.run(
        [*COMMAND, *urls, "--save", "-", "--ordered", "-o", "rows.jsonl"], capture_output=True, check=True
    )
    assert done.stdout == b"".join(BODIES.values())
    assert b"accepted" in done.stderr
    assert len((here / "rows.jsonl").read_text().splitlines()) == len(BODIES)


def test_a_part_that_was_not_asked_for_is_no_success(here: Path) -> None:
    part = ok(b"hell", "Content-Range: bytes 0-3/9999", status="206 Partial Content")
    with recorder(part) as server:
        done = fetchcli(server.url("/a"), "-q", "--save", "a")
        assert done.code == 5
        assert "206, though no range was asked for" in done.out
        assert not (here / "a").exists()
        assert fetchcli(server.url("/a"), "-q", "--save", "a", "-r", "0-3").code == 0


def test_binary_content_is_not_written_to_a_terminal(server: Recorder, here: Path) -> None:
    shown = at_terminal(server.url("/a"), "-q", "--save", "-")
    assert (shown.code, shown.out) == (0, "page")
    refused = at_terminal(server.url("/escape"), "--save", "-", columns=200)
    assert refused.code == 8
    assert "binary content is not written to a terminal; redirect stdout, or write --save FILE" in refused.out
    assert "\x1b[31mred" not in refused.out


def test_a_reader_that_leaves_ends_the_run(server: Recorder) -> None:
    process = start(*[server.url("/big")] * 30, "--save", "-", "-c", "2")
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(timeout=20) == 8
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_dry_run_shows_the_names(server: Recorder, here: Path) -> None:
    before = len(server.requests)
    shown = fetchcli(server.url("/a"), server.url("/a/b"), "--dry-run", "--save", "out/")
    host = f"out/127.0.0.1+{server.port}"
    assert shown.lines[:2] == [f"{host}/a/index.html\t{server.url('/a')}", f"{host}/a/b\t{server.url('/a/b')}"]
    late = fetchcli(server.url("/a"), "--dry-run", "--save", "{sha256}{ext}")
    assert late.lines[0] == f"(sha256)(ext)\t{server.url('/a')}"
    assert len(server.requests) == before
    assert not list(here.iterdir())


def test_the_summary_says_what_was_saved(server: Recorder, here: Path) -> None:
    shown = fetchcli(server.url("/a"), server.url("/missing"), "--save", "out/", "--save-on", "all")
    assert "saved     2 bodies, 12 B" in shown.err


def test_a_configuration_file_that_was_found_saves_below_its_folder_only(server: Recorder, here: Path) -> None:
    inside, outside = here / "inside", here / "outside"
    inside.mkdir()
    for value, code in (("out/{seq}", 0), (f"{outside}/", 2), ("../outside/{seq}", 2)):
        (inside / "fetchcli.toml").write_text(f'save = "{value}"\n')
        done = fetchcli(server.url("/a"), "-q", env={"FETCHCLI_NO_CONFIG": ""}, cwd=inside)
        assert done.code == code, done.err
    assert (inside / "out" / "1").read_bytes() == b"page"
    assert not outside.exists()


def test_a_file_that_grows_too_large_is_a_failure_of_its_row(server: Recorder, here: Path) -> None:
    command = [
        *COMMAND,
        server.url("/big"),
        server.url("/a"),
        "-q",
        "--ordered",
        "-w",
        "%{error} %{saved_as}\n",
    ]
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 64; exec "$@"', "_", *command, "--save", "out/{name}"],
        capture_output=True,
        check=False,
    )
    assert (limited.returncode, limited.stdout) == (8, b"write \n out/a\n")
    assert [path.name for path in (here / "out").iterdir()] == ["a"]


@contextmanager
def closing_recorder(answer: Callable[[bytes], bytes]) -> Iterator[str]:
    """A server that closes the connection after each answer; yields its URL."""

    def serve(connection: socket.socket) -> None:
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                if not (data := connection.recv(65536)):
                    return
                request += data
            connection.sendall(answer(request))

    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        serve_each(listener, serve)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


class Cutting:
    """Answers with the rest of a body, and closes after `cut` bytes of it."""

    def __init__(self, cut: int) -> None:
        self.cut, self.sent, self.ranges = cut, 0, [""]
        self.body = os.urandom(300_000)

    def __call__(self, request: bytes) -> bytes:
        found = re.search(rb"\r\nRange: bytes=(\d+)-\r\nIf-Range: \"1\"\r\n", request)
        start = int(found[1]) if found else 0
        self.ranges.append(str(start))
        part = f"Content-Range: bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        reply = ok(self.body[start:], "Accept-Ranges: bytes", 'ETag: "1"', *([part] if found else []))
        if found:
            reply = reply.replace(b"200 OK", b"206 Partial Content", 1)
        assert b"Accept-Encoding: identity" in request or self.cut == 50_000
        kept = reply[: reply.index(b"\r\n\r\n") + 4 + self.cut]
        self.sent += min(self.cut, len(self.body) - start)
        return kept


def test_a_body_that_is_cut_off_goes_on_in_the_next_attempt(here: Path) -> None:
    server = Cutting(50_000)
    with closing_recorder(server) as url:
        (row,) = rows(fetchcli(url, "-q", "-o", "jsonl", "--save", "x", "--retry", "9", "--retry-delay", "1ms"))
    assert (row["verdict"], row["attempts"], row["resumed_from"], row["saved_as"]) == ("OK", 6, 250_000, "x")
    assert (here / "x").read_bytes() == server.body
    assert server.sent == len(server.body)


def test_a_body_that_is_cut_off_goes_on_in_the_next_run(here: Path) -> None:
    server = Cutting(100_001)
    with closing_recorder(server) as url:
        for run in range(1, 4):
            result = fetchcli(url, "-q", "-C", "-", "--save", "out/{name}x", "--retry", "0")
            assert result.code == (0 if run == 3 else 4), result.err
            left = sorted(path.suffix for path in (here / "out" / ".fetchcli").glob("*"))
            assert left == ([] if run == 3 else [".json", ".part"])
    assert server.ranges[1:] == ["0", "100001", "200002"]
    assert (here / "out" / "index.htmlx").read_bytes() == server.body
    assert [path.name for path in (here / "out").iterdir()] == ["index.htmlx"]


def test_what_was_kept_of_another_version_is_not_mixed_in(here: Path) -> None:
    server = Cutting(100_000)
    with closing_recorder(server) as url:
        assert fetchcli(url, "-q", "-C", "-", "--save", "x", "--retry", "0").code == 4
        server.body = os.urandom(90_000)  # shorter than what was kept
        assert fetchcli(url, "-q", "-C", "-", "--save", "x", "--retry", "0").code == 0
        assert (here / "x").read_bytes() == server.body
    for damage in (b"", b"{", b'{"status": 200}'):
        with closing_recorder(Cutting(100_000)) as url:
            assert fetchcli(url, "-q", "-C", "-", "--save", "y", "--retry", "0").code == 4
            (about,) = (here / ".fetchcli").glob("*.json")
            about.write_bytes(damage)
        server = Cutting(10**6)
        with closing_recorder(server) as url:
            assert fetchcli(url, "-q", "-C", "-", "--save", "y", "--retry", "0").code == 0
        assert (here / "y").read_bytes() == server.body
        for left in (here / ".fetchcli").glob("*"):
            left.unlink()


def scripted(*replies: bytes) -> Callable[[bytes], bytes]:
    """The replies in order."""
    left = list(replies)
    return lambda _: left.pop(0)


RETRY = ("--retry", "3", "--retry-delay", "10ms", "-m", "2s")


def test_two_versions_of_a_body_are_not_mixed(here: Path) -> None:
    """Two servers behind one name: the second has another version, and no ranges."""
    first, second = os.urandom(200_000), os.urandom(200_000)
    ranges = ("Accept-Ranges: bytes", 'ETag: "a"')
    rest = ok(first[100_000:], *ranges, "Content-Range: bytes 100000-199999/200000", status="206 Partial Content")
    whole = ok(second, 'ETag: "b"')
    replies = scripted(ok(first, *ranges)[:-100_000], whole[:-140_000])
    left = [2]

    def answer(request: bytes) -> bytes:
        left[0] -= 1
        return replies(request) if left[0] >= 0 else rest if b"\r\nRange: " in request else whole

    with closing_recorder(answer) as url:
        assert fetchcli(url, "-q", "-C", "-", "--save", "x", "--retry", "0").code == 4
        ran = fetchcli(url, "-q", "-C", "-", "--save", "x", *RETRY, "-o", "jsonl")
    assert (here / "x").read_bytes() in (first, second)
    row = json.loads(ran.out)
    assert (row["verdict"], row["size_saved"]) == ("OK", 200_000)
    assert row["sha256"] == sha256((here / "x").read_bytes()).hexdigest()


def test_checks_see_what_was_left_once(here: Path) -> None:
    body = b'{"ok": true, "pad": "' + b"x" * 70_000 + b'"}'
    ranges = ("Accept-Ranges: bytes", 'ETag: "a"')
    content_range = f"Content-Range: bytes {len(body) - 500}-{len(body) - 1}/{len(body)}"
    rest = ok(body[-500:], *ranges, content_range, status="206 Partial Content")
    busy = ok(b"busy", status="503 Service Unavailable")
    with closing_recorder(scripted(ok(body, *ranges)[:-500], busy, rest)) as url:
        assert fetchcli(url, "-q", "-C", "-", "--save", "x", "--retry", "0").code == 4
        ran = fetchcli(url, "-q", "-C", "-", "--save", "x", *RETRY, "--expect-json", "ok == true")
    assert ran.code == 0, ran.out
    assert (here / "x").read_bytes() == body


def test_an_interrupted_run_keeps_what_came(here: Path) -> None:
    body = os.urandom(400_000)
    half = ok(body, "Accept-Ranges: bytes", 'ETag: "1"')[: -len(body) // 2]  # the rest never comes
    with recorder(half) as server:
        for number in (signal.SIGINT, signal.SIGKILL):
            folder = here / number.name
            process = start(server.url("/big"), "-q", "-C", "-", "-O", "--output-dir", number.name)
            until(lambda folder=folder: list(folder.glob(".fetchcli/*.part")), "a part", process)  # type: ignore[misc]
            process.send_signal(number)
            process.communicate()
            (part,) = folder.glob(".fetchcli/*.part")
            assert body.startswith(part.read_bytes())


@pytest.mark.parametrize("name", ["all.zip", "all.tar"])
def test_what_a_container_has_is_not_fetched_again(name: str, server: Recorder, here: Path) -> None:
    urls = [server.url(path) for path in ("/a", "/a", "/missing", "/b")]
    assert fetchcli(*urls[:3], "-q", "--save", name).code == 5
    before = len(server.requests)
    ran = fetchcli(*urls, "-q", "--save", name, "-C", "-", "--skip-existing", "-o", "jsonl", "--ordered")
    rows = [json.loads(line) for line in ran.lines]
    assert [row["verdict"] for row in rows] == ["SKIPPED", "SKIPPED", "FAILED", "OK"]
    assert rows[0]["note"] == f"{name}: 127.0.0.1+{server.url('/').split(':')[2]}a exists (--skip-existing)"
    assert len(server.requests) == before + 2
    assert len(names_in(name)) == 3


@pytest.mark.parametrize("name", ["all.zip", "all.tar", "all.warc"])
def test_a_container_is_written_through_no_link(name: str, server: Recorder, here: Path) -> None:
    (here / "victim").write_text("mine")
    (here / name).symlink_to("victim")
    refused = fetchcli(server.url("/a"), "--save", name)
    reason = "a symbolic link, which is not followed; remove it or save elsewhere"
    assert (refused.code, refused.err) == (8, f"fetchcli: --save {name}: {reason}\n")
    assert (here / "victim").read_text() == "mine"


@pytest.mark.parametrize("name", ["all.zip", "all.tar", "all.warc", "all.warc.gz"])
@pytest.mark.parametrize("size", [5, 5000])
def test_a_file_of_somebody_else_is_not_continued(name: str, size: int, server: Recorder, here: Path) -> None:
    (here / name).write_text("x" * size)
    refused = fetchcli(server.url("/a"), "--save", name, "-C", "-")
    assert refused.code == 8
    assert refused.err.startswith(f"fetchcli: --save {name}: not a ")
    assert (here / name).read_text() == "x" * size


def test_a_container_goes_on_after_its_last_whole_member(server: Recorder, here: Path) -> None:
    for path in ("all.zip", "all.tar"):
        assert fetchcli(server.url("/a"), "-q", "--save", path).code == 0
        (here / path).write_bytes((here / path).read_bytes() + b"torn")
        assert fetchcli(server.url("/a"), server.url("/b"), "-q", "-C", "-", "--save", path).code == 0
        names = names_in(path)
        assert len(names) == 3
        assert any(re.search(r"/a-[0-9a-f]{16}$", name) for name in names[1:])


def test_nothing_partial_is_left_by_a_kill(here: Path) -> None:
    """Twelve kills at any moment: what rows say is saved is there, whole, and nothing else has a final name."""
    bodies = {f"/{number}": os.urandom(20 + 40_000 * (number % 8)) for number in range(400)}
    hashes = {sha256(body).hexdigest() for body in bodies.values()}
    written, out = here / "rows.jsonl", here / "out"
    with recorder(lambda request: ok(bodies[request.split(b" ")[1].decode()])) as server:
        (here / "urls.txt").write_text("".join(f"{server.url(path)}\n" for path in bodies))
        for size in range(0, 60_000, 5000):
            written.unlink(missing_ok=True)
            process = start("urls.txt", "-q", "-c", "8", "--save", "out/", "-o", "rows.jsonl", "--limit-rate", "20M")
            until(lambda size=size: written.exists() and written.stat().st_size >= size, "rows", process)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            process.communicate()
            for line in written.read_bytes().split(b"\n")[:-1]:
                row = json.loads(line)
                assert sha256((here / row["saved_as"]).read_bytes()).hexdigest() == row["sha256"]
            final = [path for path in out.rglob("*") if path.is_file() and ".fetchcli" not in path.parts]
            assert {sha256(path.read_bytes()).hexdigest() for path in final} <= hashes
        done = fetchcli("urls.txt", "-q", "--save", "out/")
        assert done.code == 0
        assert [path.name for path in out.iterdir()] == [f"127.0.0.1+{server.port}"]
