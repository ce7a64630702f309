"""Rows that are made elsewhere, from the request to the encoded line.

Only what is ordinary is delegated: the first attempt at a row without a request or checks of its own. If its response
is not simply accepted, it comes back, and goes the way of all rows from there.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from fetchcli.core.errors import Resumption
from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.target import Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.schedule.lane import Launch
from fetchcli.transport.base import Transport

Settle = Callable[[Launch, Exception | None], None]


class RowTransport(Transport, Protocol):
    """Fetches whole rows, too: it looks at the responses, and encodes the rows that are accepted."""

    def send_row(
        self, row: Target, began: float, queued: float, done: Callable[[AcceptedRow | Resumption], None]
    ) -> None:
        """Fetch a row with the request of the run.

        Args:
            row: the row.
            began: when its attempt began (`time.monotonic`).
            queued: seconds before that.
            done: called once, with the accepted row or else with what the next `send` of the row is given as its
                ``fresh``: that returns the response, or raises what this attempt has failed with.
        """

    def cancel_rows(self) -> None:
        """Cancel the rows on their way: `send` raises `asyncio.CancelledError` for those that have no answer soon."""


class Delegation:
    """Delegates rows to a transport.

    Args:
        transport: makes the rows.
        request: the request of the run.
        wanted: whether encoded lines are of use now: whoever takes rows needs no outcomes, and keeps up.
        accept: called with each row that was accepted.

    Attributes:
        launches: what is on its way.
    """

    def __init__(
        self,
        transport: RowTransport,
        request: RequestOptions,
        wanted: Callable[[], bool],
        accept: Callable[[Target, AcceptedRow], None],
    ) -> None:
        self._transport, self._request = transport, request
        self._wanted, self._accept = wanted, accept
        self.launches: set[Launch] = set()

    def take(self, launch: Launch, settle: Settle, go_on: Callable[[Launch], None]) -> bool:
        """Delegate a launch, if it is an ordinary one.

        Args:
            launch: the launch.
            settle: called when it was accepted, with what ``accept`` has raised, or None.
            go_on: called otherwise, when the launch knows what its transport goes on with.
        """
        if launch.attempts or launch.fresh or launch.lane.window is not None:
            return False
        if not (self._is_ordinary(launch.row) and self._wanted()):
            return False
        self.launches.add(launch)
        queued = launch.began - launch.arrived
        self._transport.send_row(launch.row, launch.began, queued, partial(self._end, launch, settle, go_on))
        return True

    def _end(
        self, launch: Launch, settle: Settle, go_on: Callable[[Launch], None], answer: AcceptedRow | Resumption
    ) -> None:
        self.launches.remove(launch)
        if not isinstance(answer, AcceptedRow):
            launch.resume = answer
            go_on(launch)
            return
        try:
            self._accept(launch.row, answer)
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it
            settle(launch, error)
        else:
            settle(launch, None)

    def cancel(self) -> None:
        """Cancel what is on its way: what has no answer soon comes back as cancelled."""
        self._transport.cancel_rows()

    def _is_ordinary(self, row: Target) -> bool:
        """Whether nothing is said of this row alone that those who fetch it and check its response must know."""
        return (
            row.request is self._request
            and row.row_request is None
            and row.expect is None
            and row.network is None
            and row.earlier is None
            and not row.url.authorization
        )
