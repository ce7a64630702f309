"""All cores: ``--processes 2`` and ``--dask local`` beside one process and curl, the server on the same machine."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.support.nginx import free_port, nginx

WAYS: dict[str, list[str]] = {
    "one process": [],
    "--processes 2": ["--processes", "2"],
    "--dask local": ["--dask", "local"],
}


def addresses(number: int) -> str:
    """A loopback address of its own for every number."""
    return f"127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}"


def kept(port: int, number: int) -> str:
    return f"http://127.0.0.1:{port}/page/{number}"


def fresh(port: int, number: int) -> str:
    return f"http://{addresses(number)}:{port}/page/{number}"


def secure(port: int, number: int) -> str:
    # A name of the loopback host (RFC 6761): one small certificate is for all of them.
    return f"https://h{number}.bench.localhost:{port}/page/{number}"


@contextmanager
def servers() -> Iterator[tuple[int, int, dict[str, str]]]:
    """A server: its port, that with TLS, and the environment in which it is trusted."""
    authority, tls_port = trustme.CA(), free_port()
    certificate = authority.issue_cert("*.bench.localhost")
    with tempfile.TemporaryDirectory() as name:
        cert, root = Path(name) / "cert.pem", Path(name) / "root.pem"
        blobs = [certificate.private_key_pem, *certificate.cert_chain_pems]
        cert.write_bytes(b"".join(blob.bytes() for blob in blobs))
        authority.cert_pem.write_to_path(str(root))
        with nginx(tls_port=tls_port, cert=str(cert)) as port:
            yield port, tls_port, {"SSL_CERT_FILE": str(root), "CURL_CA_BUNDLE": str(root)}


def pss(pid: int) -> int:
    """Bytes of a process and its children, what they share counted once."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        children.setdefault(int(rest.split()[1]), []).append(int(name.split()[0]))
    family, total = [pid], 0
    for one in family:
        family += children.get(one, [])
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def peak(command: list[str], env: dict[str, str], seconds: float = 0.5) -> int:
    """The most that a command and its children take, sampled; ``env`` is added to the environment."""
    quiet, most = subprocess.DEVNULL, 0
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=os.environ | env)
    while process.poll() is None:
        most = max(most, pss(process.pid))
        time.sleep(seconds)
    return most
