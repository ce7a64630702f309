"""``--digest`` (RFC 7616): aiohttp's middleware answers the challenges, one middleware per origin.

The middleware sees stand-ins with the few attributes that it uses; what goes over the wire is sent
by the caller. The challenge and its answer are one attempt, as redirects are.
"""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, cast

import aiohttp
from yarl import URL

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.request.credentials import Login
from fetchcli.core.request.request import Request
from fetchcli.core.url.parse import HttpUrl

MAX_ORIGINS = 1000

_CHALLENGE = re.compile(r"digest (?:[^\",]|\"(?:[^\"\\]|\\.)*\"|,(?! *[a-z0-9-]+ +[a-z0-9-]+ *=))+", re.IGNORECASE)
_ALGORITHM = re.compile(r'algorithm="?([\w-]+)', re.IGNORECASE)
_DOMAIN = re.compile(r',?\s*domain="(?:[^"\\]|\\.)*"', re.IGNORECASE)
_HASHES = ("MD5", "SHA", "SHA256", "SHA-256", "SHA512", "SHA-512")
_KNOWN = {name + session for name in _HASHES for session in ("", "-SESS")}


def _text(value: bytes) -> str:
    """A field value as UTF-8, or as Latin-1 from older servers."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class _DigestRequest:
    """The attributes of a request that the middleware uses."""

    def __init__(self, url: HttpUrl, request: Request) -> None:
        self.method = request.method
        self.url = URL(f"{url.scheme}://{url.authority}{url.target}", encoded=True)
        self.body = request.content or b""
        self.headers: dict[str, str] = {}


class _DigestResponse:
    """The attributes of a response that the middleware uses."""

    def __init__(self, request: _DigestRequest, head: Head) -> None:
        self.head = head
        self.status = head.status
        self.url = request.url
        # The middleware looks at one challenge only: give it the first that it can answer.
        fields = ", ".join(map(_text, head.fields.get(b"www-authenticate", ())))
        challenges = [match[0] for match in _CHALLENGE.finditer(fields)]
        supported = (
            candidate
            for candidate in challenges
            if (found := _ALGORITHM.search(candidate)) is None or found[1].upper() in _KNOWN
        )
        # The server has no say in where else the login is sent (``domain``).
        self.headers = {"www-authenticate": _DOMAIN.sub("", next(supported, ""))}


class DigestAuth:
    """Answers the challenges of any number of origins with one login."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._origins: OrderedDict[tuple[str, str, int], aiohttp.DigestAuthMiddleware] = OrderedDict()

    async def ask(
        self,
        url: HttpUrl,
        request: Request,
        send: Callable[[str], Awaitable[Head]],
        discard: Callable[[], Awaitable[None]],
    ) -> Head:
        """See `transport.base.Authenticator`."""
        middleware = self._middleware(url)
        stand_in = _DigestRequest(url, request)
        challenge_response: _DigestResponse | None = None

        async def handle(_: aiohttp.ClientRequest) -> aiohttp.ClientResponse:
            nonlocal challenge_response
            if challenge_response is not None:
                await discard()
            challenge_response = _DigestResponse(stand_in, await send(stand_in.headers.get("Authorization", "")))
            return cast("aiohttp.ClientResponse", challenge_response)

        try:
            done = cast("_DigestResponse", await middleware(cast("Any", stand_in), handle))
        except (aiohttp.ClientError, ValueError) as error:
            raise TransportError(ErrorKind.PROTOCOL, f"digest: {error}") from None
        return done.head

    def _middleware(self, url: HttpUrl) -> aiohttp.DigestAuthMiddleware:
        origin = (url.scheme, url.host, url.port)
        known = self._origins.pop(origin, None)
        middleware = known or aiohttp.DigestAuthMiddleware(self._login.name, self._login.password)
        self._origins[origin] = middleware
        if len(self._origins) > MAX_ORIGINS:
            self._origins.popitem(last=False)
        return middleware
