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
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.url.parse import HttpUrl

MAX_ORIGINS = 1000
UNAUTHORIZED = 401
MAX_ANSWERS = 2  # a nonce may have expired when it arrives


class _Origin:
    """The challenge that the requests to an origin are answered with, or None, and the uses of its last nonce."""

    __slots__ = ("_count", "_nonce", "challenge")

    def __init__(self) -> None:
        self.challenge: Challenge | None = None
        self._nonce, self._count = "", 0

    def count(self, nonce: str) -> int:
        """The number of the next request with a nonce (``nc``); servers may give one to several requests."""
        self._nonce, self._count = nonce, self._count + 1 if nonce == self._nonce else 1
        return self._count


class DigestAuth:
    """Answers challenges with one login."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._origins: OrderedDict[tuple[str, str, int], _Origin] = OrderedDict()

    async def ask(
        self,
        url: HttpUrl,
        request: RequestOptions,
        send: Callable[[str], Awaitable[Head]],
        discard: Callable[[], Awaitable[None]],
    ) -> Head:
        """See `transport.base.Authenticator`."""
        origin = self._origin(url)
        presented = origin.challenge
        head = await send("" if presented is None else self._answer(origin, presented, url, request))
        for answered in range(MAX_ANSWERS):
            challenge = _to_answer(head, presented, answered=answered)
            if challenge is None:
                break
            await discard()
            _forget(origin, presented)
            origin.challenge = presented = challenge
            head = await send(self._answer(origin, challenge, url, request))
        if head.status == UNAUTHORIZED:
            _forget(origin, presented)
        return head

    def _answer(self, origin: _Origin, challenge: Challenge, url: HttpUrl, request: RequestOptions) -> str:
        return answer(
            challenge,
            self._login,
            method=request.method,
            target=url.target,
            content=request.content or b"",
            count=origin.count(challenge.nonce),
            cnonce=secrets.token_hex(8),
        )

    def _origin(self, url: HttpUrl) -> _Origin:
        key = (url.scheme, url.host, url.port)
        origin = self._origins.pop(key) if key in self._origins else _Origin()
        self._origins[key] = origin
        if len(self._origins) > MAX_ORIGINS:
            self._origins.popitem(last=False)
        return origin


def _to_answer(head: Head, presented: Challenge | None, *, answered: int) -> Challenge | None:
    """The challenge of a response that is to be answered, or None.

    Args:
        head: the response.
        presented: the challenge that its request answered, or None.
        answered: how many challenges of this fetch were answered already.

    Raises:
        TransportError: the challenge cannot be answered.
    """
    if head.status != UNAUTHORIZED:
        return None
    challenge = find_challenge(head.fields.get(b"www-authenticate", ()))
    if challenge is None:
        return None
    # The same nonce again means that the login was refused, and so does another one for a new challenge.
    if presented is not None and (challenge.nonce == presented.nonce or (answered and not challenge.stale)):
        return None
    if challenge.problem:
        raise TransportError(ErrorKind.PROTOCOL, f"digest: {challenge.problem}")
    return challenge


def _forget(origin: _Origin, challenge: Challenge | None) -> None:
    """Answer no request with this challenge any more; another request may have brought a new one meanwhile."""
    if origin.challenge is challenge:
        origin.challenge = None
