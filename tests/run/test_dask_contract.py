"""What `fetchcli.run.dask` relies on without it being documented; an upgrade of Dask that changes it fails here."""

import threading
import time
from typing import Any

from distributed import Client, get_worker

from fetchcli.run.dask.dask_pool import _local_cluster

STATES: list[str] = []
BEGUN, OVER = threading.Event(), threading.Event()


def watch() -> None:
    """Note the states of this task until nobody waits for it."""
    worker = get_worker()
    key = worker.get_current_task()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and (not STATES or STATES[-1] == "executing"):
        state = worker.state.tasks.get(key)
        STATES.append("gone" if state is None else state.state)
        BEGUN.set()
        time.sleep(0.005)
    OVER.set()


def test_a_worker_sees_at_once_that_nobody_waits_for_a_task() -> None:
    STATES.clear()
    cluster = _local_cluster()
    try:
        with Client(cluster, set_as_default=False) as client:
            future = client.submit(watch, pure=False)
            assert BEGUN.wait(20)
            assert STATES[-1] == "executing"
            future.release()
            del future
            assert OVER.wait(20)
            assert set(STATES[:-1]) == {"executing"}
            assert STATES[-1] != "executing"
    finally:
        cluster.close()


def test_events_of_a_topic_reach_the_client() -> None:
    found: list[Any] = []
    came = threading.Event()

    def take(event: Any) -> None:
        found.append(event)
        came.set()

    cluster = _local_cluster()
    try:
        with Client(cluster, set_as_default=False) as client:
            client.subscribe_topic("a-topic", take)
            client.submit(lambda: get_worker().log_event("a-topic", {"done": 3}), pure=False).result()
            assert came.wait(20)
    finally:
        cluster.close()
    _, event = found[0]
    assert event["done"] == 3
