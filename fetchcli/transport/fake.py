"""Transports without a network: for tests, and to measure what everything else costs."""

import asyncio
from collections.abc import Callable

from fetchcli.core.model import Response, Timings
from fetchcli.core.policy import Policy
from fetchcli.core.request import Request
from fetchcli.core.urls import HttpUrl


class NullTransport:
    """Answers 200 to everything at once."""

    async def send(
        self, url: HttpUrl, policy: Policy, *, request: Request | None = None, fresh: bool = False
    ) -> Response:
        """Answer without waiting."""
        return Response(200, url.text, Timings())

    async def close(self) -> None:
        """There is nothing to close."""


class ScriptedTransport:
    """Answers with what a function says: a `Response`, or an exception to raise.

    Attributes:
        sent: the URLs asked for, in order.
        in_flight: requests being answered now.
        most_in_flight: the most that ever were.
    """

    def __init__(self, script: Callable[[HttpUrl], Response | BaseException], delay: float = 0.0) -> None:
        self._script = script
        self._delay = delay
        self.sent: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = False

    async def send(
        self, url: HttpUrl, policy: Policy, *, request: Request | None = None, fresh: bool = False
    ) -> Response:
        """Wait for the scripted delay, then answer as scripted."""
        self.sent.append(url.text)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._delay)
            answer = self._script(url)
        finally:
            self.in_flight -= 1
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def close(self) -> None:
        """Remember that it was called."""
        self.closed = True
