"""A real tinyproxy on a free port of loopback."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.nginx import await_listener, free_port

BINARY = shutil.which("tinyproxy", path="/usr/bin:/usr/sbin:/bin:/usr/local/bin")
CONFIG = """
Port {port}
Listen 127.0.0.1
Timeout 20
LogFile "{folder}/tinyproxy.log"
PidFile "{folder}/tinyproxy.pid"
MaxClients 50
Allow 127.0.0.1
"""


@contextmanager
def tinyproxy(folder: Path) -> Iterator[int]:
    """Run it; give the port."""
    assert BINARY is not None
    port = free_port()
    config = folder / "tinyproxy.conf"
    config.write_text(CONFIG.format(port=port, folder=folder))
    process = subprocess.Popen([BINARY, "-d", "-c", str(config)], stdout=subprocess.DEVNULL)
    try:
        await_listener(process, port, folder / "tinyproxy.log")
        yield port
    finally:
        process.terminate()
        process.wait(10)
