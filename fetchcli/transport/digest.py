"""``--digest`` (RFC 7616): aiohttp's own middleware answers the challenges, one for each origin.

The middleware sees a request and a response of the few parts that it uses; what goes over the wire
stays an `Exchange`. The challenge and its answer are one try, as redirects are.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
from yarl import URL

from fetchcli.core.credentials import Login
from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.request import Request
from fetchcli.core.urls import HttpUrl
from fetchcli.transport.wire import WireResponse

MOST_ORIGINS = 1000
Send = Callable[[str], Awaitable[WireResponse]]


class _Asked:
    """What the middleware needs of a request."""

    def __init__(self, url: HttpUrl, request: Request) -> None:
        self.method = request.method
        self.url = URL(f"{url.scheme}://{url.authority}{url.target}", encoded=True)
        self.body = request.content or b""
        self.headers: dict[str, str] = {}


class _Answered:
    """What the middleware needs of a response."""

    def __init__(self, asked: _Asked, answer: WireResponse) -> None:
        self.answer = answer
        self.status = answer.status
        self.url = asked.url
        fields = [value.decode("latin-1") for value in answer.head.fields.get(b"www-authenticate", ())]
        # It looks at one field only: the one that it can answer.
        challenge = next((field for field in fields if field[:7].lower() == "digest "), "")
        self.headers = {"www-authenticate": challenge}


class DigestAuth:
    """Answers the challenges of any number of origins with one login."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._origins: OrderedDict[tuple[str, str, int], aiohttp.DigestAuthMiddleware] = OrderedDict()

    async def ask(
        self, url: HttpUrl, request: Request, send: Send, discard: Callable[[], Awaitable[None]]
    ) -> WireResponse:
        """Send a request, and once more where the server asks for a digest.

        Args:
            url: what is asked.
            request: what it is asked with.
            send: sends it, with this Authorization field or, where that is empty, without one.
            discard: reads the rest of an answer that was a challenge.

        Raises:
            TransportError: `protocol`, the challenge is not one that can be answered.
        """
        middleware = self._middleware(url)
        asked = _Asked(url, request)
        answered: _Answered | None = None

        async def handle(_: aiohttp.ClientRequest) -> aiohttp.ClientResponse:
            nonlocal answered
            if answered is not None:
                await discard()
                answered.answer.close()
            answered = _Answered(asked, await send(asked.headers.get("Authorization", "")))
            return cast("aiohttp.ClientResponse", answered)

        try:
            done = cast("_Answered", await middleware(cast("Any", asked), handle))
        except aiohttp.ClientError as error:
            if type(error) is not aiohttp.ClientError:
                raise
            raise TransportError(ErrorKind.PROTOCOL, f"digest: {error}") from None
        return done.answer

    def _middleware(self, url: HttpUrl) -> aiohttp.DigestAuthMiddleware:
        origin = (url.scheme, url.host, url.port)
        known = self._origins.pop(origin, None)
        middleware = known or aiohttp.DigestAuthMiddleware(self._login.name, self._login.password)
        self._origins[origin] = middleware
        if len(self._origins) > MOST_ORIGINS:
            self._origins.popitem(last=False)
        return middleware
