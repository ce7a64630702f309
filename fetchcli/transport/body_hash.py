"""SHA-256 of a body; a large one is hashed in a thread, while more of it is received."""

import asyncio
import hashlib

IN_THREAD = 2 * 1024 * 1024  # bytes after which a body is large: a thread for less is not worth its price
BLOCK = 512 * 1024  # bytes that a thread is given at once


class BodyHash:
    """Hashes the pieces of a body in their order. At most two blocks of it wait."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = self._held = 0
        self._pieces: list[bytes] = []
        self._running: asyncio.Future[None] | None = None

    def update(self, piece: bytes) -> None:
        """Take a piece; a small body is hashed at once."""
        self._size += len(piece)
        if self._size <= IN_THREAD:
            self._digest.update(piece)
        else:
            self._pieces.append(piece)
            self._held += len(piece)

    @property
    def is_due(self) -> bool:
        """Whether there is a block for a thread."""
        return self._held >= BLOCK

    async def hand_over(self) -> None:
        """Give the block to a thread, once that has done the one before."""
        if self._running is not None:
            await asyncio.shield(self._running)  # whatever ends this attempt, the thread goes on
            self._running = None
        if self._pieces:
            pieces, self._pieces, self._held = self._pieces, [], 0
            self._running = asyncio.get_running_loop().run_in_executor(None, self._hash, pieces)

    def finish_now(self) -> None:
        """Hash what waits, in the thread of the caller."""
        pieces, self._pieces, self._held = self._pieces, [], 0
        self._hash(pieces)

    async def hexdigest(self) -> str:
        """The hash of all pieces."""
        while self._running is not None or self._pieces:
            await self.hand_over()
        return self._digest.hexdigest()

    def _hash(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._digest.update(piece)
