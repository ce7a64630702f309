"""A consumer of a body that keeps its start in memory."""


class BodyBuffer:
    """Keeps the first bytes of a body.

    Attributes:
        data: the first ``limit`` bytes that were fed.
    """

    __slots__ = ("_limit", "data")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.data = bytearray()

    def feed(self, piece: bytes) -> None:
        """Keep what still fits."""
        self.data += piece[: self._limit - len(self.data)]
