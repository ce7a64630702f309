"""The state of one fetch across its redirects."""

import time

from fetchcli.core.errors import Redirect, Resumption
from fetchcli.core.request.cookies import CookieJar
from fetchcli.core.request.request import Request, redirected
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.base import Hop


class RedirectChain(Resumption):
    """The current hop of a fetch, and the redirects that led to it.

    Attributes:
        url: the URL of the current hop.
        request: the request of the current hop.
        first: the request of the first hop.
        redirects: the redirects followed so far.
        hop: the current hop.
        fresh: its hops use no connections that were used before.
        jar: the cookies that it sends, or None.
        left_origin: a redirect led to another origin; credentials do not come back after that.
        started: when the first hop started (`time.monotonic`).
    """

    __slots__ = ("first", "fresh", "hop", "jar", "left_origin", "redirects", "request", "started", "url")

    hop: Hop

    def __init__(self, url: HttpUrl, request: Request, jar: CookieJar | None = None) -> None:
        self.jar = jar
        self.started = time.monotonic()
        self.url = url
        self.request = self.first = request
        self.redirects: list[Redirect] = []
        self.left_origin, self.fresh = not request.named, False

    @property
    def progress(self) -> object:
        """Differs from an earlier value if anything has arrived since; see `transport.deadline`."""
        return self.hop, self.hop.progress

    def follow(self, target: HttpUrl, status: int, *, trusted: bool = False) -> None:
        """Move to the target of a redirect.

        Credentials stay with their origin, unless every host is ``trusted``; a Location brings none.
        """
        url = self.url
        same_host = (url.scheme, url.host, url.port) == (target.scheme, target.host, target.port)
        same_origin = trusted or same_host
        self.redirects.append(Redirect(url.text, status))
        self.request = redirected(
            self.request, status, same_origin=same_origin, same_host=same_host, referer=url.public
        )
        self.left_origin = self.left_origin or not same_origin
        authorization = url.authorization if same_origin else ""
        # Shown as it is requested: without the credentials that a Location may contain.
        self.url = HttpUrl(target.scheme, target.host, target.port, target.target, target.public, authorization)
