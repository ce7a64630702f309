"""A Dask cluster as a pool for shards."""

import logging
import pickle
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from distributed import Client, Future, LocalCluster

from fetchcli._version import __version__
from fetchcli.core.errors import ExitCode, UsageError
from fetchcli.core.text import visible
from fetchcli.run.cores import cores
from fetchcli.run.dask.shard_on_worker import Ability, fetch_on_worker, look
from fetchcli.run.job.shard_pool import ShardDone, ShardEvent, ShardFailed
from fetchcli.run.job.shard_task import ShardError, ShardNews, ShardTask

LOCAL = "local"
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 12.0
WORKER_SECONDS = 60.0  # to wait for the first worker: a cluster may just be starting


class DaskPool:
    """The workers of a Dask cluster.

    Args:
        address: of its scheduler, or ``local`` for a cluster in this process.
        topic: a name that no other job has.
        tell: told what comes of shards; called by any thread.

    Raises:
        UsageError: no cluster is there.
    """

    def __init__(self, address: str, topic: str, tell: Callable[[ShardEvent], None]) -> None:
        self._topic, self._tell = topic, tell
        self._futures: dict[int, Future[Any]] = {}
        self._attempts = 0
        self._address = visible(address)
        for name in list(logging.root.manager.loggerDict):
            if name.partition(".")[0] == "distributed":  # what matters to users is told by fetchcli
                logging.getLogger(name).setLevel(logging.CRITICAL)
        self._cluster = _local_cluster() if address == LOCAL else None
        self._client = _connected(self._cluster or address, self._address)
        try:
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError:
            self.close()
            raise UsageError(f"--dask {visible(address)}: the cluster has no workers") from None
        self._client.subscribe_topic(topic, self._take_news)

    @property
    def slots(self) -> int:
        """See `ShardPool.slots`: the threads of the workers, because each shard has a process of its own."""
        return sum(self._client.nthreads().values())

    @property
    def problem(self) -> str:
        """See `ShardPool.problem`."""
        alive = self._client.status in ("running", "connecting")
        return "" if alive else f"the scheduler at {self._address} is gone"

    def check(self, paths: dict[str, str]) -> None:
        """See `ShardPool.check`."""
        found = self._client.run(look, list(paths), on_error="return")
        for worker, ability in found.items():
            if not isinstance(ability, Ability):
                raise UsageError(f"the worker {worker} cannot run fetchcli: {ability}")
            if ability.version != __version__:
                raise UsageError(f"the worker {worker} has fetchcli {ability.version}, and this is {__version__}")
            for folder, text in paths.items():
                if ability.probes.get(folder) != text:
                    raise UsageError(
                        f"the worker {worker} does not see the files of {visible(folder)}; name a folder that all "
                        "workers share (--job)"
                    )

    def submit(self, task: ShardTask, avoid: str = "") -> None:
        """See `ShardPool.submit`."""
        if self.problem:
            return
        self._attempts += 1
        others = [worker for worker in self._client.nthreads() if worker != avoid]
        future = self._client.submit(
            fetch_on_worker,
            pickle.dumps(task),  # as it is: Dask would look for tasks inside
            self._topic,
            key=f"fetchcli-{self._topic}-{task.number}-{self._attempts}",
            pure=False,
            workers=others if avoid and others else None,
            allow_other_workers=bool(avoid and others),
        )
        self._futures[task.number] = future
        future.add_done_callback(lambda done: self._take_end(task.number, done))

    def close(self) -> None:
        """See `ShardPool.close`."""
        self._client.close(timeout=CONNECT_SECONDS)
        if self._cluster is not None:
            self._cluster.close(timeout=CONNECT_SECONDS)

    def _take_news(self, event: tuple[float, Any]) -> None:
        self._tell(msgspec.convert(event[1], ShardNews))

    def _take_end(self, number: int, future: Future[Any]) -> None:
        if self._futures.get(number) is not future:
            return
        del self._futures[number]  # the cluster need not remember it
        if future.cancelled() or future.status == "lost":  # somebody has restarted the cluster, or it is gone
            self._tell(ShardFailed(number, "the scheduler has dropped it", ExitCode.INTERNAL))
            return
        error = future.exception()
        if error is None:
            self._tell(ShardDone(*future.result()))
        elif isinstance(error, ShardError):
            self._tell(ShardFailed(number, error.message, error.code, error.worker))
        else:
            self._tell(ShardFailed(number, f"{type(error).__name__}: {error}", ExitCode.INTERNAL))


def _connected(cluster: LocalCluster | str, shown: str) -> Client:
    """A client of a cluster; raises UsageError if there is none, also if something else listens there for ever."""
    found: list[Client] = []
    problems: list[str] = []

    def connect() -> None:
        try:
            found.append(Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False))
        except (OSError, ValueError) as error:
            problems.append(str(error))

    thread = threading.Thread(target=connect, name="fetchcli-dask", daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    if not found:
        reason = problems[0] if problems else f"what listens there has not answered for {ANSWER_SECONDS:g} s"
        raise UsageError(f"--dask {shown}: no scheduler answers there ({reason})")
    return found[0]


def _local_cluster() -> LocalCluster:
    """Scheduler and worker are threads of this process: each shard has a process of its own anyway."""
    return LocalCluster(
        n_workers=1,
        threads_per_worker=cores(),
        processes=False,
        dashboard_address="127.0.0.1:0",  # it always listens; nobody else shall reach it
        worker_dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        memory_limit=0,
    )
