"""One name, asked for in all families at once (RFC 8305 section 3).

A family that is slow, silent or broken delays the other by `RESOLUTION_DELAY` at most; it may answer later.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial

import msgspec

from fetchcli.transport.ares import AresError

RESOLUTION_DELAY = 0.05  # RFC 8305 section 8: seconds that one family waits for the other

Addresses = tuple[str, ...]


class LookupFailure(msgspec.Struct, frozen=True):
    """Why a name has no addresses.

    Attributes:
        reason: one clause for people.
        final: an authority has said so (NXDOMAIN, or no address): asking again is useless.
        no_name: the name does not exist, in any family (NXDOMAIN).
    """

    reason: str
    final: bool
    no_name: bool = False


Answer = Addresses | LookupFailure
Ask = Callable[[socket.AddressFamily], "asyncio.Future[Addresses]"]


class Lookup:
    """Asks for a name; everything happens in callbacks, because a task for each family costs more than the question.

    Args:
        families: what to ask for, in the order of the addresses.
        ask: asks for a family.
        ask_again: asks somebody else for a family, given why the first one failed; None if there is nobody else.
        conclude: called with `answer` before it is told to anybody, and whether every family has answered.
        add_late: called with the answer of a family that came after that.

    Attributes:
        answer: what is known once every family has answered, or one has and the other is late.
        whole: done once every family has answered.
    """

    def __init__(
        self,
        families: tuple[socket.AddressFamily, ...],
        ask: Ask,
        ask_again: "Callable[[socket.AddressFamily, BaseException], asyncio.Future[Addresses] | None]",
        conclude: Callable[[Answer, bool], None],
        add_late: Callable[[Answer], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[Answer] = self._loop.create_future()
        self.whole: asyncio.Future[None] = self._loop.create_future()
        self._ask_again, self._tell, self._add_late = ask_again, conclude, add_late
        self._timer: asyncio.TimerHandle | None = None
        self._answers: dict[socket.AddressFamily, Answer | None] = dict.fromkeys(families)
        self._asked = {family: ask(family) for family in families}
        for family, asked in self._asked.items():
            asked.add_done_callback(partial(self._came, family, is_last=False))

    def cancel(self) -> None:
        """Stop asking."""
        self._stop_timer()
        for asked in self._asked.values():
            asked.cancel()
        self.answer.cancel()
        self.whole.cancel()

    def _came(self, family: socket.AddressFamily, asked: "asyncio.Future[Addresses]", *, is_last: bool) -> None:
        """Take the answer of a family, or ask somebody else."""
        if asked.cancelled():
            self.cancel()
            return
        error = asked.exception()
        if error is not None and not is_last and (again := self._ask_again(family, error)) is not None:
            self._asked[family] = again
            again.add_done_callback(partial(self._came, family, is_last=True))
            return
        if isinstance(error, AresError | OSError | UnicodeError):
            self._take(family, _failure_of(error))
        elif error is not None:
            self._fail(error)
        else:
            self._take(family, asked.result() or LookupFailure("no address", final=True))

    def _fail(self, error: BaseException) -> None:
        """Pass a bug on: it is no answer."""
        self._stop_timer()
        for future in (self.answer, self.whole):
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody need ask for it

    def _take(self, family: socket.AddressFamily, answer: Answer) -> None:
        """Take the answer of a family."""
        self._answers[family] = answer
        is_whole = None not in self._answers.values()
        if self.answer.done():
            self._add_late(answer)
        elif is_whole:
            self._conclude()
        elif not isinstance(answer, LookupFailure):
            self._timer = self._loop.call_later(RESOLUTION_DELAY, self._conclude)
        if is_whole and not self.whole.done():
            self.whole.set_result(None)

    def _conclude(self) -> None:
        self._stop_timer()
        if not self.answer.done():
            known = [answer for answer in self._answers.values() if answer is not None]
            answer = combined(known)
            self._tell(answer, len(known) == len(self._answers))
            self.answer.set_result(answer)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def combined(answers: list[Answer]) -> Answer:
    """The addresses of all families, or why there are none; a family that failed never fails the other."""
    addresses = [address for answer in answers if not isinstance(answer, LookupFailure) for address in answer]
    if addresses:
        return tuple(dict.fromkeys(addresses))
    failures = [answer for answer in answers if isinstance(answer, LookupFailure)]
    # That there is no such name holds for every family; that a family has no address says nothing of the other.
    return min(failures, key=lambda failure: (not failure.no_name, failure.final))


def _failure_of(error: AresError | OSError | UnicodeError) -> LookupFailure:
    """Why a family has no addresses."""
    if isinstance(error, AresError):
        return LookupFailure(error.reason, error.final, error.no_name)
    if isinstance(error, socket.gaierror):
        return LookupFailure(str(error.strerror), error.errno in (socket.EAI_NONAME, socket.EAI_NODATA))
    # A label may be too long for the system's resolver.
    return LookupFailure(str(error), isinstance(error, UnicodeError))
