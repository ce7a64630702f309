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

    def _sample(self) -> None:
        self._timer = self._loop.call_later(self._window / SAMPLES, self._sample)
        hop = self._hop
        if hop is None or not hop.first_byte:
            return
        if hop.paused:
            self._samples.clear()
            return
        if len(self._samples) == SAMPLES and hop.received - self._samples[0] < self._rate * self._window:
            rate = (hop.received - self._samples[0]) / self._window
            detail = f"{rate:.0f} bytes/s over {self._window:g} s, less than --min-rate {hop.phase}"
            hop.fail(TransportError(ErrorKind.TIMEOUT_RATE, detail))
            return
        self._samples.append(hop.received)
