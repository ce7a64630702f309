"""Lists of pasted curl commands, through a real process: what they send, and where they go."""

import json
import socket
from pathlib import Path

import pytest

from tests.support.command import Result, fetchcli
from tests.support.proxy import proxy
from tests.support.recorder import ok, recorder

ROW = ("-q", "-o", "jsonl", "-c", "1", "--ordered", "--retry", "0")


def rows(result: Result) -> list[dict[str, object]]:
    assert "Traceback" not in result.err
    return [json.loads(line) for line in result.lines]


def test_every_row_goes_its_own_way_over_its_own_connections(tmp_path: Path) -> None:
    with recorder(ok(b"one")) as one, recorder(ok(b"three")) as two, proxy() as middle:
        port = one.port
        url = f"http://h.test:{port}/"
        pin = f"--resolve h.test:{port}:127.0.0.1"
        (tmp_path / "x.curl").write_text(
            f"curl {pin} {url}\n"
            f"curl -x 127.0.0.1:{middle.port} {url}\n"
            f"curl {url}\n"  # the pins of other rows do not count
            f"curl {pin} {url}\n"
            f"curl -4 --resolve h.test:{port}:[::1] {url}\n"
            f"curl -x 127.0.0.1:{middle.port} -x '' http://127.0.0.1:{two.port}/\n"
            f"curl -6 http://127.0.0.1:{two.port}/\n"
        )
        found = rows(fetchcli("x.curl", *ROW, cwd=tmp_path))
        assert [(row["status"], row["error"], row["size_download"]) for row in found] == [
            (200, None, 3),
            (200, None, 3),
            (None, "dns", None),
            (200, None, 3),
            (None, "dns", None),
            (200, None, 5),
            (None, "dns", None),
        ]
        assert "is not an IPv4 address" in str(found[4]["error_detail"])
        assert "is an IPv4 address (-6)" in str(found[6]["error_detail"])
        assert len(middle.heads) == 1
        assert [request.split()[1] for request in one.requests] == [b"/", b"/", b"/"]


def test_the_network_of_the_run_holds_where_a_row_says_nothing(tmp_path: Path) -> None:
    with recorder() as server, proxy() as middle:
        (tmp_path / "x.curl").write_text(
            f"curl --resolve a.test:{server.port}:127.0.0.1 {server.url('/1', 'a.test')}\n"
            f"curl -4 {server.url('/2', 'b.test')}\n"
            f"curl -x 127.0.0.1:1 {server.url('/3', 'b.test')}\n"
        )
        run = ("--resolve", f"b.test:{server.port}:127.0.0.1", "-x", f"127.0.0.1:{middle.port}", "--noproxy", "b.test")
        found = rows(fetchcli("x.curl", *ROW, *run, cwd=tmp_path))
        assert [row["status"] for row in found] == [200, 200, 200]
        assert len(middle.heads) == 1


def test_a_row_cannot_leave_the_addresses_that_are_permitted(tmp_path: Path) -> None:
    with recorder() as server:
        (tmp_path / "x.curl").write_text(
            f"curl -x 127.0.0.1:1 {server.url('/')}\n"
            f"curl --resolve a.test:{server.port}:127.0.0.1 {server.url('/', 'a.test')}\n"
            f"curl --resolve x {server.url('/')}\ncurl -x gopher://h {server.url('/')}\n"
        )
        found = rows(fetchcli("x.curl", *ROW, "--block-private", cwd=tmp_path))
        assert [row["error"] for row in found] == ["invalid_url", "blocked", "invalid_url", "invalid_url"]
        assert "cannot be combined with a proxy" in str(found[0]["error_detail"])
        assert "--resolve 'x': expected HOST:PORT:ADDRESS" in str(found[2]["error_detail"])
        assert "proxy 'gopher://h': the scheme is not" in str(found[3]["error_detail"])
        assert not server.requests


def test_a_form_is_sent_as_curl_sends_it(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("from a file")
    with recorder() as server:
        (tmp_path / "x.curl").write_text(
            f"curl {server.url('/1')} -F 'a=b' -F 'f=@f.txt' > out.json || exit 1\n"
            f"curl {server.url('/2')} -H 'Content-Type: multipart/related' --form-string 'a=@f.txt'\n"
            f"curl {server.url('/3')} -F 'f=@missing.txt'\n"
        )
        found = rows(fetchcli("x.curl", *ROW, "-d", "of the run", "-H", "Content-Type: text/x", cwd=tmp_path))
        assert [row["status"] for row in found] == [200, 200, None]
        assert "--form: expected a file that can be read, got 'missing.txt'" in str(found[2]["error_detail"])
        kinds = [server.header("content-type", index) or "" for index in (0, 1)]
        assert [kind.partition("; boundary=")[0] for kind in kinds] == ["multipart/form-data", "multipart/related"]
        for request, kind in zip(server.requests, kinds, strict=True):
            assert request.endswith(f"--{kind.partition('boundary=')[2]}--\r\n".encode())
        assert b'filename="f.txt"\r\nContent-Type: text/plain\r\n\r\nfrom a file\r\n' in server.requests[0]
        assert b'name="a"\r\n\r\n@f.txt\r\n' in server.requests[1]
    fetchcli_form = fetchcli("http://127.0.0.1:1/", "-F", "a=b", "-H", "Content-Type: x/y", "--print-curl")
    assert "-H 'Content-Type: x/y; boundary=" in fetchcli_form.out


@pytest.mark.parametrize("form", ["jsonl", "csv", "json"])
def test_failed_rows_are_fetched_again_as_they_were(form: str, tmp_path: Path) -> None:
    with recorder() as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = closed.getsockname()[1]
        (tmp_path / "x.curl").write_text(
            f"curl --resolve a.test:{dead}:127.0.0.1 -F 'a=b' -F f=@x.curl -4 http://a.test:{dead}/\n"
            f"curl -x http://me:pass@127.0.0.1:{dead} {server.url('/')}\n"
        )
        before = fetchcli("x.curl", *ROW, "-o", f"{form}:out.{form}", cwd=tmp_path)
        assert [row["error"] for row in rows(before)] == ["connect", "connect"]
        assert "pass" not in before.out + (tmp_path / f"out.{form}").read_text()
        again = fetchcli(f"out.{form}", "--only-failed", *ROW, cwd=tmp_path)
        first, second = rows(again)
        assert first["request"] == rows(before)[0]["request"]
        assert first["error"] == "connect"
        assert "the password is masked" in str(second["error_detail"])
        assert not server.requests
