"""A network namespace with nothing but loopback, on which any address can be had without reaching anybody.

``python -m tests.support.netns`` is what runs inside: a web server on every address, and a DNS server.
``/toURL`` is answered with a redirect to URL.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.dns import DnsServer
from tests.support.listen import serve_each
from tests.support.recorder import ok, see

ROOT = Path(__file__).parents[2]
PORT = 8080
DNS_PORT = 5353
NAMES = {
    "private.test": ("10.1.2.3", "fc00::1"),
    "mixed.test": ("10.1.2.3", "8.8.8.8", "127.0.0.1"),
    "public.test": ("8.8.8.8",),
}


class Namespace(NamedTuple):
    """The namespace, by name."""

    name: str

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command inside to its end."""
        return subprocess.run(
            ["ip", "netns", "exec", self.name, *command],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            cwd=ROOT,
        )

    def connects(self) -> int:
        """TCP connections that were begun inside so far: a SYN for each."""
        lines = self.run("cat", "/proc/net/snmp").stdout.splitlines()
        names, values = (line.split() for line in lines if line.startswith("Tcp:"))
        return int(dict(zip(names, values, strict=True))["ActiveOpens"])


def why_not() -> str:
    """Why no namespace can be made here, or nothing."""
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    name = f"fetchcli-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"ip netns add: {made.stderr.strip()}"
    inside = subprocess.run(
        ["ip", "netns", "exec", name, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False
    )
    subprocess.run(["ip", "netns", "delete", name], check=False)
    return f"ip netns exec: {inside.stderr.strip()}" if inside.returncode else ""


@contextmanager
def namespace(*addresses: str) -> Iterator[Namespace]:
    """Make one whose loopback has these addresses, with the servers running inside."""
    space = Namespace(f"fetchcli-{os.getpid()}")
    subprocess.run(["ip", "netns", "add", space.name], check=True)
    try:
        space.run("ip", "link", "set", "lo", "up")
        for address in addresses:
            length = ["/128", "nodad"] if ":" in address else ["/32"]
            added = space.run("ip", "address", "add", address + length[0], "dev", "lo", *length[1:])
            assert added.returncode == 0, (address, added.stderr)
        command = ["ip", "netns", "exec", space.name, sys.executable, "-m", "tests.support.netns"]
        servers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        assert servers.stdout is not None
        assert servers.stdout.readline() == b"ready\n"
        yield space
        servers.kill()
        servers.communicate()
    finally:
        subprocess.run(["ip", "netns", "delete", space.name], check=False)


def main() -> None:
    """Serve until stdin ends."""
    DnsServer(lambda name: NAMES.get(name, ()), port=DNS_PORT)
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        listener = socket.create_server((address, PORT), family=family)
        serve_each(listener, answer)
    print("ready", flush=True)
    sys.stdin.read()


def answer(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        while request := connection.recv(65536):
            target = request.split(b" ")[1].decode()
            connection.sendall(see(target[3:]) if target.startswith("/to") else ok())


if __name__ == "__main__":
    main()
