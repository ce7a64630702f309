"""``--min-rate``: give up on a server that sends too slowly for too long."""

import asyncio
from collections import deque

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.base import Hop

SAMPLES = 10


class RateWatch:
    """Watches one hop at a time, over a window that slides in steps of a tenth.

    Args:
        rate: minimum bytes per second.
        window: seconds that the rate is averaged over.
    """

    def __init__(self, rate: float, window: float) -> None:
        self._rate = rate
        self._window = window
        self._hop: Hop | None = None
        self._samples: deque[int] = deque(maxlen=SAMPLES)
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(window / SAMPLES, self._sample)

    def watch(self, hop: Hop) -> None:
        """Watch this hop from now on."""
        self._hop = hop
        self._samples.clear()

    def stop(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        self._hop = None

    def _sample(self) -> None:
        self._timer = self._loop.call_later(self._window / SAMPLES, self._sample)
        hop = self._hop
        if hop is None or not hop.first_byte:
            return
        if hop.paused:
            self._samples.clear()
            return
        if len(self._samples) == SAMPLES and self._is_slow(hop, self._samples[0]):
            # After a stop of the process nothing was read yet (see `transport.deadline`).
            self._loop.call_soon(self._loop.call_soon, self._judge, hop, self._samples[0])
        self._samples.append(hop.received)

    def _is_slow(self, hop: Hop, before: int) -> bool:
        return hop.received - before < self._rate * self._window

    def _judge(self, hop: Hop, before: int) -> None:
        if hop is self._hop and self._is_slow(hop, before):
            rate = (hop.received - before) / self._window
            detail = f"{rate:.0f} bytes/s over {self._window:g} s, less than --min-rate {hop.phase}"
            hop.fail(TransportError(ErrorKind.TIMEOUT_RATE, detail))
