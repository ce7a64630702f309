"""The bodies of rows: who takes them, how a cut one goes on, and where whole ones are kept.

An outcome is delivered once the body that it names is in its place.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

from fetchcli.core.errors import ErrorKind, Failure, Partial, Remedy
from fetchcli.core.http1.head import Head
from fetchcli.core.http1.partial import offers_ranges, strong_validator
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.body_buffer import BodyBuffer
from fetchcli.core.model.outcome import Outcome, with_body
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Rejected
from fetchcli.core.revalidation.unchanged import is_unchanged
from fetchcli.core.schedule.lane import Launch
from fetchcli.engine.delivery import Delivery
from fetchcli.save.base import BodyStore, RecordingSpool, Spool
from fetchcli.transport.base import BodyPlan, Conditions, Consumers, StoredBody

OK = 200


class _Reception(NamedTuple):
    """Who took a body."""

    buffer: BodyBuffer | None = None
    spool: Spool | None = None

    @property
    def consumers(self) -> Consumers:
        """Those who take the body."""
        decoded = () if self.buffer is None else (self.buffer.feed,)
        spool = self.spool
        if spool is None:
            return Consumers(decoded)
        if spool.raw:
            return Consumers(decoded, (spool.feed,), spool.drain)
        return Consumers((*decoded, spool.feed), drain=spool.drain)

    def drop(self) -> None:
        if self.spool is not None:
            self.spool.discard()

    def leave(self) -> None:
        if self.spool is not None:
            self.spool.leave()


_NOBODY = _Reception()


class _Cut(NamedTuple):
    """A body that was cut off, and who took what came of it.

    Attributes:
        reception: who took it.
        partial: what the transport goes on with; None for what an earlier run has left, before the transport has it.
        stored: what an earlier run has left, or None.
    """

    reception: _Reception
    partial: Partial | None = None
    stored: StoredBody | None = None


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
        self._store, self._halt = store, halt
        self._resumes = store.resumes or resumes if store is not None else resumes
        self._last: dict[Launch, _Reception] = {}
        self._cut: dict[Launch, _Cut] = {}
        self.pending = 0

    async def plan(
        self, launch: Launch, buffered: int, conditions: Conditions | None, *, to_head_request: bool
    ) -> BodyPlan | None:
        """What becomes of the body of the next attempt; None if nobody takes it, and it is asked for in any case.

        Args:
            launch: the row.
            buffered: bytes that the checks may look at; 0 if they do not.
            conditions: ask for the body only if it has changed; or None.
            to_head_request: there will be no body.
        """
        store = None if to_head_request else self._store
        if not (buffered or store is not None or self._cut or conditions is not None):
            return None
        consume = partial(self._begin, launch, buffered, store) if buffered or store is not None else None
        raw = store is not None and store.raw
        base = BodyPlan(consume, conditions=conditions, decoded=buffered > 0 or not raw, raw=raw)
        if store is not None and store.records:
            before = self._last.get(launch, _NOBODY).spool if launch.fresh else None
            spool = cast("RecordingSpool", before or store.spool(launch.row))
            self._last[launch] = _Reception(None, spool)
            return base._replace(record=spool.record)
        if store is not None and store.resumes and not launch.attempts:
            await self._find_part(launch, buffered)
        cut = self._cut.get(launch)
        if cut is None:
            return base
        return base._replace(partial=cut.partial, stored=cut.stored if cut.partial is None else None)

    def note_cut(self, launch: Launch, cut: Partial) -> None:
        """A body was cut off where a later attempt can go on; one that had been cut off before stays what it is."""
        if self._resumes and launch not in self._cut:
            self._cut[launch] = _Cut(self._last.pop(launch, _NOBODY), cut)

    def received(self, launch: Launch, response: Response) -> bytes | None:
        """The start of the body of a response for the checks, if they look at it."""
        if response.resumed_from and (cut := self._cut.pop(launch, None)) is not None:
            self._last.pop(launch, _NOBODY).drop()
            self._last[launch] = cut.reception
        buffer = self._last.get(launch, _NOBODY).buffer
        return None if buffer is None else bytes(buffer.data)

    def settle_attempt(self, launch: Launch, attempt: Attempt) -> None:
        """Drop the body of an attempt that is not kept; end the run if there was no room for it."""
        stale = isinstance(attempt.result, Failure) and attempt.result.remedy is Remedy.FRESH
        if self._store is not None and self._store.records and stale:
            return  # the redirects before it are not asked for again
        if self._last and launch in self._last and (self._store is None or not self._store.wants(attempt)):
            last = self._last.pop(launch)
            if isinstance(attempt.result, Failure) and attempt.result.kind is ErrorKind.CANCELLED:
                last.leave()
            else:
                last.drop()
        if isinstance(attempt.result, Failure):
            self._halt_if_full(attempt.result)

    def deliver(self, launch: Launch, outcome: Outcome) -> None:
        """Deliver an outcome; first keep the body of its response."""
        if self._store is None and not self._last and not self._cut:
            self.delivery.add(outcome)
            return
        response, last = outcome.response, self._last.pop(launch, _NOBODY)
        if (cut := self._cut.pop(launch, None)) is not None:
            cut.reception.leave()
        skipped = (
            self._store is not None and self._store.only_changed and is_unchanged(outcome) and not _is_lost(outcome)
        )
        if self._store is None or last.spool is None or response is None or skipped:
            last.drop()
            self.delivery.add(outcome)
            return
        self.pending += 1
        self._store.keep(last.spool, outcome.row, response, partial(self._kept, outcome))

    async def _find_part(self, launch: Launch, buffered: int) -> None:
        """Look for what an earlier run has left of the body of a row."""
        part = None if self._store is None else await self._store.part(launch.row)
        if part is not None:
            reception = _Reception(BodyBuffer(buffered) if buffered else None, part.spool)
            replayed = () if reception.buffer is None else (reception.buffer.feed,)
            tell = partial(self._restored, launch)
            stored = StoredBody(
                part.url, part.head, part.validator, part.spool.blocks, replayed, tell, reception.consumers
            )
            self._cut[launch] = _Cut(reception, stored=stored)

    def _restored(self, launch: Launch, cut: Partial) -> None:
        """What an earlier run has left is ready to go on: it is read once."""
        self._cut[launch] = self._cut[launch]._replace(partial=cut)

    def _begin(self, launch: Launch, buffered: int, store: BodyStore | None, url: str, head: Head) -> Consumers:
        """Who takes a body that begins; what came of one that was cut off is kept until another takes its place."""
        before, spool = self._last.pop(launch, _NOBODY), None
        if store is not None and store.records:
            spool = before.spool  # it was there before the first hop
        else:
            before.drop()
            spool = store.spool(launch.row) if store is not None else None
        if head.status == OK and launch in self._cut:
            self._cut.pop(launch).reception.drop()
        buffer = BodyBuffer(buffered) if buffered else None
        if spool is not None and store is not None and store.resumes and offers_ranges(head):
            validator = strong_validator(head.fields)
            if validator and b"content-encoding" not in head.fields:
                store.describe(spool, launch.row, url, head, validator)
        reception = self._last[launch] = _Reception(buffer, spool)
        return reception.consumers

    def _kept(self, outcome: Outcome, body: Saved | Failure) -> None:
        self.pending -= 1
        self.delivery.add(with_body(outcome, body))
        if isinstance(body, Failure):
            self._halt_if_full(body)

    def _halt_if_full(self, failure: Failure) -> None:
        if failure.remedy is Remedy.HALT:
            self._halt(failure.detail)


def _is_lost(outcome: Outcome) -> bool:
    """Whether the earlier body of a row is not where it was saved."""
    row = outcome.row
    return not isinstance(row, Rejected) and row.earlier is not None and row.earlier.lost
