"""The port between a run and the network: one method."""

from typing import Protocol

from fetchcli.core.model import Response
from fetchcli.core.policy import Policy
from fetchcli.core.request import Request
from fetchcli.core.urls import HttpUrl


class Transport(Protocol):
    """Sends one request at a time per call; calls may overlap."""

    async def send(
        self, url: HttpUrl, policy: Policy, *, request: Request | None = None, fresh: bool = False
    ) -> Response:
        """Fetch a URL, follow its redirects, and read the body to its end.

        Each request is sent once; without ``request`` it is the policy's. With ``fresh`` no connection
        is taken that was used before.

        Raises:
            TransportError: no complete response came; it carries the kind and the detail.
        """

    async def close(self) -> None:
        """Close every connection."""
