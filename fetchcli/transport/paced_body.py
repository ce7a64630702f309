"""``--limit-rate``: read bodies no faster than that; what is not read fills buffers, and the server waits."""

import asyncio
import time

from fetchcli.core.schedule.byte_pacing import BytePacer
from fetchcli.transport.base import BodySource


class PacedBody:
    """The body of a hop, read at the rate of the run; see `transport.base.BodySource`."""

    def __init__(self, source: BodySource, pacer: BytePacer) -> None:
        self._source, self._pacer = source, pacer

    @property
    def length_verified(self) -> bool:
        """See `transport.base.BodySource`."""
        return self._source.length_verified

    async def read(self) -> bytes:
        """See `transport.base.BodySource`; the bytes come when the rate allows them."""
        chunk = await self._source.read()
        if chunk and (delay := self._pacer.take(len(chunk), time.monotonic())):
            await asyncio.sleep(delay)
        return chunk
