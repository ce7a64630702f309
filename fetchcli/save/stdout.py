"""Write bodies to stdout, one after another, in the order of the outcomes.

A body is handed to stdout with its outcome, so that it follows ``--ordered``. Until then it is held here.
"""

from collections.abc import Iterator
from itertools import islice

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Target
from fetchcli.core.naming.destination import STDOUT
from fetchcli.core.pattern import lazy_pattern
from fetchcli.save.body_spool import BodySpool
from fetchcli.save.staging import BodyStaging

MAX_BLOCKS = 16  # of a body that are looked at
# What no text has; a terminal obeys some of them.
_CONTROLS = lazy_pattern(rb"[\x00-\x08\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")


class Stdout(BodyStaging):
    """See `save.store.BodyDestination`.

    Args:
        terminal: stdout is a terminal; binary bodies are refused.
    """

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal
        self._held: dict[tuple[int, int], BodySpool] = {}

    def place(self, spool: BodySpool, row: Target, response: Response) -> Saved:  # noqa: ARG002 - the name is fixed
        """Hold a body until its outcome is handled."""
        if self._terminal and _is_binary(spool):
            raise OSError("binary content is not written to a terminal; redirect stdout, or write --save FILE")
        held = self._held[row.round, row.seq] = spool.moved()
        return Saved(STDOUT, held.size)

    def named(self, row: Target, response: Response) -> str:  # noqa: ARG002 - as above
        """See `save.store.BodyDestination`."""
        return "to stdout"

    def close(self) -> None:
        """Drop what was not written."""
        for spool in self._held.values():
            spool.drop()

    def take(self, outcome: Outcome) -> tuple[Iterator[bytes], int]:
        """The body of an outcome: its blocks, which may be read in another thread, and its size."""
        spool = self._held.pop((outcome.row.round, outcome.row.seq), None)
        return (iter(()), 0) if spool is None else (_read_and_drop(spool), spool.size)


def _read_and_drop(spool: BodySpool) -> Iterator[bytes]:
    try:
        yield from spool.blocks()
    finally:
        spool.drop()


def _is_binary(spool: BodySpool) -> bool:
    """Whether a body has control characters; of a large one only the start is looked at."""
    return any(_CONTROLS.search(block) for block in islice(spool.blocks(), MAX_BLOCKS))
