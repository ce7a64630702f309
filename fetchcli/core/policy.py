"""The policy of a run. Every default value lives here and nowhere else."""

from enum import StrEnum

import msgspec

from fetchcli.core.addresses import AddressRules
from fetchcli.core.credentials import Credentials
from fetchcli.core.errors import UsageError
from fetchcli.core.expectations import Check
from fetchcli.core.overrides import Detour, Pin
from fetchcli.core.pacing import Rate
from fetchcli.core.proxies import ProxyRules
from fetchcli.core.request import Request
from fetchcli.core.status import StatusSet, parse_status_set

DEFAULT_CONCURRENCY = 50
MOST_SOCKET_PATH = 107  # bytes (unix(7))


class Timeouts(msgspec.Struct, frozen=True):
    """Limits in seconds for one attempt; ``None`` is no limit.

    Attributes:
        total: from holding a slot to the last byte of the body, redirects included.
        connect: name lookup, TCP connect and TLS handshake of one connection.
        read: the longest silence while waiting for the response or its next bytes.
        min_rate: bytes per second that must come on average, from the first byte on.
        rate_window: seconds that ``min_rate`` is averaged over.
    """

    total: float | None = 30.0
    connect: float | None = 10.0
    read: float | None = None
    min_rate: float | None = None
    rate_window: float = 10.0


class Pace(msgspec.Struct, frozen=True):
    """How many requests at once, and how many in which time; ``None`` is no limit.

    Attributes:
        per_host: requests in flight to one host (scheme, host, port).
        rate: starts of the whole run.
        host_rate: starts for one host.
        adaptive: find out how many at once a host takes, within ``per_host``.
        max_host_errors: transport failures of a host in a row after which it is left alone.
    """

    per_host: int | None = None
    rate: Rate | None = None
    host_rate: Rate | None = None
    adaptive: bool = False
    max_host_errors: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would never fetch anything."""
        for what, number in (("per_host", self.per_host), ("max_host_errors", self.max_host_errors)):
            if number is not None and number < 1:
                raise UsageError(f"{what} must be at least 1, not {number}")


class Retry(msgspec.Struct, frozen=True):
    """What is tried again; times in seconds.

    Attributes:
        count: further tries after a failure that may pass.
        delay: the longest that the first of them waits; it doubles with each.
        max_time: from the start of the first try, after which no other is begun; None is no limit.
        statuses: those that may pass.
        all_errors: also what will hardly pass, and methods that are not idempotent.
        respect_retry_after: hosts that say when to come back are left alone until then.
        max_retry_after: the longest that such a host may ask for.
        wait: how long refused connections and statuses that are not accepted are tried again from the
            start of the run on, for a deployment that is on its way; None is not at all.
    """

    count: int = 2
    delay: float = 1.0
    max_time: float | None = None
    statuses: StatusSet = parse_status_set("408,425,429,500,502,503,504,522,524")
    all_errors: bool = False
    respect_retry_after: bool = True
    max_retry_after: float = 60.0
    wait: float | None = None


class Redirects(msgspec.Struct, frozen=True):
    """Whether 301, 302, 303, 307 and 308 are followed, how many in a row, and also from https to http."""

    follow: bool = True
    limit: int = 10
    downgrade: bool = False


class Limits(msgspec.Struct, frozen=True):
    """Limits of one body; ``None`` is no limit.

    Attributes:
        size: bytes, as they come on the wire and as they are after decoding.
        keep: bytes of the decoded body that stay in the response.
        check: bytes of it that checks may look at.
        ratio: decoded bytes for each byte on the wire, once more than ``ratio_free`` were decoded: what
            is above is a decompression bomb.
        ratio_free: decoded bytes that may have any ratio.
    """

    size: int | None = None
    ratio: int | None = 250
    ratio_free: int = 16 * 1024 * 1024
    keep: int = 0
    check: int = 10 * 1024 * 1024


class Network(msgspec.Struct, frozen=True):
    """How hosts are reached.

    Attributes:
        addresses: which addresses may be dialled.
        proxies: which proxy for which URL.
        pins: addresses of hosts that are not looked up.
        detours: hosts and ports that stand in for others.
        unix_socket: path of the socket that every connection goes to, or None.
        dns_servers: ``ADDRESS[:PORT]`` of the servers to ask instead of the system's.
        family: 4 or 6 to use only that version of IP, 0 for either.
    """

    addresses: AddressRules = AddressRules()
    proxies: ProxyRules = ProxyRules()
    pins: tuple[Pin, ...] = ()
    detours: tuple[Detour, ...] = ()
    unix_socket: str | None = None
    dns_servers: tuple[str, ...] = ()
    family: int = 0

    def __post_init__(self) -> None:
        """Refuse what can never connect, and promises that cannot be kept: an address must be known to be judged."""
        path = self.unix_socket
        if path is not None and not 0 < len(path.encode("utf-8", "surrogateescape")) <= MOST_SOCKET_PATH:
            raise UsageError(f"--unix-socket: a path has 1 to {MOST_SOCKET_PATH} bytes")
        if self.unix_socket is not None and (self.proxies.http or self.proxies.https):
            raise UsageError("--unix-socket and a proxy are two places to connect to; give one of them")
        if not self.addresses.any:
            return
        if self.proxies.http or self.proxies.https:
            raise UsageError(
                "with a proxy the target's address cannot be judged: leave out --block-private and --deny-cidr, "
                "or the proxy (-x '' ignores the proxy variables)"
            )
        if self.unix_socket is not None:
            raise UsageError("--unix-socket dials no address that --block-private or --deny-cidr could judge")


class TlsVersion(StrEnum):
    """Versions of TLS that may be the oldest; those before 1.2 are broken and never spoken (RFC 8996)."""

    V1_2 = "1.2"
    V1_3 = "1.3"


class Tls(msgspec.Struct, frozen=True):
    """How servers are authenticated, and this client.

    Attributes:
        verify: whether certificates are checked.
        cacert: file of the authorities to trust instead of the system's.
        cert: file of the client's certificate chain, its key perhaps included.
        key: file of the client's key.
        minimum: oldest version that is spoken.
    """

    verify: bool = True
    cacert: str | None = None
    cert: str | None = None
    key: str | None = None
    minimum: TlsVersion = TlsVersion.V1_2


class Policy(msgspec.Struct, frozen=True):
    """How every target of a run is fetched and judged.

    Attributes:
        concurrency: requests in flight at any moment, at most.
        timeouts: limits of one attempt.
        redirects: which redirects are followed.
        accept: the statuses that count as success.
        checks: what else is expected of every response.
        request: method, headers and content.
        limits: limits of one body.
        network: how hosts are reached.
        tls: how servers are authenticated.
        pace: how many at once, and in which time.
        retry: what is tried again.
        credentials: who asks, where no header says so.
    """

    concurrency: int = DEFAULT_CONCURRENCY
    timeouts: Timeouts = Timeouts()
    redirects: Redirects = Redirects()
    accept: StatusSet = parse_status_set("200..399")
    checks: tuple[Check, ...] = ()
    request: Request = Request()
    limits: Limits = Limits()
    network: Network = Network()
    tls: Tls = Tls()
    pace: Pace = Pace()
    retry: Retry = Retry()
    credentials: Credentials = Credentials()

    def __post_init__(self) -> None:
        """Refuse what would never fetch anything."""
        if self.concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {self.concurrency}")
