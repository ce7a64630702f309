"""TLS with a CA of our own: a good chain is a response, a bad one is `tls` with its reason."""

import datetime
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.support.command import fetchcli
from tests.support.faults import CATALOGUE


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            raw.settimeout(5)
            try:
                with context.wrap_socket(raw, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(CATALOGUE["ok"].reply)
                    connection.recv(1)
            except OSError:
                raw.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def fetch(
    authority: trustme.CA, certificate: trustme.LeafCert, folder: Path, trusted: bool = True
) -> dict[str, object]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    env = {"SSL_CERT_FILE": str(folder / "ca.pem")} if trusted else {}
    with tls_server(context) as port:
        result = fetchcli(f"https://127.0.0.1:{port}/", "-q", "-o", "jsonl", env=env)
    row: dict[str, object] = json.loads(result.out)
    assert result.code == (0 if row["status"] else 4)
    return row


def test_a_good_chain(authority: trustme.CA, tmp_path: Path) -> None:
    row = fetch(authority, authority.issue_cert("127.0.0.1"), tmp_path)
    assert row["status"] == 200
    assert isinstance(row["time_appconnect"], float)
    assert isinstance(row["time_connect"], float)
    assert row["time_appconnect"] >= row["time_connect"] > 0


def test_89_an_unknown_root(authority: trustme.CA, tmp_path: Path) -> None:
    row = fetch(authority, authority.issue_cert("127.0.0.1"), tmp_path, trusted=False)
    assert (row["error"], row["error_detail"]) == ("tls", "unable to get local issuer certificate")


def test_89_an_expired_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    row = fetch(authority, authority.issue_cert("127.0.0.1", not_after=past), tmp_path)
    assert (row["error"], row["error_detail"]) == ("tls", "certificate has expired")
    assert row["remote_ip"] == "127.0.0.1"
    assert isinstance(row["time_connect"], float)
    assert (row["time_appconnect"], row["time_starttransfer"]) == (None, None)


def test_89_a_wrong_host(authority: trustme.CA, tmp_path: Path) -> None:
    row = fetch(authority, authority.issue_cert("other.example"), tmp_path)
    assert row["error"] == "tls"
    assert "127.0.0.1" in str(row["error_detail"])


def test_90_plain_http_on_a_tls_url(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        result = fetchcli(f"https://127.0.0.1:{listener.getsockname()[1]}/", "-q", "-o", "jsonl")
    assert json.loads(result.out)["error"] == "tls"


def test_90_a_stalled_handshake_is_timeout_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        result = fetchcli(url, "-q", "-o", "jsonl", "--connect-timeout", "300ms")
    row = json.loads(result.out)
    assert row["error"] == "timeout_connect"
    assert "TLS handshake" in row["error_detail"]
