"""Deal the shards of a job to a pool, and take what comes of them."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from fetchcli.core.errors import ExitCode
from fetchcli.core.job.cutter import Cut
from fetchcli.core.job.job_record import CommitRecord
from fetchcli.core.job.queue import ShardQueue
from fetchcli.inputs.row_files import RowFile
from fetchcli.run.displays import Activity
from fetchcli.run.job.shard_pool import ShardDone, ShardEvent, ShardFailed
from fetchcli.run.job.shard_task import ShardNews

MAX_ATTEMPTS = 3  # of one shard


class CutShard(NamedTuple):
    """A shard with its rows.

    Attributes:
        cut: which rows.
        files: the rows.
        fingerprint: a hash of the rows.
    """

    cut: Cut
    files: tuple[RowFile, ...]
    fingerprint: str


class Dealer:
    """Keeps a pool busy.

    Args:
        parallel: shards that may be fetched at once.
        rest: seconds for which a place stays empty after a shard, because shards share a rate.
        submit: gives a shard to the pool, if possible not to a worker.

    Attributes:
        done: the records of the shards that are done, as they come; None for the end.
        results: the same by number.
        failure: why the job cannot go on, or None.
        messages: what shards have said.
    """

    def __init__(self, parallel: int, rest: float, submit: Callable[[CutShard, str], None]) -> None:
        self._parallel, self._rest, self._submit = parallel, rest, submit
        self._loop = asyncio.get_running_loop()
        self._queue, self._shards = ShardQueue(), dict[int, CutShard]()
        self._attempts: dict[int, int] = {}
        self._running: dict[int, ShardNews] = {}
        self._resting = 0
        self._is_cut = self._is_over = False
        self.done: asyncio.Queue[CommitRecord | None] = asyncio.Queue()
        self.results: dict[int, CommitRecord] = {}
        self.failure: ShardFailed | None = None
        self.messages: dict[str, None] = {}

    def add(self, shard: CutShard, record: CommitRecord | None) -> None:
        """Take a shard; ``record`` says that it is done already."""
        number = shard.cut.number
        if record is not None:
            self._finish(record)
            self._queue.done(number)
            return
        self._shards[number] = shard
        self._queue.add(shard.cut)
        self._deal()

    def end(self) -> None:
        """No more shards come."""
        self._is_cut = True
        self._deal()

    def lose(self, reason: str) -> None:
        """Nobody can fetch the shards any more."""
        self.failure = self.failure or ShardFailed(0, reason, ExitCode.INTERNAL)
        self.stop()

    def stop(self) -> None:
        """Give out no more."""
        if not self._is_over:
            self._is_over = True
            self.done.put_nowait(None)

    def activity(self) -> Activity:
        """What goes on, for displays; from any thread."""
        news = list(self._running.values())
        return Activity(
            in_flight=sum(one.in_flight for one in news),
            done=sum(one.done for one in news),
            failed=sum(one.failed for one in news),
        )

    def take(self, event: ShardEvent) -> None:
        """Take what a pool tells."""
        if self._is_over:
            return
        match event:
            case ShardNews():
                if event.shard in self._running:
                    self._running[event.shard] = event
            case ShardDone(record, messages):
                self._running.pop(record.shard, None)
                del self._shards[record.shard]
                self.messages |= dict.fromkeys(messages)
                self._finish(record)
                self._resting += 1
                self._loop.call_later(self._rest, self._release, record.shard)
            case ShardFailed():
                self._retry(event)

    def _finish(self, record: CommitRecord) -> None:
        self.results[record.shard] = record
        self.done.put_nowait(record)

    def _release(self, number: int) -> None:
        """The place of a shard, and its hosts, are free."""
        self._resting -= 1
        self._queue.done(number)
        self._deal()

    def _retry(self, event: ShardFailed) -> None:
        self._attempts[event.number] = self._attempts.get(event.number, 1) + 1
        if self._attempts[event.number] > MAX_ATTEMPTS:
            self.failure = event
            self.stop()
            return
        self._running[event.number] = ShardNews(shard=event.number)
        self._submit(self._shards[event.number], event.worker)

    def _deal(self) -> None:
        if self._is_over:
            return
        while len(self._running) + self._resting < self._parallel and (cut := self._queue.next()) is not None:
            self._running[cut.number] = ShardNews(shard=cut.number)
            self._submit(self._shards[cut.number], "")
        if self._is_cut and not (self._running or self._queue.waiting):
            self.stop()
