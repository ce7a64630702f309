"""Answers after some 20 ms, sometimes much later; ``/2/...`` after twice that. Prints its port."""

import asyncio
import random
from typing import cast

import uvloop

BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Jitter(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        factor = float(data.split(b"/")[1].split(b" ")[0])
        delay = 0.02 * random.lognormvariate(0, 0.25) + (random.random() < 0.03) * 0.05
        asyncio.get_running_loop().call_later(factor * delay, self._transport.write, BODY)


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Jitter, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.run(main())
