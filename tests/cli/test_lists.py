"""Every kind of list through the real command: formats, selection, sitemaps on the web, results as input."""

import bz2
import csv
import gzip
import json
import lzma
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from backports import zstd

from tests.inputs.test_sitemap import URLSET
from tests.support.command import Result, fetchcli, start
from tests.support.faults import FaultServer
from tests.support.recorder import Recorder, ok, recorder, see


@pytest.fixture
def site() -> Iterator[Recorder]:
    """A site with a sitemap index, its children in all forms, and pages."""
    pages: dict[bytes, bytes] = {}

    def answer(request: bytes) -> bytes:
        return pages.get(request.split(b" ")[1], ok())

    with recorder(answer) as server:
        here = server.url()[:-1]
        index = "".join(
            f"<sitemap><loc>{here}/{name}</loc></sitemap>" for name in ("one.xml.gz", "two.txt", "gone.xml", "moved")
        )
        head = '<?xml version="1.0"?>\n'
        one = URLSET.replace(b"http://www.example.com", here.encode())
        pages[b"/index.xml"] = ok(
            f'{head}<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{index}</sitemapindex>'.encode()
        )
        pages[b"/one.xml.gz"] = ok(gzip.compress(one), "Content-Type: application/gzip")
        pages[b"/two.txt"] = ok(f"{here}/text\n".encode())
        pages[b"/gone.xml"] = ok(status="404 Not Found")
        pages[b"/moved"] = see("/three.xml")
        pages[b"/three.xml"] = ok(
            f"{head}<urlset><url><loc>{here}/deep</loc></url></urlset>".encode(), "Content-Encoding: identity"
        )
        yield server


def rows_of(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.lines]


def test_a_sitemap_index_with_everything_under_it(site: Recorder, tmp_path: Path) -> None:
    result = fetchcli(
        site.url("/index.xml"),
        "--input-format",
        "sitemap",
        "-q",
        "-o",
        "jsonl",
        "--ordered",
        "-H",
        "X-Key: k",
        "-d",
        "x",
    )
    assert [(row["url"], row["status"]) for row in rows_of(result)] == [
        (site.url(path), 200)
        for path in ("/", "/catalog?item=12&desc=vacation_hawaii", "/catalog?item=73&desc=x", "/text", "/deep")
    ]
    assert (result.code, result.err) == (3, f"fetchcli: {site.url('/gone.xml')}: status 404\n")
    assert rows_of(result)[0]["source"] == site.url("/one.xml.gz")
    # The lists are asked for as lists; the rows as the options say.
    methods = {request.split(b" ")[1]: request.split(b" ")[0] for request in site.requests}
    assert {methods[path] for path in (b"/index.xml", b"/one.xml.gz", b"/two.txt", b"/gone.xml", b"/moved")} == {b"GET"}
    assert {methods[path] for path in (b"/", b"/text", b"/deep")} == {b"POST"}
    assert all(b"\r\nX-Key: k\r\n" in request for request in site.requests)

    listing = tmp_path / "sitemap.xml"
    listing.write_text(f"<sitemapindex><sitemap><loc>{site.url('/two.txt')}</loc></sitemap></sitemapindex>")
    assert fetchcli(str(listing), "-q", "-w", "%{url} ").out == site.url("/text ")
    planned = fetchcli(str(listing), "--dry-run")
    assert (planned.code, planned.lines[0]) == (3, "0 rows: 0 to fetch from 0 hosts, 0 duplicates included; 0 invalid")
    assert "two.txt: not fetched (--dry-run and --print-curl fetch nothing)" in planned.err


def test_a_list_from_the_web_says_where_to_go_and_nothing_else(tmp_path: Path) -> None:
    """Whoever serves it must not get at files and secrets of this machine."""
    (tmp_path / "private").write_text("private data")
    rows: list[bytes] = []

    def answer(request: bytes) -> bytes:
        return ok(rows[0]) if b"GET /list" in request else ok()

    with recorder(answer) as server:
        row = {"url": server.url("/collect"), "body_file": str(tmp_path / "private"), "headers": {"X": "${MYSECRET}"}}
        rows.append(json.dumps(row).encode())
        index = f"<sitemapindex><sitemap><loc>{server.url('/list.jsonl')}</loc></sitemap></sitemapindex>"
        (tmp_path / "sitemap.xml").write_text(index)
        result = fetchcli("sitemap.xml", "--expand-env", "rows", "-q", cwd=tmp_path, env={"MYSECRET": "hunter2"})
        assert result.code == 3
        assert server.targets == ["/list.jsonl"]


def test_a_part_of_a_sitemap_is_no_sitemap() -> None:
    body = b"http://127.0.0.1:1/a\nhttp://127.0.0.1:1/b\n"
    with recorder(
        lambda request: ok(body[:30], status="206 Partial Content") if b"Range" in request else ok(body)
    ) as site:
        args = (site.url("/s.txt"), "--input-format", "sitemap", "-r", "0-29", "-q", "-w", "%{url} ")
        assert fetchcli(*args).out == "http://127.0.0.1:1/a http://127.0.0.1:1/b "
        assert site.header("range", 0) is None


def test_a_sitemap_is_fetched_under_the_same_policy(site: Recorder) -> None:
    blocked = fetchcli(site.url("/index.xml"), "--input-format", "sitemap", "--block-private", "-q")
    assert (blocked.code, site.requests) == (3, [])
    assert "index.xml: blocked: " in blocked.err
    large = fetchcli(site.url("/index.xml"), "--input-format", "sitemap", "--max-filesize", "100", "-q")
    assert "index.xml: too_large: " in large.err


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_lists_by_content_from_files_and_stdin(faults: FaultServer, tmp_path: Path, compress: type) -> None:
    data = compress(f"url;tag\r\n{faults.url('ok')};a\r\n{faults.url('gzip')};b\r\n".encode())
    (tmp_path / "list").write_bytes(data)
    template = ("-q", "--ordered", "-w", "%{http_code} %{tag} %{line}\\n")
    assert fetchcli("list", *template, cwd=tmp_path).out == "200 a 2\n200 b 3\n"
    assert fetchcli(*template, stdin=data).out == "200 a 2\n200 b 3\n"


def test_columns_are_kept(faults: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"url,owner,when\n{faults.url('ok')},=me,\nftp://x,you,now\n")
    args = ("x.csv", "--keep", "owner", "--keep", "when", "-q", "--ordered")
    result = fetchcli(*args, "-o", "jsonl", "-o", "out.csv", cwd=tmp_path)
    assert [(row["owner"], row["when"], row["verdict"]) for row in rows_of(result)] == [
        ("=me", "", "OK"),
        ("you", "now", "REJECTED"),
    ]
    header, first, _ = (tmp_path / "out.csv").read_text().splitlines()
    assert header.endswith("request,expect,round,key,owner,when")
    assert first.endswith(",'=me,")
    assert fetchcli(*args, "-w", "%{owner},", cwd=tmp_path).out == "=me,you,"


def test_results_are_a_list_and_only_the_failed_can_be_fetched_again(faults: FaultServer, tmp_path: Path) -> None:
    listing = [
        {"url": faults.url("ok"), "tag": "fine"},
        {"url": faults.url("escape-codes"), "method": "PUT", "headers": {"X-A": "1"}, "body": "x", "tag": "bad"},
        {"url": faults.url("empty")},
        {"url": "nothing"},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in listing))
    args = ("-q", "--ordered")
    assert fetchcli("in.jsonl", *args, "-o", "out.jsonl", cwd=tmp_path).code == 3
    again = rows_of(fetchcli("out.jsonl", *args, "-o", "jsonl", cwd=tmp_path))
    first = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    for one, other in zip(again[:3], first, strict=False):
        assert all(one[name] == other[name] for name in ("url", "method", "tag", "status", "verdict"))
    assert again[1]["request"] == {"method": "PUT", "headers": [["X-A", "1"]], "body": "x"}
    failed = fetchcli("out.jsonl", "--only-failed", *args, "-o", "failed.csv", "-w", "%{tag}|%{url}\\n", cwd=tmp_path)
    assert failed.out == f"bad|{faults.url('escape-codes')}\n|{faults.url('empty')}\n|nothing\n"
    assert fetchcli("failed.csv", *args, "-w", "%{method}:%{tag},", cwd=tmp_path).out == "PUT:bad,GET:,:,"


def test_a_strict_list_stops_at_the_first_bad_row(faults: FaultServer) -> None:
    data = f"{faults.url('ok')}\nftp://x\n{faults.url('ok')}\n".encode()
    result = fetchcli("-", "--strict-input", "-q", "--ordered", "-w", "%{verdict} ", stdin=data)
    assert (result.code, result.out) == (3, "OK REJECTED ")
    assert result.err == (
        "fetchcli: stdin:2: the scheme is 'ftp', not http or https; the rest was not read (--strict-input)\n"
    )


def test_duplicates_are_skipped_and_counted(faults: FaultServer) -> None:
    data = f"{faults.url('ok')}\n{faults.url('ok')}#x\n{faults.url('gzip')}\n".encode()
    result = fetchcli("-", "--dedupe", "--ordered", "-w", "%{verdict}:%{note}\\n", stdin=data)
    assert result.code == 0
    assert result.lines == ["OK:", "SKIPPED:the same URL, method and expectations as an earlier row (--dedupe)", "OK:"]
    assert "2 accepted, 1 skipped" in result.err


def test_what_was_left_out_is_said(faults: FaultServer) -> None:
    data = f"{faults.url('ok')}\n{faults.url('gzip')}\n{faults.url('empty')}\n".encode()
    result = fetchcli("-", "--exclude", "gzip|empty", "-w", "%{seq} ", stdin=data)
    assert (result.code, result.out) == (0, "1 ")
    assert "2 rows left out" in result.err
    none = fetchcli("-", "--include", "nothing", stdin=data)
    assert (none.code, none.err) == (3, "fetchcli: none of the 3 rows was selected (--allow-empty accepts that)\n")
    nothing = fetchcli("-", "--limit", "0", stdin=data)
    assert (nothing.code, "--limit 0 and --sample 0 leave no row" in nothing.err) == (3, True)
    sampled = fetchcli("-", "--sample", "2", "--seed", "1", "--ordered", "-q", "-w", "%{seq}", stdin=data)
    assert sampled.out == "12"
    shuffled = fetchcli("-", "--shuffle", "-q", "-w", "%{verdict}", stdin=data)
    assert sorted((shuffled.out.count("OK"), shuffled.out.count("FAILED"))) == [1, 2]


def test_a_row_that_cannot_be_written_as_csv_is_written_all_the_same(faults: FaultServer) -> None:
    data = b"url,headers,tag\n" + f"{faults.url('ok')}".encode() + b",X-Name: caf\xe9,\xff\n,,x\n"
    result = fetchcli("-", "-q", "--ordered", "-o", "csv", stdin=data)
    assert (result.code, len(result.lines)) == (3, 3)
    assert "\\udce9" in result.out


def test_results_in_csv_come_back_as_they_were(faults: FaultServer, tmp_path: Path) -> None:
    row = {"url": faults.url("empty"), "method": "POST", "body": "a\u00ad##[x\x1b\n", "tag": "-5"}
    (tmp_path / "in.jsonl").write_text(json.dumps(row))
    fetchcli("in.jsonl", "-q", "-o", "out.csv", cwd=tmp_path)
    again = rows_of(fetchcli("out.csv", "-q", "--only-failed", "-o", "jsonl", cwd=tmp_path))[0]
    assert (again["tag"], again["request"]) == ("-5", {"method": "POST", "body": "a\u00ad##[x\x1b\n"})


def test_globs(faults: FaultServer) -> None:
    url = faults.url("ok")
    result = fetchcli(f"{url}?[08-10]{{a,b}}", "--glob", "-q", "--ordered", "-w", "%{url} ")
    assert [word.partition("?")[2] for word in result.out.split()] == ["08a", "08b", "09a", "09b", "10a", "10b"]
    plain = fetchcli(f"{url}?{{a,b}}", "-q", "-w", "%{url}")
    assert plain.out == f"{url}?{{a,b}}"


@pytest.mark.parametrize("form", ["csv", "jsonl", "sitemap"])
def test_the_first_result_is_out_before_a_slow_list_ends(faults: FaultServer, tmp_path: Path, form: str) -> None:  # 8
    url = faults.url("ok")
    first, rest = {
        "csv": (f"url,a\n{url},1\n", f"{url},2\n"),
        "jsonl": (f'"{url}"\n', f'"{url}"\n'),
        "sitemap": (f"<urlset>\n<url><loc>{url}</loc></url>", f"<url><loc>{url}</loc></url></urlset>"),
    }[form]
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = start(str(fifo), "--input-format", form, "-q", "-w", "%{http_code}\\n")
    seen: list[bytes] = []

    def listen() -> None:
        assert process.stdout is not None
        seen.append(process.stdout.readline())

    with fifo.open("w") as writer:
        writer.write(first)
        writer.flush()
        thread = threading.Thread(target=listen)
        thread.start()
        thread.join(20)
        assert seen == [b"200\n"]
        writer.write(rest)
    out, _ = process.communicate(timeout=20)
    assert (out, process.returncode) == (b"200\n", 0)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.xml", b"<!doctype html><html></html>", "x.xml: an HTML page, not a sitemap"),
        ("x", b"<!doctype html><html></html>", "x: an HTML page, not a list of URLs"),
        ("x.csv", b"\x89PNG\r\n\x1a\n\0\0", "x.csv: not a list of URLs but a picture"),
        ("x.gz", gzip.compress(b"http://h/\n" * 9999, mtime=0)[:40], "x.gz: the gzip stream is incomplete"),
        ("x.csv", b"a,b\n1,2\n", "x.csv:1: no column is named 'url' (--url-column); the header has a, b"),
    ],
)
def test_what_is_no_list_is_one_clear_error(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(data)
    result = fetchcli(name, "-q", "--limit", "0" if name == "x.gz" else "5", cwd=tmp_path)
    if name == "x.gz":
        result = fetchcli(name, "-q", "--include", "nothing", cwd=tmp_path)
    assert (result.code, result.out) == (3, "")
    assert said in result.err


def peak(listing: Path, *args: str) -> int:
    """Peak resident memory of a run, in kB."""
    process = start(str(listing), *args, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    process.stderr.close()
    return usage.ru_maxrss


def test_a_large_compressed_list_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    for name, rows in (("small.csv.gz", 3000), ("large.csv.gz", 200_000)):
        with gzip.open(tmp_path / name, "wt", compresslevel=1) as out:
            out.write("url,tag\n")
            out.writelines(f"http://127.0.0.1:1/{number},t\n" for number in range(rows))
    args = ("--exclude", "/", "-q")
    small, large = (peak(tmp_path / name, *args) for name in ("small.csv.gz", "large.csv.gz"))
    assert large < 1.25 * small


def test_14_a_kept_object_stays_one_where_there_are_objects(tmp_path: Path) -> None:
    kept = {"a": [1, {"b": 'x,"y" ##[error]'}], "big": 2**60}
    (tmp_path / "x.jsonl").write_text(json.dumps({"url": "http://127.0.0.1:9/", "meta": kept, "list": [1, 2]}) + "\n")
    args = ("x.jsonl", "--keep", "meta", "--keep", "list", "-q", "--retry", "0")
    outputs = ("-o", "jsonl:r.jsonl", "-o", "json:r.json", "-o", "r.csv", "-w", "%{meta} %{list}\n")
    ran = fetchcli(*args, *outputs, cwd=tmp_path)
    for name in ("r.jsonl", "r.json"):
        text = (tmp_path / name).read_text()
        assert "##[" not in text
        row = json.loads(text)[0] if name == "r.json" else json.loads(text)
        assert (row["meta"], row["list"]) == (kept, [1, 2])
    with (tmp_path / "r.csv").open(newline="") as file:
        (cells,) = csv.DictReader(file)
    assert (json.loads(cells["meta"]), json.loads(cells["list"])) == (kept, [1, 2])
    assert json.loads(ran.out.rpartition(" [")[0].replace("\\x23", "#")) == kept
    again = fetchcli("r.jsonl", "--only-failed", *args[1:], "-o", "jsonl", cwd=tmp_path)
    assert json.loads(again.out)["meta"] == kept


def test_14_kept_numbers_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(
        '{"url": "http://127.0.0.1:9/", "n": 1e-7, "p": 1.23456789012345, "e": 1e300, "h": 0.5}'
    )
    keep = [word for name in "npeh" for word in ("--keep", name)]
    ran = fetchcli("x.jsonl", *keep, "-q", "--retry", "0", "-o", "r.csv", "-w", "%{n} %{p} %{e} %{h}", cwd=tmp_path)
    assert [float(text) for text in ran.out.split()] == [1e-7, 1.23456789012345, 1e300, 0.5]
    assert (tmp_path / "r.csv").read_text().splitlines()[1].split(",")[-4:] == ran.out.split()


def test_a_kept_value_that_is_nested_too_deep_is_one_bad_row(tmp_path: Path) -> None:
    rows = [f'{{"url": "http://127.0.0.1:9/{depth}", "m": {"[" * depth}{"]" * depth}}}' for depth in (1, 700, 5000)]
    (tmp_path / "x.jsonl").write_text("\n".join(rows))
    ran = fetchcli("x.jsonl", "--keep", "m", "-q", "--retry", "0", "-o", "csv", "-o", "json:r.json", cwd=tmp_path)
    assert "internal" not in ran.out + ran.err
    assert len(ran.lines) == 4
