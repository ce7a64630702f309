"""Which shards can be fetched now."""

from collections import deque

from fetchcli.core.job.cutter import Cut


class ShardQueue:
    """Gives out shards in order, each one when those before it in its chains are done.

    Attributes:
        waiting: number of shards that were added and not given out.
    """

    def __init__(self) -> None:
        self._ready: deque[Cut] = deque()
        self._blocked: dict[int, list[Cut]] = {}  # by one of the shards that they wait for
        self._done: set[int] = set()
        self.waiting = 0

    def add(self, cut: Cut) -> None:
        """Add a shard."""
        self.waiting += 1
        self._place(cut)

    def next(self) -> Cut | None:
        """The next shard that can be fetched; None if there is none now."""
        if not self._ready:
            return None
        self.waiting -= 1
        return self._ready.popleft()

    def done(self, number: int) -> None:
        """Note that a shard is done."""
        self._done.add(number)
        for cut in self._blocked.pop(number, ()):
            self._place(cut)

    def _place(self, cut: Cut) -> None:
        awaited = next((number for number in cut.after if number not in self._done), None)
        if awaited is None:
            self._ready.append(cut)
        else:
            self._blocked.setdefault(awaited, []).append(cut)
