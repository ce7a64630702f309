"""``--min-rate``: giving up on a server that sends too slowly for too long."""

import asyncio
from collections import deque

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.transport.exchange import Exchange

SAMPLES = 10


class RateWatch:
    """Watches one exchange at a time; the window slides in steps of a tenth."""

    def __init__(self, rate: float, window: float) -> None:
        self._rate = rate
        self._window = window
        self._exchange: Exchange | None = None
        self._samples: deque[int] = deque(maxlen=SAMPLES)
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(window / SAMPLES, self._sample)

    def watch(self, exchange: Exchange) -> None:
        """Watch this one from now on."""
        self._exchange = exchange
        self._samples.clear()

    def stop(self) -> None:
        """Watch no more."""
        self._timer.cancel()

    def _sample(self) -> None:
        self._timer = self._loop.call_later(self._window / SAMPLES, self._sample)
        exchange = self._exchange
        if exchange is None or not exchange.first_byte:
            return
        if exchange.paused:
            self._samples.clear()
            return
        if len(self._samples) == SAMPLES and exchange.received - self._samples[0] < self._rate * self._window:
            came = (exchange.received - self._samples[0]) / self._window
            detail = f"{came:.0f} bytes/s over {self._window:g} s, less than --min-rate {exchange.phase}"
            exchange.end(TransportError(ErrorKind.TIMEOUT_RATE, detail))
            return
        self._samples.append(exchange.received)
