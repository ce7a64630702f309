"""What destinations of bodies have in common: where bodies wait until they are whole."""

import os
import tempfile
from collections.abc import Callable

from fetchcli.save.body_spool import BodySpool, KeptPart, Staged
from fetchcli.save.writer import Writer


class Staging:
    """Temporary files without names: nothing is left of them after a kill.

    Args:
        folder: where they are; None for the folder of temporary files.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder

    def stage(self, part: KeptPart | None = None) -> Staged:  # noqa: ARG002 - no later run can go on with it
        """A new temporary file; raises OSError."""
        with tempfile.TemporaryFile(dir=self._folder, buffering=0) as file:
            return Staged(os.dup(file.fileno()))

    def part(self, key: str) -> tuple[Staged, bytes] | None:
        """See `save.store.BodyDestination`: nothing is ever left."""


class BodyStaging(Staging):
    """Bodies alone wait there, without the heads of their responses."""

    records = False

    def spool(self, writer: Writer, forget: Callable[[BodySpool], None], *, raw: bool) -> BodySpool:
        """See `save.store.BodyDestination`."""
        return BodySpool(writer, self.stage, forget, raw=raw)
