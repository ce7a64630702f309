"""When the phases of an attempt were over."""

import msgspec


class Timings(msgspec.Struct, frozen=True):
    """Seconds since the attempt started, named like curl's ``-w`` variables.

    A phase that did not take place in the last hop (a reused connection), or was not over, is 0.
    """

    namelookup: float = 0.0
    connect: float = 0.0
    appconnect: float = 0.0
    starttransfer: float = 0.0
    total: float = 0.0
