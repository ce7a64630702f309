"""Answers after 50 ms, but 429 at once when more than so many requests are in flight; prints its port."""

import asyncio
import sys
from typing import cast

import uvloop

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"
LIMIT = int(sys.argv[1])
in_flight = 0


class Narrow(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        global in_flight  # noqa: PLW0603
        if in_flight >= LIMIT:
            self._transport.write(BUSY)
            return
        in_flight += 1
        asyncio.get_running_loop().call_later(0.05, self._answer)

    def _answer(self) -> None:
        global in_flight  # noqa: PLW0603
        in_flight -= 1
        self._transport.write(OK)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Narrow, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.run(main())
