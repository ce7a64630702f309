"""Answers every request after 100 ms; prints its port."""

import asyncio
from typing import cast

import uvloop

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Slow(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(0.1, self._transport.write, BODY)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Slow, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.run(main())
