"""``python wire.py ARGUMENT...``: fetchcli with a scripted wire, for counting instructions.

Everything runs as it does in use, from the list to the rows, except that connections answer by
themselves: no socket and no server take part, so that two runs execute the same instructions.
"""

import asyncio
import importlib
import sys
import time
from importlib.util import find_spec
from typing import Any

PROTOCOL = "fetchcli.transport.aiohttp.protocol"
DIALERS = ("fetchcli.transport.aiohttp", "fetchcli.transport")  # the second: before version 0.8
BODY = b"0123456789abcdef" * 64
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Wed, 25 Nov 2026 17:%02d:%02d GMT\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 1024\r\nLast-Modified: Wed, 25 Nov 2026 17:21:08 GMT\r\n"
    b'Connection: keep-alive\r\nETag: "%08x-400"\r\nAccept-Ranges: bytes\r\n\r\n'
)


class ScriptedWire(asyncio.Transport):
    """Answers every write with the response that nginx gives for a file of 1 KB."""

    answered = 0

    def __init__(self, loop: asyncio.AbstractEventLoop, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 80) if name == "peername" else default

    def write(self, data: Any) -> None:
        ScriptedWire.answered = number = ScriptedWire.answered + 1
        head = ANSWER % (number // 600 % 60, number // 10 % 60, number)
        self._loop.call_soon(self._protocol.data_received, head + BODY)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def dial(self: Any, exchange: Any) -> Any:
    """Stands in for ``Dialer.dial``."""
    exchange.resolved = exchange.connected = time.monotonic()
    make = getattr(self, "_protocol", None)  # commits before it went
    protocol = importlib.import_module(PROTOCOL).PooledProtocol() if make is None else make()
    protocol.connection_made(ScriptedWire(self._loop, protocol))
    return protocol


def main() -> None:
    name = next(f"{package}.dial" for package in DIALERS if find_spec(package) and find_spec(f"{package}.dial"))
    importlib.import_module(name).Dialer.dial = dial
    sys.argv[0] = "fetchcli"
    importlib.import_module("fetchcli.cli.main").entry()


if __name__ == "__main__":
    main()
