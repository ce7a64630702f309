"""The policy of a run. Every default value lives here and nowhere else."""

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.status import StatusSet, parse_status_set

DEFAULT_CONCURRENCY = 50


class Timeouts(msgspec.Struct, frozen=True):
    """Limits in seconds for one attempt; ``None`` is no limit.

    Attributes:
        total: from holding a slot to the last byte of the body, redirects included.
        connect: name lookup, TCP connect and TLS handshake of one connection.
        read: the longest silence while waiting for the response or its next bytes.
    """

    total: float | None = 30.0
    connect: float | None = 10.0
    read: float | None = None


class Redirects(msgspec.Struct, frozen=True):
    """Whether 301, 302, 303, 307 and 308 are followed, and how many in a row."""

    follow: bool = True
    limit: int = 10


class Policy(msgspec.Struct, frozen=True):
    """How every target of a run is fetched and judged.

    Attributes:
        concurrency: requests in flight at any moment, at most.
        timeouts: limits of one attempt.
        redirects: which redirects are followed.
        accept: the statuses that count as success.
    """

    concurrency: int = DEFAULT_CONCURRENCY
    timeouts: Timeouts = Timeouts()
    redirects: Redirects = Redirects()
    accept: StatusSet = parse_status_set("200..399")

    def __post_init__(self) -> None:
        """Refuse what would never fetch anything."""
        if self.concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {self.concurrency}")
