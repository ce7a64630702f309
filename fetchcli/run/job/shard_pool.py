"""The port for whoever has room for shards."""

from typing import NamedTuple, Protocol

from fetchcli.core.job.job_record import CommitRecord
from fetchcli.run.job.shard_task import ShardNews, ShardTask


class ShardDone(NamedTuple):
    """A shard is committed.

    Attributes:
        record: its record.
        messages: what is to be said to people.
    """

    record: CommitRecord
    messages: tuple[str, ...] = ()


class ShardFailed(NamedTuple):
    """A shard could not be fetched.

    Attributes:
        number: number of the shard.
        reason: why.
        code: the exit code that goes with that.
        worker: who could not; empty if it is not known.
    """

    number: int
    reason: str
    code: int
    worker: str = ""


ShardEvent = ShardNews | ShardDone | ShardFailed


class ShardPool(Protocol):
    """Has room for shards; what comes of them it tells to whoever has made it."""

    @property
    def slots(self) -> int:
        """Number of shards that it can fetch at once."""

    @property
    def problem(self) -> str:
        """Why it can fetch nothing more, or empty."""

    def check(self, paths: dict[str, str]) -> None:
        """Make sure that all workers can do what is needed; blocks.

        Args:
            paths: folders that they must reach, and the text of the probe in each.

        Raises:
            UsageError: one of them cannot.
        """

    def submit(self, task: ShardTask, avoid: str = "") -> None:
        """Let a shard be fetched, if possible not by one worker."""

    def close(self) -> None:
        """Give up what has not ended; blocks."""
