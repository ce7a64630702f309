"""The bodies of rows: who takes them, how a cut one goes on, and where whole ones are kept.

An outcome is delivered once the body that it names is in its place.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from fetchcli.core.errors import Failure, Remedy
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.body_buffer import BodyBuffer
from fetchcli.core.model.outcome import Outcome, with_body
from fetchcli.core.model.save import Saved
from fetchcli.core.schedule.lane import Launch
from fetchcli.engine.delivery import Delivery
from fetchcli.save.base import BodyStore, Spool
from fetchcli.transport.base import BodyPlan, Consumers, Partial


class _Reception(NamedTuple):
    """Who took a body."""

    buffer: BodyBuffer | None = None
    spool: Spool | None = None

    def drop(self) -> None:
        if self.spool is not None:
            self.spool.discard()


class _Cut(NamedTuple):
    """A body that was cut off, and who took what came of it."""

    partial: Partial
    reception: _Reception


class Bodies:
    """Hands bodies to the checks and to a store, and outcomes on.

    Args:
        store: keeps the bodies; None drops them.
        halt: ends the run, given the reason: there is no room left for bodies.
        resumes: bodies that were cut off may go on.

    Attributes:
        delivery: takes the outcomes.
        pending: outcomes whose bodies are being written.
    """

    delivery: Delivery

    def __init__(self, store: BodyStore | None, halt: Callable[[str], None], *, resumes: bool) -> None:
        self._store, self._halt, self._resumes = store, halt, resumes
        self._last: dict[Launch, _Reception] = {}
        self._cut: dict[Launch, _Cut] = {}
        self.pending = 0

    def plan(self, launch: Launch, buffered: int, *, to_head_request: bool) -> BodyPlan | None:
        """What becomes of the body of the next attempt; None if nobody takes it.

        Args:
            launch: the row.
            buffered: bytes that the checks may look at; 0 if they do not.
            to_head_request: there will be no body.
        """
        saves = self._store is not None and not to_head_request
        if not (buffered or saves or self._resumes):
            return None
        consume = partial(self._begin, launch, buffered, saves=saves) if buffered or saves else None
        cut = self._cut.get(launch)
        return BodyPlan(consume, cut and cut.partial, partial(self._note_cut, launch) if self._resumes else None)

    def received(self, launch: Launch, response: Response) -> bytes | None:
        """The start of the body of a response for the checks, if they look at it."""
        if response.resumed_from and (cut := self._cut.pop(launch, None)) is not None:
            self._last.pop(launch, _Reception()).drop()
            self._last[launch] = cut.reception
        buffer = self._last.get(launch, _Reception()).buffer
        return None if buffer is None else bytes(buffer.data)

    def settle_attempt(self, launch: Launch, attempt: Attempt) -> None:
        """Drop the body of an attempt that is not kept; end the run if there was no room for it."""
        if launch in self._last and (self._store is None or not self._store.wants(attempt)):
            self._last.pop(launch).drop()
        if isinstance(attempt.result, Failure):
            self._halt_if_full(attempt.result)

    def deliver(self, launch: Launch, outcome: Outcome) -> None:
        """Deliver an outcome; first keep the body of its response."""
        response, last = outcome.response, self._last.pop(launch, _Reception())
        if (cut := self._cut.pop(launch, None)) is not None:
            cut.reception.drop()
        if self._store is None or last.spool is None or response is None:
            last.drop()
            self.delivery.add(outcome)
            return
        self.pending += 1
        self._store.keep(last.spool, outcome.row, response, partial(self._kept, outcome))

    def _begin(self, launch: Launch, buffered: int, head: Head, *, saves: bool) -> Consumers:  # noqa: ARG002
        """Who takes a body that begins; what came of a body that was cut off is kept."""
        self._last.pop(launch, _Reception()).drop()
        buffer = BodyBuffer(buffered) if buffered else None
        spool = self._store.spool(launch.row) if saves and self._store is not None else None
        self._last[launch] = _Reception(buffer, spool)
        decoded = () if buffer is None else (buffer.feed,)
        if spool is None:
            return Consumers(decoded)
        if spool.raw:
            return Consumers(decoded, (spool.feed,), spool.drain)
        return Consumers((*decoded, spool.feed), drain=spool.drain)

    def _note_cut(self, launch: Launch, cut: Partial) -> None:
        before = self._cut.get(launch)
        if before is not None and before.partial is cut:
            return  # it went on, and was cut again
        if before is not None:
            before.reception.drop()
        self._cut[launch] = _Cut(cut, self._last.pop(launch, _Reception()))

    def _kept(self, outcome: Outcome, body: Saved | Failure) -> None:
        self.pending -= 1
        self.delivery.add(with_body(outcome, body))
        if isinstance(body, Failure):
            self._halt_if_full(body)

    def _halt_if_full(self, failure: Failure) -> None:
        if failure.remedy is Remedy.HALT:
            self._halt(failure.detail)
