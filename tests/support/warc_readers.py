"""What real readers say about a WARC file: warcio, cdxj-indexer, pywb and wacz, in an environment of their own.

pywb pins old packages, so `.ci/run` installs them elsewhere; ``WARC_READERS`` is the folder of their commands.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = os.environ.get("WARC_READERS", "")
PACKAGES = "warcio==1.8.1 cdxj-indexer==1.5.0 pywb==2.10.0 wacz==0.6.0"


def run(folder: Path, command: str, *args: str) -> str:
    """Run a reader; what it says on stderr is a refusal, too."""
    done = subprocess.run(
        [f"{BIN}/{command}", *args], cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def _environment() -> dict[str, str]:
    """Whatever would go out meets a closed port."""
    base = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    closed = "http://127.0.0.1:9"
    return {
        **base,
        "http_proxy": closed,
        "https_proxy": closed,
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONWARNINGS": "ignore",
    }


def timestamps(folder: Path, file: str) -> dict[str, str]:
    """The time of the first capture of every URL, as cdxj-indexer finds it."""
    found: dict[str, str] = {}
    for line in run(folder, "cdxj-indexer", file).splitlines():
        _, timestamp, about = line.split(" ", 2)
        found.setdefault(json.loads(about)["url"], timestamp)
    return found


@contextmanager
def replayed(folder: Path, file: str) -> Iterator[str]:
    """pywb with this file; yields the start of its URLs."""
    run(folder, "wb-manager", "init", "c")
    run(folder, "wb-manager", "add", "c", file)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "wayback.log").open("wb") as log:
        process = subprocess.Popen(
            [f"{BIN}/wayback", "-b", "127.0.0.1", "-p", str(port)],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 40
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "wayback.log").read_text()
                assert time.monotonic() < deadline, "pywb did not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/c/"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def get(url: str) -> tuple[int, bytes]:
    """Status and body of a replayed page; redirects are not followed."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(url, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
