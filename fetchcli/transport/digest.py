"""``--digest`` (RFC 7616): answer the challenges of any number of origins with one login.

The challenge and its answer are one attempt, as redirects are. The last challenge of an origin answers its
next requests at once, until the server has refused it.
"""

import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.request.credentials import Login
from fetchcli.core.request.digest import Challenge, answer, find_challenge
from fetchcli.core.request.request import Request
from fetchcli.core.url.parse import HttpUrl

MAX_ORIGINS = 1000
UNAUTHORIZED = 401


class _Origin:
    """The challenge of an origin that its requests are answered with, or None, and how many were."""

    __slots__ = ("challenge", "count")

    def __init__(self) -> None:
        self.challenge: Challenge | None = None
        self.count = 0


class DigestAuth:
    """Answers challenges with one login."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._origins: OrderedDict[tuple[str, str, int], _Origin] = OrderedDict()

    async def ask(
        self,
        url: HttpUrl,
        request: Request,
        send: Callable[[str], Awaitable[Head]],
        discard: Callable[[], Awaitable[None]],
    ) -> Head:
        """See `transport.base.Authenticator`."""
        origin = self._origin(url)
        presented = origin.challenge
        head = await send("" if presented is None else self._answer(origin, presented, url, request))
        if head.status != UNAUTHORIZED:
            return head
        challenge = find_challenge(head.fields.get(b"www-authenticate", ()))
        _forget(origin, presented)
        # The same nonce again means that the login was refused, not the nonce.
        refused = challenge is not None and presented is not None and challenge.nonce == presented.nonce
        if challenge is None or (refused and not challenge.stale):
            return head
        if challenge.problem:
            raise TransportError(ErrorKind.PROTOCOL, f"digest: {challenge.problem}")
        await discard()
        origin.challenge, origin.count = challenge, 0
        head = await send(self._answer(origin, challenge, url, request))
        if head.status == UNAUTHORIZED:
            _forget(origin, challenge)
        return head

    def _answer(self, origin: _Origin, challenge: Challenge, url: HttpUrl, request: Request) -> str:
        origin.count += 1
        return answer(
            challenge,
            self._login,
            method=request.method,
            target=url.target,
            content=request.content or b"",
            count=origin.count,
            cnonce=secrets.token_hex(8),
        )

    def _origin(self, url: HttpUrl) -> _Origin:
        key = (url.scheme, url.host, url.port)
        origin = self._origins.pop(key) if key in self._origins else _Origin()
        self._origins[key] = origin
        if len(self._origins) > MAX_ORIGINS:
            self._origins.popitem(last=False)
        return origin


def _forget(origin: _Origin, challenge: Challenge | None) -> None:
    """Answer no request with this challenge any more; another request may have brought a new one meanwhile."""
    if origin.challenge is challenge:
        origin.challenge = None
