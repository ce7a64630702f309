"""A real nginx on a free port of loopback."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log crit; worker_rlimit_nofile 65536;
events {{ worker_connections 32768; }}
http {{
  limit_req_zone $binary_remote_addr zone=rate:1m rate=50r/s;
  limit_conn_zone $binary_remote_addr zone=conn:1m;
  limit_req_status 429; limit_conn_status 429;
  access_log off; keepalive_requests 100000000; keepalive_timeout 75s;
  client_body_temp_path {folder}/t; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/t;
  uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
  server {{
    listen 0.0.0.0:{port} backlog=16384;
    {tls}
    root {folder}/www;
    location /missing/ {{ return 404; }}
    location /moved/ {{ return 302 /page/; }}
    location /page/ {{ try_files /page =404; }}
    location /own/ {{ default_type text/html; return 200 "$request_uri 0123456789abcdef"; }}
    location /large/ {{ try_files /large =404; }}
    location /huge/ {{ try_files /huge =404; }}
    location /paced/ {{ limit_req zone=rate burst=5 nodelay; add_header Retry-After 1 always; try_files /page =404; }}
    location /narrow/ {{ limit_conn conn 4; limit_rate 8k; try_files /page =404; }}
    location /gzip/ {{ gzip on; gzip_min_length 1; gzip_types *; try_files /page =404; }}
  }}
}}
"""
TLS = "listen 0.0.0.0:{port} ssl backlog=16384; ssl_certificate {cert}; ssl_certificate_key {cert};"


def installed() -> bool:
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin") is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def await_listener(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server takes connections; what it wrote is why it does not."""
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(log.read_text())
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


@contextmanager
def nginx(*, tls_port: int = 0, cert: str = "") -> Iterator[int]:
    """Serve ``/page/ANYTHING`` with 1 KB, ``/large/...`` with 1 MB, and ``/huge/...`` with 1 GB; give the port.

    ``/own/ANYTHING`` is another body for every URL.
    """
    binary = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
    assert binary is not None
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o755)
        (folder / "www").mkdir()
        (folder / "www" / "page").write_bytes(b"0123456789abcdef" * 64)
        (folder / "www" / "large").write_bytes(bytes(range(256)) * 4096)
        with (folder / "www" / "huge").open("wb") as file:
            file.truncate(1 << 30)  # takes no place on the disk
        tls = TLS.format(port=tls_port, cert=cert) if tls_port else ""
        (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, tls=tls))
        process = subprocess.Popen([binary, "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf"])
        try:
            await_listener(process, port, folder / "start.log")
            yield port
        finally:
            process.terminate()
            process.wait(10)
