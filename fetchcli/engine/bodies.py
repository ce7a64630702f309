"""The bodies of rows on their way to the store: outcomes are delivered once the bodies that they name are in place."""

from collections.abc import Callable
from functools import partial

from fetchcli.core.errors import Failure, Remedy
from fetchcli.core.model.attempt import Attempt
from fetchcli.core.model.outcome import Outcome, with_body
from fetchcli.core.model.save import Saved
from fetchcli.core.schedule.lane import Launch
from fetchcli.engine.delivery import Delivery
from fetchcli.save.base import BodyStore, Spool
from fetchcli.transport.base import Consumer, Consumers


class Bodies:
    """Hands bodies to a store, and outcomes on.

    Args:
        store: keeps the bodies; None drops them.
        halt: ends the run, given the reason: there is no room left for bodies.

    Attributes:
        delivery: takes the outcomes.
        pending: outcomes whose bodies are being written.
    """

    delivery: Delivery

    def __init__(self, store: BodyStore | None, halt: Callable[[str], None]) -> None:
        self._store, self._halt = store, halt
        self._spools: dict[Launch, Spool] = {}
        self.pending = 0

    @property
    def taken(self) -> bool:
        """Whether anybody takes the bodies."""
        return self._store is not None

    def consumers(self, launch: Launch, decoded: tuple[Consumer, ...]) -> Consumers:
        """Who takes the body of a response that begins: a new spool, and those that are given."""
        self.drop(launch)
        if self._store is None:
            return Consumers(decoded)
        spool = self._spools[launch] = self._store.spool(launch.row)
        if spool.raw:
            return Consumers(decoded, (spool.feed,), spool.drain)
        return Consumers((*decoded, spool.feed), drain=spool.drain)

    def settle_attempt(self, launch: Launch, attempt: Attempt) -> None:
        """Drop the body of an attempt that is not kept; end the run if there was no room for it."""
        if self._store is None:
            return
        if launch in self._spools and not self._store.wants(attempt):
            self.drop(launch)
        if isinstance(attempt.result, Failure):
            self._halt_if_full(attempt.result)

    def drop(self, launch: Launch) -> None:
        """Drop the body of a row, if there is one."""
        if (spool := self._spools.pop(launch, None)) is not None:
            spool.discard()

    def deliver(self, launch: Launch, outcome: Outcome) -> None:
        """Deliver an outcome; first keep the body of its response."""
        response = outcome.response
        if response is None:
            self.drop(launch)
        spool = self._spools.pop(launch, None)
        if self._store is None or spool is None or response is None:
            self.delivery.add(outcome)
            return
        self.pending += 1
        self._store.keep(spool, outcome.row, response, partial(self._kept, outcome))

    def _kept(self, outcome: Outcome, body: Saved | Failure) -> None:
        self.pending -= 1
        self.delivery.add(with_body(outcome, body))
        if isinstance(body, Failure):
            self._halt_if_full(body)

    def _halt_if_full(self, failure: Failure) -> None:
        if failure.remedy is Remedy.HALT:
            self._halt(failure.detail)
