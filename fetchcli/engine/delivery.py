"""Outcomes on their way to the caller: in input order if that is asked for, and watched by others."""

from collections import deque
from collections.abc import Callable

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.schedule.reorder import Reorder
from fetchcli.core.schedule.scheduler import LOOK_AHEAD


class Delivery:
    """Queues outcomes for one run.

    Args:
        wake: called when an outcome was added.
        ordered: deliver in input order.
        watch: told every outcome as soon as it is known, before it is put in order.

    Attributes:
        ready: outcomes that the caller has not taken yet.
    """

    def __init__(self, wake: Callable[[], None], *, ordered: bool, watch: Callable[[Outcome], None] | None) -> None:
        self._wake = wake
        self.ready: deque[Outcome] = deque()
        self._order = Reorder(LOOK_AHEAD) if ordered else None
        self._watch = watch

    def admit(self, seq: int) -> bool:
        """Take the next row, unless too many wait for one before them."""
        return self._order is None or self._order.admit(seq)

    def add(self, outcome: Outcome) -> None:
        """Queue an outcome, or hold it until all earlier ones are known."""
        if self._watch is not None:
            self._watch(outcome)
        if self._order is None:
            self.ready.append(outcome)
        else:
            self.ready.extend(self._order.push(outcome))
        self._wake()

    def flush(self) -> list[Outcome]:
        """The outcomes that are still held when the run was stopped, in order."""
        return self._order.flush() if self._order is not None else []
