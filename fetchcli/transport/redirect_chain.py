"""The state of one fetch across its redirects."""

import time
from collections.abc import Callable

from fetchcli.core.errors import Redirect, Resumption
from fetchcli.core.http1.head import Head
from fetchcli.core.request.cookies import CookieJar
from fetchcli.core.request.request import RequestOptions, redirected
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.base import Conditions, Hop, HopRecorder
from fetchcli.transport.body import BodyReader
from fetchcli.transport.partial_body import PartialBody

_CONDITIONS = ("if-none-match", "if-modified-since")


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
        partial: the body of an earlier attempt to go on with, or of this one as far as it can go on; or None.
        begun: the head and the reader of a body that began in this attempt, or None.
        conditions: those of one hop, or None.
        record: makes the recorder of each hop, or None.
        resumed_from: bytes of the body that an earlier attempt has brought.
    """

    __slots__ = (
        "_before",
        "begun",
        "conditions",
        "first",
        "fresh",
        "hop",
        "jar",
        "left_origin",
        "partial",
        "record",
        "redirects",
        "request",
        "resumed_from",
        "started",
        "url",
    )

    hop: Hop

    def __init__(self, url: HttpUrl, request: RequestOptions, jar: CookieJar | None = None) -> None:
        self.jar = jar
        self.started = time.monotonic()
        self.url = url
        self.request = self.first = request
        self.redirects: list[Redirect] = []
        self.left_origin, self.fresh = not request.named, False
        self.go_on_with(None)
        self.conditions: Conditions | None = None
        self.record: Callable[[str], HopRecorder] | None = None

    @property
    def progress(self) -> object:
        """Differs from an earlier value if anything has arrived since; see `transport.deadline`."""
        return self.hop, self.hop.progress

    def go_on_with(self, partial: PartialBody | None) -> None:
        """Ask for the rest of this body; None for a whole one."""
        self.partial = partial if partial is not None and partial.offset else None
        self._before = 0 if self.partial is None else self.partial.offset
        self.resumed_from = 0
        self.begun: tuple[Head, BodyReader] | None = None

    def begin(self, head: Head, reader: BodyReader) -> None:
        """A whole body begins, in place of an earlier one."""
        self.partial, self._before = None, 0
        self.begun = head, reader

    @property
    def more(self) -> tuple[tuple[str, str], ...]:
        """Header fields of the current hop alone: those that ask for the rest of a body, or its conditions."""
        if self.partial is not None and self.asks_for_rest:
            return ("Range", f"bytes={self._before}-"), ("If-Range", self.partial.validator)
        if self.conditions is not None and self.conditions.url == self.url.text:
            return self.conditions.fields
        return ()

    @property
    def asks_for_rest(self) -> bool:
        """Whether the current hop asks for the rest of a body: only the URL that it came from has it."""
        return self.partial is not None and self._before > 0 and self.partial.url == self.url.text

    @property
    def is_conditional(self) -> bool:
        """Whether the current hop has conditions, so that 304 is an answer."""
        return any(name.lower() in _CONDITIONS for name, _ in (*self.more, *self.request.headers))

    @property
    def brought(self) -> int:
        """Bytes that this attempt has added to the body that a later one can go on with."""
        return 0 if self.partial is None else max(0, self.partial.offset - self._before)

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
