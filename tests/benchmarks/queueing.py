"""Works on so many requests at once, 30 ms each, and lets the others wait; prints its port."""

import asyncio
import sys
from typing import cast

import uvloop

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WORKERS = asyncio.Semaphore(int(sys.argv[1]))


class Queueing(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._task = asyncio.get_running_loop().create_task(self._answer())

    async def _answer(self) -> None:
        async with WORKERS:
            await asyncio.sleep(0.03)
        self._transport.write(BODY)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Queueing, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.run(main())
