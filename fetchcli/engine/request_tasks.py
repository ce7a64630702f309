"""The tasks of a run: one for each launch that is in flight here."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fetchcli.core.schedule.lane import Launch


class RequestTasks:
    """Starts tasks, and leaves none behind.

    Args:
        work: what a task does with a launch, and with those that it goes on with.
        ended: called with the launch that a task began with, and the task, when it has ended.
    """

    def __init__(
        self,
        work: Callable[[Launch], Coroutine[Any, Any, None]],
        ended: Callable[[Launch, asyncio.Task[None]], None],
    ) -> None:
        self._work, self._report = work, ended
        self._tasks: dict[asyncio.Task[None], Launch] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, launch: Launch) -> None:
        """Start a task."""
        task = asyncio.get_running_loop().create_task(self._work(launch))
        self._tasks[task] = launch
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._report(self._tasks.pop(task), task)

    def cancel(self) -> None:
        """Cancel all tasks."""
        for task in self._tasks:
            task.cancel()

    async def drain(self, *others: asyncio.Task[None] | None) -> None:
        """Cancel all tasks, and others with them, and wait for their ends."""
        pending = [task for task in (*others, *self._tasks) if task is not None]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
