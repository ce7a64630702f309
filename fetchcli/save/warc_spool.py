"""What was sent and received for one row, until it is known whether it is kept."""

import time
from collections.abc import Callable, Iterator

from fetchcli.save.body_spool import BodySpool


class RecordedExchange:
    """One request and its response, as they were on the wire; see `transport.base.HopRecorder`.

    Attributes:
        url: the URL of the request, without credentials.
        seconds: when it was sent, since the epoch.
        peer: the address that it was sent to.
        sent: the request.
        received: the response.
        whole: the response was complete.
    """

    def __init__(self, url: str, received: BodySpool) -> None:
        self.url, self.received = url, received
        self.seconds, self.peer, self.sent, self.whole = 0.0, "", b"", False

    def request(self, data: bytes, peer: str) -> None:
        """See `transport.base.HopRecorder`."""
        self.sent, self.peer, self.seconds = data, peer, time.time()

    def response(self, data: bytes) -> None:
        """See `transport.base.HopRecorder`."""
        self.received.feed(data)

    def complete(self) -> None:
        """See `transport.base.HopRecorder`."""
        self.whole = True


class WarcSpool:
    """See `save.base.Spool`: the exchanges of one attempt.

    Args:
        new_spool: makes the spool of a response.
        forget: called by the event loop when the exchanges are dropped.

    Attributes:
        exchanges: in the order in which they were sent.
        size: bytes of the body of the last response on the wire.
    """

    raw = True

    def __init__(self, new_spool: Callable[[], BodySpool], forget: "Callable[[WarcSpool], object]") -> None:
        self._new_spool, self._forget = new_spool, forget
        self.exchanges: list[RecordedExchange] = []

    @property
    def size(self) -> int:
        """Bytes that the last response has brought."""
        return self.exchanges[-1].received.size if self.exchanges else 0

    def record(self, url: str) -> RecordedExchange:
        """The recorder of the next exchange."""
        exchange = RecordedExchange(url, self._new_spool())
        self.exchanges.append(exchange)
        return exchange

    def feed(self, piece: bytes) -> None:
        """The exchanges take the bytes before they are decoded."""

    async def drain(self) -> None:
        """See `save.base.Spool`."""
        for exchange in self.exchanges:
            await exchange.received.drain()

    def discard(self) -> None:
        """See `save.base.Spool`."""
        self._forget(self)
        for exchange in self.exchanges:
            exchange.received.discard()

    def leave(self) -> None:
        """Drop them: no later run goes on with an exchange."""
        self.discard()

    def blocks(self) -> Iterator[bytes]:
        """There is nothing that could go on."""
        return iter(())

    def drop(self) -> None:
        """Remove the temporary files; called in the thread."""
        for exchange in self.exchanges:
            exchange.received.drop()
