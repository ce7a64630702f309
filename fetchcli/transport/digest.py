"""``--digest`` (RFC 7616): aiohttp's own middleware answers the challenges, one for each origin.

The middleware sees a request and a response of the few parts that it uses; what goes over the wire
stays an `Exchange`. The challenge and its answer are one try, as redirects are.
"""

import re
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


_CHALLENGE = re.compile(r"digest (?:[^\",]|\"(?:[^\"\\]|\\.)*\"|,(?! *[a-z0-9-]+ +[a-z0-9-]+ *=))+", re.IGNORECASE)
_ALGORITHM = re.compile(r'algorithm="?([\w-]+)', re.IGNORECASE)
_DOMAIN = re.compile(r',?\s*domain="(?:[^"\\]|\\.)*"', re.IGNORECASE)
_HASHES = ("MD5", "SHA", "SHA256", "SHA-256", "SHA512", "SHA-512")
_KNOWN = {name + session for name in _HASHES for session in ("", "-SESS")}


def _text(value: bytes) -> str:
    """A field as it was meant: UTF-8, or as older servers write it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


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
        # The middleware looks at one challenge only: the first that it can answer.
        fields = ", ".join(map(_text, answer.head.fields.get(b"www-authenticate", ())))
        challenges = [match[0] for match in _CHALLENGE.finditer(fields)]
        able = (one for one in challenges if (found := _ALGORITHM.search(one)) is None or found[1].upper() in _KNOWN)
        # Where else the login may go (``domain``) is not for the server to say.
        self.headers = {"www-authenticate": _DOMAIN.sub("", next(able, ""))}


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
        except (aiohttp.ClientError, ValueError) as error:
            if answered is not None:
                answered.answer.close()
            if not isinstance(error, ValueError) and type(error) is not aiohttp.ClientError:
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
