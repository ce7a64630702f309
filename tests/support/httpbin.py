"""httpbin, a server that others wrote, with what its ``/anything`` echoes kept."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import make_server

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Httpbin:
    """Serves on loopback.

    Attributes:
        url: where.
        echoes: what ``/anything`` answered, in order.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.url = ""
        self.echoes: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        body = b"".join(self._app(environ, start_response))
        if environ["PATH_INFO"].startswith("/anything"):
            # HEAD is answered without a body.
            self.echoes.append(json.loads(body) if body else {"method": method, "headers": _headers(environ)})
        return [body]


def _headers(environ: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith("HTTP_")}


@contextmanager
def httpbin_server() -> Iterator[Httpbin]:
    from httpbin import app

    server = Httpbin(app)
    serving = make_server("127.0.0.1", 0, server, threaded=True)
    server.url = f"http://127.0.0.1:{serving.server_port}"
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield server
    serving.shutdown()
    serving.server_close()
