"""Cut a list into the shards of a job, while it is read."""

from collections.abc import AsyncIterator, Callable
from hashlib import blake2b

from fetchcli.core.errors import OutputError
from fetchcli.core.job.cutter import ChainPiece, Cut, Cutter
from fetchcli.core.job.job_record import JobRecord
from fetchcli.core.model.target import Rejected, Row
from fetchcli.core.shard.host_counts import host_key
from fetchcli.inputs.row_files import RowFile, RowFileWriter
from fetchcli.run.job.dealer import CutShard
from fetchcli.run.job.folder import JobFolder

KEPT_ROWS = 16_000  # in all chains together, until they are written
MIN_BATCH, MAX_BATCH = 4, 256  # rows


class Cutting:
    """Writes the rows of a list into the folder of a job.

    Args:
        folder: the folder.
        job: how the list is cut.
    """

    def __init__(self, folder: JobFolder, job: JobRecord) -> None:
        self._folder, self._parallel = folder, job.parallel
        self._cutter = Cutter(job.chains, split=job.split)
        self._batch = max(MIN_BATCH, min(MAX_BATCH, KEPT_ROWS // job.chains))
        self._writers: dict[int, RowFileWriter] = {}

    @property
    def rows(self) -> int:
        """Number of rows so far."""
        return self._cutter.rows

    async def shards(self, batches: AsyncIterator[list[Row]]) -> AsyncIterator[CutShard]:
        """Yield each shard when it is complete.

        Raises:
            OutputError: the folder cannot be written.
        """
        try:
            async for batch in batches:
                for row in batch:
                    if (cut := self._add(row)) is not None:
                        yield self._shard(cut)
            for cut in self._cutter.rest(self._parallel):
                yield self._shard(cut)
        except OSError as error:
            raise OutputError(f"{self._folder.name}: {error.strerror}") from None

    def _add(self, row: Row) -> Cut | None:
        chain = self._cutter.chain(None if isinstance(row, Rejected) else host_key(row.url.host))
        writer = self._writers.get(chain)
        if writer is None:
            path = self._folder.row_file(chain, self._cutter.piece(chain))
            writer = self._writers[chain] = RowFileWriter(path, self._batch)
        writer.add(row)
        return self._cutter.add(chain)

    def _shard(self, cut: Cut) -> CutShard:
        hashes = blake2b(digest_size=16)
        files = tuple(self._finish(piece, hashes.update) for piece in cut.pieces)
        return CutShard(cut, files, hashes.hexdigest())

    def _finish(self, piece: ChainPiece, note: Callable[[bytes], None]) -> RowFile:
        writer = self._writers.pop(piece.chain)
        file = writer.finish()
        note(writer.fingerprint)
        return file
