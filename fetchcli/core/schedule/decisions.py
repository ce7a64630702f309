"""Decisions of the scheduler, besides `lane.Launch`."""

from enum import Enum, auto

import msgspec

from fetchcli.core.schedule.lane import Launch


class Hold(Enum):
    """Nothing can be launched until something happens."""

    FULL = auto()  # until a request ends
    IDLE = auto()  # until a row is offered


FULL, IDLE = Hold.FULL, Hold.IDLE


class Wait(msgspec.Struct, frozen=True):
    """Nothing can be launched before this time, unless a request ends."""

    until: float


class Skip(msgspec.Struct, frozen=True):
    """This row is not tried (again), because its host is down."""

    launch: Launch
    reason: str


class Settled(msgspec.Struct, frozen=True):
    """A row is done; ``reason`` says why it is not retried although it could be, or is empty."""

    reason: str
