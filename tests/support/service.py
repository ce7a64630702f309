"""A small web service, deployed well, or badly in one of ten ways."""

import asyncio
import random
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web

from tests.support.certificates import authority, server_context

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SLOW_SECONDS = 6.0
BAD = (
    "wrong-status",
    "wrong-type",
    "missing-header",
    "slow",
    "flaky",
    "redirect-to-login",
    "expiring-certificate",
    "truncated-body",
    "field-false",
    "empty-page",
)
HEALTH = '{"status": "ok", "checks": {"database": %s}, "version": "2.1.0"}'


class Service:
    """The handlers.

    Args:
        fault: one of `BAD`, or empty.
    """

    def __init__(self, fault: str = "") -> None:
        self._fault = fault
        self._chance = random.Random(30)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._sometimes])
        app.router.add_get("/", self._page)
        app.router.add_get("/health", self._health)
        app.router.add_get("/account", self._account)
        app.router.add_get("/login", self._login)
        app.router.add_get("/file", self._file)
        return app

    @web.middleware
    async def _sometimes(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._fault == "flaky" and self._chance.random() < 0.3:
            return web.Response(status=503, text="try again")
        return await handler(request)

    async def _page(self, _: web.Request) -> web.Response:
        headers = {} if self._fault == "missing-header" else {"X-Frame-Options": "DENY"}
        text = "" if self._fault == "empty-page" else "<html><title>Shop</title>Welcome</html>"
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _health(self, _: web.Request) -> web.Response:
        if self._fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        kind = "text/html" if self._fault == "wrong-type" else "application/json"
        text = HEALTH % ("false" if self._fault == "field-false" else "true")
        return web.Response(status=500 if self._fault == "wrong-status" else 200, text=text, content_type=kind)

    async def _account(self, _: web.Request) -> web.Response:
        if self._fault == "redirect-to-login":
            raise web.HTTPFound("/login")
        return web.Response(text="Hello, Ann")

    async def _login(self, _: web.Request) -> web.Response:
        return web.Response(text="<form>Please log in</form>", content_type="text/html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"x" * (500 if self._fault == "truncated-body" else 1000))
        if self._fault == "truncated-body" and request.transport is not None:
            request.transport.close()
        return response


def certificate(fault: str) -> ssl.SSLContext:
    days = 7 if fault == "expiring-certificate" else 90
    until = datetime.now(UTC) + timedelta(days=days)
    return server_context(authority().issue_cert("127.0.0.1", not_after=until))


@contextmanager
def deployed(fault: str = "", *, tls: bool = False) -> Iterator[str]:
    """The service on loopback, in a thread of its own; its base URL."""
    ready, over = threading.Event(), asyncio.Event()
    found: dict[str, object] = {}

    async def serve() -> None:
        runner = web.AppRunner(Service(fault).app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate(fault) if tls else None).start()
        found["loop"], found["port"] = asyncio.get_running_loop(), runner.addresses[0][1]
        ready.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(20)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{found['port']}"
    finally:
        loop = found["loop"]
        assert isinstance(loop, asyncio.AbstractEventLoop)
        loop.call_soon_threadsafe(over.set)
        thread.join(20)
