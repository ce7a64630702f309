"""The options of the request, network and TLS panels, through a real process."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.support.certificates import authority, server_context
from tests.support.command import fetchcli
from tests.support.proxy import proxy
from tests.support.recorder import ok, recorder, see


def row(*args: str, env: dict[str, str] | None = None) -> dict[str, object]:
    result = fetchcli("-q", "-o", "jsonl", *args, env=env)
    assert "Traceback" not in result.err
    assert result.out, result.err
    found: dict[str, object] = json.loads(result.out)
    return found


def test_request_options(tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(b"c=d\r\n")
    with recorder() as server:
        row(server.url("/1"), "-d", "a=b", "-d", f"@{tmp_path / 'content'}", "-H", "X-A: 1", "-H", "Accept:")
        row(server.url("/2"), "-X", "PURGE")
        assert server.requests[0].startswith(b"POST /1 HTTP/1.1\r\n")
        assert server.requests[0].endswith(b"X-A: 1\r\n\r\na=b&c=d")
        assert server.header("accept", 0) is None
        assert server.requests[1].startswith(b"PURGE /2 HTTP/1.1\r\n")
    head = ok(b"hello").removesuffix(b"hello")
    with recorder(head) as server:
        found = row(server.url(), "-I")
        assert server.requests[0].startswith(b"HEAD / ")
        assert (found["status"], found["size_download"], found["attempts"]) == (200, 0, 1)


def test_options_that_stand_for_a_header(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(b'{"a":\n1}\n')
    with recorder() as server:
        row(server.url(), "-u", "me:pass", "-b", "a=b; c=d", "-A", "agent/1", "-e", "http://from/", "-r", "0-4")
        assert server.header("authorization") == "Basic bWU6cGFzcw=="
        assert server.header("cookie") == "a=b; c=d"
        assert server.header("user-agent") == "agent/1"
        assert server.header("referer") == "http://from/"
        assert server.header("range") == "bytes=0-4"
        row(server.url(), "--bearer", "token", "-H", "User-Agent: mine", "-A", "not this")
        assert (server.header("authorization"), server.header("user-agent")) == ("Bearer token", "mine")
        row(server.url(), "--json", f"@{tmp_path / 'body.json'}", "--json", "[]")
        assert server.requests[-1].startswith(b"POST / HTTP/1.1\r\n")
        assert server.requests[-1].endswith(b'\r\n\r\n{"a":\n1}\n[]')
        assert (server.header("content-type"), server.header("accept")) == ("application/json", "application/json")
        row(server.url(), "--json", "{}", "-H", "Accept: text/html", "-X", "PATCH")
        assert server.requests[-1].startswith(b"PATCH / ")
        assert server.header("accept") == "text/html"


def test_51_secrets_of_options_are_never_shown() -> None:
    with recorder(ok(status="404 Not Found")) as server:
        result = fetchcli(
            server.url().replace("//", "//user:hush@"),
            "-v",
            "-H",
            "X-Key: hush",
            "--json",
            "hush",
            "-b",
            "a=hush",
            "-x",
            "",
            "-o",
            "jsonl",
        )
        assert result.code == 5
        assert "hush" not in result.out + result.err
    dead = fetchcli("http://h.test/", "-v", "-x", "http://user:hush@127.0.0.1:1")
    assert dead.code == 4
    assert "hush" not in dead.out + dead.err


def test_proxy_options_and_variables() -> None:
    with recorder() as server, proxy() as middle:
        url, through = server.url("/", "name.test"), f"http://127.0.0.1:{middle.port}"
        assert row(url, "-x", through)["status"] == 200
        assert row(url, env={"http_proxy": through})["status"] == 200
        assert row(url, env={"HTTP_PROXY": through})["status"] == 200
        assert row(url, env={"ALL_PROXY": through, "NO_PROXY": "other.test"})["status"] == 200
        assert len(middle.heads) == 4
        direct = server.url()
        row(direct, "-x", through, "--noproxy", "127.0.0.1")
        row(direct, env={"http_proxy": through, "NO_PROXY": "127.0.0.0/8"})
        row(direct, "-x", "", env={"http_proxy": through})
        row(direct, env={"HTTP_PROXY": through, "REQUEST_METHOD": "GET"})
        assert len(middle.heads) == 4
        assert len(server.requests) == 8


def test_35_a_proxy_in_the_environment_is_refused_too() -> None:
    result = fetchcli("http://127.0.0.1:1/", "--block-private", env={"http_proxy": "http://127.0.0.1:1"})
    assert result.code == 2
    assert "-x ''" in result.err
    assert fetchcli("http://127.0.0.1:1/", "--block-private", "-x", "", "-q").code == 4


def test_where_connections_go(tmp_path: Path) -> None:
    with recorder() as server, recorder(unix=str(tmp_path / "s")) as local:
        assert (
            row(server.url(host="a.test"), "--resolve", f"a.test:{server.port}:127.0.0.1")["remote_ip"] == "127.0.0.1"
        )
        assert row("http://a.test/", "--connect-to", f"a.test:80:127.0.0.1:{server.port}")["status"] == 200
        assert row("http://a.test/", "--unix-socket", str(tmp_path / "s"))["status"] == 200
        assert (len(server.requests), len(local.requests)) == (2, 1)
        assert row(server.url(), "-6")["error"] == "dns"
        assert row(server.url(), "-4")["status"] == 200
        assert row(server.url(), "--deny-cidr", "127.0.0.0/8")["error"] == "blocked"


def test_tls_options(tmp_path: Path) -> None:
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with recorder(context=server_context()) as server:
        assert row(server.url())["error"] == "tls"
        assert row(server.url(), "-k")["status"] == 200
        assert row(server.url(), "--cacert", str(tmp_path / "ca.pem"), "--tls-min", "1.3")["status"] == 200


def test_38_from_https_to_http_only_where_allowed() -> None:
    with recorder() as plain, recorder(see(plain.url()), context=server_context()) as secure:
        refused = row(secure.url(), "-k")
        assert (refused["error"], refused["num_redirects"], len(plain.requests)) == ("redirect_invalid", 0, 0)
        assert row(secure.url(), "-k", "--allow-downgrade", "-H", "X-Key: 1")["status"] == 200
        assert plain.header("x-key") is None


def test_limits() -> None:
    with recorder(ok(bytes(2000))) as server:
        assert row(server.url(), "--max-filesize", "1K")["error"] == "too_large"
        assert row(server.url(), "--max-filesize", "2K", "--min-rate", "1K", "--max-ratio", "none")["status"] == 200


def test_the_chain_is_a_list_in_json_and_readable_elsewhere() -> None:
    with recorder() as second, recorder(see(second.url("/b"), "301 Moved")) as first:
        assert row(first.url("/a"))["redirects"] == [{"url": first.url("/a"), "status": 301}]
        written = fetchcli(first.url("/a"), "-q", "-w", "%{redirects} %{length_verified}\\n")
        assert written.out == f"301 {first.url('/a')} true\n"


@pytest.mark.parametrize("option", ["--dns-servers", "--unix-socket"])
def test_bad_places_fail_the_row_and_not_the_run(option: str) -> None:
    value = "127.0.0.1:1" if option == "--dns-servers" else "/missing"
    found = row("http://a.test/", option, value, "--connect-timeout", "1s")
    assert found["error"] in {"dns", "connect", "timeout_connect"}


def test_the_rate_of_all_bodies_together(tmp_path: Path) -> None:
    """The server sends at once; that it takes no less than the rate allows holds on any machine."""
    with recorder(ok(b"x" * 100_000)) as server:
        urls = [server.url(f"/{number}") for number in range(4)]
        began = time.monotonic()
        ran = fetchcli(*urls, "-q", "-o", "jsonl", "--limit-rate", "400K")
        seconds = time.monotonic() - began
        rows = [json.loads(line) for line in ran.lines]
        assert [row["size_download"] for row in rows] == [100_000] * 4
        assert seconds > 0.8 * 400_000 / (400 * 1024)
        assert fetchcli(urls[0], "--limit-rate", "0").code == 2
        refused = fetchcli(urls[0], "--limit-rate", "1K", "--min-rate", "1K")
        assert (refused.code, "--limit-rate and --min-rate cannot be combined" in refused.err) == (2, True)
        assert "--limit-rate 1024 " in fetchcli(urls[0], "--limit-rate", "1K", "--print-curl").out


def test_a_server_waits_for_a_limited_rate(tmp_path: Path) -> None:
    sent = [0]

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n")
            while True:
                try:
                    sent[0] += connection.send(b"x" * 65536)
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        found = row(url, "--limit-rate", "10K", "-m", "1s", "--retry", "0")
        thread.join(20)
    assert found["error"] == "timeout_total"
    assert sent[0] < 50_000_000  # the buffers of both sides, not the body
