"""Moto's server of S3 as a process on a free port of loopback."""

import atexit
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import cache
from typing import Any

import obstore
from obstore.store import S3Store

from tests.support.nginx import free_port

SECONDS = 60.0
_numbers = itertools.count(1)
_KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "s3cr3t-key"}


class MotoServer:
    """The server, without buckets."""

    def __init__(self) -> None:
        self.port = free_port()
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server runs
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert self._process.poll() is None, self._log.seek(0) or self._log.read()
                assert time.monotonic() < deadline
                time.sleep(0.05)

    @property
    def env(self) -> dict[str, str]:
        """What fetchcli reads of its environment; no address but loopback is asked."""
        return {
            **_KEYS,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def bucket(self) -> "Bucket":
        """A new, empty bucket."""
        name = f"bucket-{os.getpid()}-{next(_numbers)}"
        self.call("PUT", name)
        return Bucket(self, name)

    def call(self, method: str, path: str) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", b"" if method == "PUT" else None)
        request.method = method
        with urllib.request.urlopen(request, timeout=SECONDS) as response:
            return str(response.read(), "utf-8")

    def kill(self) -> None:
        """Stop as in a crash."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(SECONDS)
        self._log.close()


class Bucket:
    """A bucket, as another program sees it."""

    def __init__(self, server: MotoServer, name: str) -> None:
        self.env, self.name, self._server = server.env, name, server
        self._store: Any = S3Store(
            name,
            endpoint=self.env["AWS_ENDPOINT_URL"],
            access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            region="us-east-1",
            client_options={"allow_http": True},
        )

    def url(self, key: str = "") -> str:
        return f"s3://{self.name}/{key}"

    def put(self, key: str, data: bytes) -> None:
        obstore.put(self._store, key, data)

    def get(self, key: str) -> bytes:
        return bytes(obstore.get(self._store, key).bytes())

    def about(self, key: str) -> Any:
        return obstore.head(self._store, key)

    def keys(self) -> list[str]:
        return sorted(about["path"] for batch in obstore.list(self._store) for about in batch)

    def uploads(self) -> list[str]:
        """The keys of uploads that are neither complete nor aborted."""
        return re.findall(r"<Upload>.*?<Key>(.*?)</Key>", self._server.call("GET", f"{self.name}?uploads"), re.DOTALL)


@cache
def moto() -> MotoServer:
    """The server of this process of tests."""
    server = MotoServer()
    atexit.register(server.kill)
    return server
