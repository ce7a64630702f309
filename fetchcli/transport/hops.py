"""Where a chain of redirects stands, and what each of them leaves of the request."""

import time

from fetchcli.core.errors import Redirect
from fetchcli.core.request import Request, redirected
from fetchcli.core.urls import HttpUrl
from fetchcli.transport.exchange import Exchange


class Hops:
    """Where a chain of redirects stands.

    Attributes:
        url: the URL that is asked now.
        request: what it is asked with.
        first: what the first hop was asked with.
        taken: the redirects that led there.
        exchange: the request to it.
        left_origin: a redirect led to another origin; credentials do not come back after that.
        began: when the first hop began (`time.monotonic`).
    """

    exchange: Exchange

    def __init__(self, url: HttpUrl, request: Request) -> None:
        self.began = time.monotonic()
        self.url = url
        self.request = self.first = request
        self.taken: list[Redirect] = []
        self.left_origin = False

    def go_on(self, following: HttpUrl, status: int) -> None:
        """Take a redirect: credentials stay with the origin, and none come from a Location."""
        url = self.url
        same_origin = (url.scheme, url.host, url.port) == (following.scheme, following.host, following.port)
        self.taken.append(Redirect(url.text, status))
        self.request = redirected(self.request, status, same_origin=same_origin)
        self.left_origin = self.left_origin or not same_origin
        authorization = url.authorization if same_origin else ""
        # Shown as it is asked: without the credentials that a Location may hold.
        text = f"{following.scheme}://{following.authority}{following.target}"
        self.url = HttpUrl(following.scheme, following.host, following.port, following.target, text, authorization)
