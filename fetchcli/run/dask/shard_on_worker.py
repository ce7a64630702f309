"""What runs on a worker of Dask."""

import pickle
from typing import NamedTuple

import msgspec
from distributed import get_worker

from fetchcli._version import __version__
from fetchcli.core.job.job_record import CommitRecord
from fetchcli.run.job.folder import JobFolder
from fetchcli.run.job.shard_task import ShardError, ShardNews, ShardTask, fetch_shard


class Ability(NamedTuple):
    """What a worker has.

    Attributes:
        version: of fetchcli.
        probes: the text of the probe in each folder, or why it cannot be read.
    """

    version: str
    probes: dict[str, str]


def look(folders: list[str]) -> Ability:
    """What this worker has."""
    return Ability(__version__, {folder: JobFolder(folder).read_probe() for folder in folders})


def fetch_on_worker(pickled: bytes, topic: str) -> tuple[CommitRecord, tuple[str, ...]]:
    """Fetch a shard; see `fetch_shard`. How far it has come goes to a topic of the cluster."""
    task: ShardTask = pickle.loads(pickled)  # noqa: S301 - as everything that Dask sends
    worker = get_worker()
    key = worker.get_current_task()

    def tell(news: ShardNews) -> None:
        worker.log_event(topic, msgspec.to_builtins(news))

    def is_wanted() -> bool:
        # The scheduler forgets a task whose client has gone, and tells the worker at once.
        state = worker.state.tasks.get(key)
        return state is not None and state.state == "executing"

    try:
        return fetch_shard(task, tell, is_wanted)
    except ShardError as error:
        raise ShardError(error.message, error.code, worker.address) from None
