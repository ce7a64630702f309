"""Keep a pipe in a temporary file, so that it can be read again."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from fetchcli.core.errors import InputError
from fetchcli.inputs.base import BLOCK, File, Input

_MARKER = b"\n"  # written first, so that an empty pipe counts as read, too
IN_MEMORY = 1024 * 1024  # bytes


class Spooled(File, frozen=True, kw_only=True):
    """Stdin or a FIFO, for lists that are fetched in several rounds."""

    kept: SpooledTemporaryFile[bytes]

    def blocks(self) -> Iterator[bytes]:
        """Yield bytes as they arrive, and from the second time on the kept ones.

        Raises:
            InputError: it cannot be read, or not be kept.
        """
        kept = self.kept
        try:
            if kept.tell():
                kept.seek(len(_MARKER))
                while block := kept.read(BLOCK):
                    yield block
                return
            kept.write(_MARKER)
            for block in super().blocks():
                kept.write(block)
                yield block
        except OSError as error:
            raise InputError(f"{self.name}: cannot be kept for another round: {error.strerror}") from None


def rereadable(source: Input) -> Input:
    """The same input; spooled if it can be read only once."""
    if isinstance(source, File) and not source.is_regular:
        return Spooled(name=source.name, kept=SpooledTemporaryFile(IN_MEMORY))
    return source
