"""What a run and its worker processes say to each other."""

from typing import Any, NamedTuple

import msgspec

from fetchcli.core.errors import Failure
from fetchcli.core.http1.head import Head
from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import CarriedValue
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.rows.schema import Schema
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.base import Conditions


class Start(NamedTuple):
    """What a worker needs; the first message.

    Attributes:
        policy: the policy of the run.
        user_agent: the default of the User-Agent field.
        identity: asks for bodies without a coding.
    """

    policy: Policy
    user_agent: str
    identity: bool


class Started(NamedTuple):
    """A worker is ready.

    Attributes:
        problem: why it is not, or None; a FetchcliError that the run ends with.
    """

    problem: Exception | None = None


class Ping(NamedTuple):
    """Asks a worker for a `Ping` of its own: it says that it runs."""


class Ask(NamedTuple):
    """What becomes of the body of a call, as far as a worker must know; see `transport.base.BodyPlan`.

    Attributes:
        decoded: somebody takes it, decoded.
        raw: somebody takes it as it comes.
        records: somebody takes what hops send and receive.
        conditions: the conditions of the request.
        partial: number of the call that has left a part of the body, or 0.
    """

    decoded: bool = False
    raw: bool = False
    records: bool = False
    conditions: Conditions | None = None
    partial: int = 0


class Call(NamedTuple):
    """A call of `transport.base.Transport.send`.

    Attributes:
        number: tells calls apart.
        url: what to fetch.
        policy: the policy, or None for that of the run.
        request: what to send, or None for the request of the policy.
        fresh: use no connection that was used before.
        resumes: number of the call that this one goes on with, or 0.
        ask: what becomes of the body, or None.
    """

    number: int
    url: HttpUrl
    policy: Policy | None = None
    request: RequestOptions | None = None
    fresh: bool = False
    resumes: int = 0
    ask: Ask | None = None


class PlainCall(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A `Call` with the policy and the request of the run, whose body nobody takes: nearly all are."""

    number: int
    url: HttpUrl
    fresh: bool


class Lines(NamedTuple):
    """How rows are encoded; comes before the first `RowCall`.

    Attributes:
        format: name of the output format.
        schema: the columns.
        epoch: added to `time.monotonic` to get seconds since the epoch.
    """

    format: str
    schema: Schema
    epoch: float


class RowCall(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A call of `engine.delegation.RowTransport.send_row`; the fields of the row are those of `Target`."""

    number: int
    url: HttpUrl
    began: float
    queued: float
    seq: int
    source: str
    line: int
    tag: str
    carried: tuple[CarriedValue, ...]
    round: int
    variant: str


class Accepted(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A `RowCall` has ended with a row that is accepted."""

    number: int
    row: AcceptedRow


class Cancel(NamedTuple):
    """Nobody waits for a call any more."""

    number: int


class Forget(NamedTuple):
    """No later call goes on with this one."""

    number: int


class Taken(NamedTuple):
    """So many bytes of the body of a call were taken."""

    number: int
    size: int


class Returned(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A call has ended with a response."""

    number: int
    response: Response


class Raised(NamedTuple):
    """A call has ended with a `TransportError`.

    Attributes:
        number: of the call.
        failure: what went wrong.
        resumes: a later call can go on with it.
        part: a body that a later call can go on with, or None: the call in which it began, and how many bytes came.
    """

    number: int
    failure: Failure
    resumes: bool = False
    part: tuple[int, int] | None = None


class Begun(NamedTuple):
    """The body of a response begins."""

    number: int
    url: str
    head: Head


class Piece(NamedTuple):
    """A piece of a body.

    Attributes:
        number: of the call whose consumers take it.
        raw: as it came; otherwise decoded.
        data: the piece.
    """

    number: int
    raw: bool
    data: bytes


class Recorded(NamedTuple):
    """What a hop has sent or received; see `transport.base.HopRecorder`.

    Attributes:
        number: of the call.
        hop: number of the hop in the call, from 0.
        what: the method of the recorder, or ``hop`` for a new one.
        values: its arguments.
    """

    number: int
    hop: int
    what: str
    values: tuple[Any, ...]


Frequent = PlainCall | Returned | RowCall | Accepted
Message = Frequent | Raised | Start | Started | Lines | Ping | Call | Cancel | Forget | Taken | Begun | Piece | Recorded
