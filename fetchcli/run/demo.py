"""The server of ``--demo``: a small web server on loopback, inside the process."""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

# urls.sample.txt contains the same list; a test compares them.
DEMO_PATHS = (
    "/delay/1",
    "/delay/2",
    "/delay/1",
    "/delay/1",
    "/delay/2",
    "/delay/1",
    "/delay/2",
    "/delay/1",
    "/delay/1",
    "/delay/2",
    "/delay/1",
    "/delay/2",
    "/status/404",
    "/redirect/1",
    "/gzip",
    "/drip?numbytes=10&duration=1",
)
DRIPS = 10


@asynccontextmanager
async def demo_server() -> AsyncIterator[list[str]]:
    """Serve on a free port of 127.0.0.1; yield the URLs to fetch, of which the last is refused."""
    app = web.Application()
    app.router.add_get("/delay/{seconds}", _delay)
    app.router.add_get("/status/{status}", _status)
    app.router.add_get("/redirect/1", _redirect)
    app.router.add_get("/gzip", _gzip)
    app.router.add_get("/drip", _drip)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        # Bound but not listening: refuses connections for as long as the run lasts.
        with socket.socket() as closed_port:
            closed_port.bind(("127.0.0.1", 0))
            refused = f"http://127.0.0.1:{closed_port.getsockname()[1]}/refused"
            yield [*(f"http://127.0.0.1:{port}{path}" for path in DEMO_PATHS), refused]
    finally:
        await runner.cleanup()


async def _delay(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.match_info["seconds"]))
    return web.json_response({"delay": request.match_info["seconds"]})


async def _status(request: web.Request) -> web.Response:
    return web.Response(status=int(request.match_info["status"]))


async def _redirect(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/gzip")


async def _gzip(_request: web.Request) -> web.Response:
    compressor = zlib.compressobj(wbits=31)
    body = compressor.compress(b'{"gzipped": true}' * 500) + compressor.flush()
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


async def _drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(DRIPS)})
    await response.prepare(request)
    with suppress(ConnectionResetError):  # the run ended first
        for _ in range(DRIPS):
            await asyncio.sleep(1 / DRIPS)
            await response.write(b"*")
    return response
