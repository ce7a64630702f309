"""A body that was cut off, and what is needed to go on with it."""

import asyncio

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.http1.partial import offers_ranges, rest_of, strong_validator
from fetchcli.core.model.policy import Limits
from fetchcli.core.request.request import RequestOptions, has_conditions
from fetchcli.transport.base import Consumers, StoredBody
from fetchcli.transport.body import BodyReader

# Failures after which what came is right as far as it goes.
CUT = frozenset(
    (
        ErrorKind.TRUNCATED,
        ErrorKind.TIMEOUT_IDLE,
        ErrorKind.TIMEOUT_RATE,
        ErrorKind.TIMEOUT_TOTAL,
    )
)


class PartialBody:
    """The body of a response as far as it came.

    Attributes:
        url: the URL that it came from; only that one has the rest.
        head: the head of that response.
        reader: what has read the body, with the state of its decoder and its hash.
        validator: value of If-Range for the rest.
    """

    __slots__ = ("head", "reader", "url", "validator")

    def __init__(self, url: str, head: Head, reader: BodyReader, validator: str) -> None:
        self.url, self.head, self.reader, self.validator = url, head, reader, validator

    @property
    def offset(self) -> int:
        """Bytes that have come; 0 if it cannot go on."""
        return self.reader.wire if self.reader.waits else 0

    def total_with(self, head: Head) -> int | None:
        """Bytes of the whole body if this response has the rest; else None."""
        return rest_of(head, self.head, self.offset)


class _Nothing:
    """The source of a body of which nothing more comes; see `transport.base.BodySource`."""

    length_verified = True

    async def read(self) -> bytes:
        return b""


async def restored(stored: StoredBody, limits: Limits) -> PartialBody:
    """The body that an earlier run has left; raises TransportError (`write`) if it cannot be read."""
    reader = BodyReader(stored.head, _Nothing(), limits, Consumers(stored.replayed))
    try:
        await asyncio.to_thread(reader.replay, stored.blocks(), stored.consumers)
    except OSError as error:
        raise TransportError(ErrorKind.WRITE, f"cannot read what an earlier run has left: {error.strerror}") from None
    return PartialBody(stored.url, stored.head, reader, stored.validator)


def partial_body(url: str, head: Head, reader: BodyReader, request: RequestOptions) -> PartialBody | None:
    """What could go on with a body that begins, or None: only the rest of a GET can be asked for.

    The server must offer ranges and a strong validator, and the user must not ask for conditions or ranges.
    """
    if request.method != "GET" or not offers_ranges(head) or has_conditions(request):
        return None
    validator = strong_validator(head.fields)
    return PartialBody(url, head, reader, validator) if validator else None
