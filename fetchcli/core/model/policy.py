"""The policy of a run. Every default value is defined here."""

from enum import StrEnum

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.expect.expectations import Check
from fetchcli.core.expect.status import StatusSet, parse_status_set
from fetchcli.core.model.coerce import coerce
from fetchcli.core.network.addresses import AddressRules
from fetchcli.core.network.overrides import Detour, Pin
from fetchcli.core.network.proxies import ProxyRules
from fetchcli.core.rate import Rate, parse_rate
from fetchcli.core.request.credentials import Credentials
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.set_cookie import Cookie

DEFAULT_CONCURRENCY = 50
MAX_SOCKET_PATH = 107  # bytes (unix(7))


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Time limits of one attempt in seconds; ``None`` is no limit.

    Attributes:
        total: from getting a slot to the last byte of the body, redirects included.
        connect: name lookup, TCP connect and TLS handshake of one connection.
        read: maximum silence before the response or between its bytes.
        min_rate: minimum average bytes per second, from the first byte on.
        rate_window: seconds over which ``min_rate`` is averaged.
    """

    total: float | None = 30.0
    connect: float | None = 10.0
    read: float | None = None
    min_rate: float | None = None
    rate_window: float = 10.0

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self)
        for name in ("total", "connect", "read", "min_rate", "rate_window"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"Timeouts: {name} must be more than 0, not {value:g}")


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of concurrency and rate; ``None`` is no limit.

    Attributes:
        per_host: maximum requests in flight to one host (scheme, host, port).
        rate: maximum rate of the run.
        host_rate: maximum rate per host.
        adaptive: find out how many requests at once a host takes, within ``per_host``.
        max_host_errors: consecutive transport failures after which a host is skipped.
    """

    per_host: int | None = None
    rate: Rate | None = None
    host_rate: Rate | None = None
    adaptive: bool = False
    max_host_errors: int | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self, {"rate": ((str,), parse_rate), "host_rate": ((str,), parse_rate)})
        for what, number in (("per_host", self.per_host), ("max_host_errors", self.max_host_errors)):
            if number is not None and number < 1:
                raise UsageError(f"{what} must be at least 1, not {number}")


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """What is retried; times in seconds.

    Attributes:
        count: maximum number of retries after transient failures.
        delay: maximum delay before the first retry; doubles with each retry.
        max_time: time since the first attempt after which no retry starts; None is no limit.
        statuses: statuses that are retried.
        all_errors: retry every failure and every method.
        respect_retry_after: pause hosts that say when to come back.
        max_retry_after: maximum pause that a host may ask for.
        wait: time since the start of the run during which rows that are not accepted are retried, for a
            deployment; None is not at all.
    """

    count: int = 2
    delay: float = 1.0
    max_time: float | None = None
    statuses: StatusSet = parse_status_set("408,425,429,500,502,503,504,522,524")
    all_errors: bool = False
    respect_retry_after: bool = True
    max_retry_after: float = 60.0
    wait: float | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self, {"statuses": ((str,), parse_status_set)})

    @property
    def any(self) -> bool:
        """Whether anything may be retried."""
        return self.count > 0 or self.wait is not None


class Redirects(msgspec.Struct, frozen=True, kw_only=True):
    """Which redirects are followed, and with what.

    Attributes:
        follow: follow them (301, 302, 303, 307, 308).
        limit: maximum number.
        downgrade: follow from https to http.
        trusted: send credentials and headers to every host, also those that only a fetched sitemap names.
    """

    follow: bool = True
    limit: int = 10
    downgrade: bool = False
    trusted: bool = False

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one body; ``None`` is no limit.

    Attributes:
        size: maximum bytes on the wire, and after decoding.
        keep: bytes of the decoded body to keep in the response.
        check: bytes of the decoded body that checks may look at.
        ratio: maximum decoded bytes per byte on the wire, once more than ``ratio_free`` bytes were decoded;
            beyond that it is a decompression bomb.
        ratio_free: decoded bytes that may have any ratio.
        rate: maximum bytes per second on the wire, over all bodies of the run.
        hash: compute the SHA-256 of bodies.
    """

    size: int | None = None
    ratio: int | None = 250
    ratio_free: int = 16 * 1024 * 1024
    keep: int = 0
    check: int = 10 * 1024 * 1024
    rate: float | None = None
    hash: bool = True

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self)
        if self.rate is not None and not self.rate > 0:
            raise UsageError(f"Limits: rate must be more than 0, not {self.rate:g}")


class Network(msgspec.Struct, frozen=True):
    """How hosts are reached.

    Attributes:
        addresses: which addresses may be dialled.
        proxies: which proxy to use for which URL.
        pins: addresses of hosts that are not looked up.
        detours: hosts and ports to connect to instead.
        unix_socket: path of the socket for every connection, or None.
        dns_servers: ``ADDRESS[:PORT]`` of DNS servers to use instead of the system's.
        family: 4 or 6 to use only that version of IP, 0 for both.
    """

    addresses: AddressRules = AddressRules()
    proxies: ProxyRules = ProxyRules()
    pins: tuple[Pin, ...] = ()
    detours: tuple[Detour, ...] = ()
    unix_socket: str | None = None
    dns_servers: tuple[str, ...] = ()
    family: int = 0

    def __post_init__(self) -> None:
        """Validate the values. Address rules exclude proxies and Unix sockets: the address is not known there."""
        coerce(self)
        path = self.unix_socket
        if path is not None and not 0 < len(path.encode("utf-8", "surrogateescape")) <= MAX_SOCKET_PATH:
            raise UsageError(f"--unix-socket: expected a path of 1 to {MAX_SOCKET_PATH} bytes")
        if self.unix_socket is not None and (self.proxies.http or self.proxies.https):
            raise UsageError("--unix-socket and a proxy cannot be combined")
        if not self.addresses.any:
            return
        if self.proxies.http or self.proxies.https:
            raise UsageError(
                "--block-private and --deny-cidr cannot be combined with a proxy: the proxy chooses the address "
                "(-x '' ignores the proxy variables)"
            )
        if self.unix_socket is not None:
            raise UsageError("--unix-socket cannot be combined with --block-private or --deny-cidr")


class TlsVersion(StrEnum):
    """Oldest accepted TLS version. Versions before 1.2 are never used (RFC 8996)."""

    V1_2 = "1.2"
    V1_3 = "1.3"


class Tls(msgspec.Struct, frozen=True, kw_only=True):
    """How servers and this client are authenticated.

    Attributes:
        verify: verify certificates.
        cacert: file of the authorities to trust instead of the system's.
        cert: file of the client certificate chain, perhaps with its key.
        key: file of the client's private key.
        minimum: oldest accepted version.
    """

    verify: bool = True
    cacert: str | None = None
    cert: str | None = None
    key: str | None = None
    minimum: TlsVersion = TlsVersion.V1_2

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self)
        if self.key is not None and self.cert is None:
            raise UsageError("a TLS key requires a certificate")


class Cookies(msgspec.Struct, frozen=True, kw_only=True):
    """Which cookies are sent besides the Cookie field of the request.

    Attributes:
        files: the cookie files that were read.
        initial: the cookies of these files.
        redirects: cookies that a response sets are sent with the later redirects of its row.
        jar: file of a jar that all rows read and write, or None; it is written by the run.
    """

    files: tuple[str, ...] = ()
    initial: tuple[Cookie, ...] = ()
    redirects: bool = False
    jar: str | None = None

    def __post_init__(self) -> None:
        """Validate the values."""
        coerce(self)

    @property
    def any(self) -> bool:
        """Whether there may be any cookie."""
        return bool(self.initial) or self.redirects or self.jar is not None


class Policy(msgspec.Struct, frozen=True):
    """How the targets of a run are fetched and judged.

    Attributes:
        concurrency: maximum requests in flight.
        timeouts: time limits of one attempt.
        redirects: which redirects to follow.
        accept: accepted statuses.
        checks: other expectations for every response.
        request: method, headers and content.
        limits: limits of one body.
        network: how hosts are reached.
        tls: how servers are authenticated.
        pace: limits of concurrency and rate.
        retry: what is retried.
        credentials: credentials that are not a header.
        cookies: cookies that are not a header.
    """

    concurrency: int = DEFAULT_CONCURRENCY
    timeouts: Timeouts = Timeouts()
    redirects: Redirects = Redirects()
    accept: StatusSet = parse_status_set("200..399")
    checks: tuple[Check, ...] = ()
    request: RequestOptions = RequestOptions()
    limits: Limits = Limits()
    network: Network = Network()
    tls: Tls = Tls()
    pace: Pace = Pace()
    retry: Retry = Retry()
    credentials: Credentials = Credentials()
    cookies: Cookies = Cookies()

    def __post_init__(self) -> None:
        """Validate the values. A text is a set of statuses, and a number the seconds of the whole attempt."""
        coerce(
            self,
            {
                "accept": ((str, int), lambda statuses: parse_status_set(str(statuses))),
                "timeouts": ((int, float), lambda seconds: Timeouts(total=seconds)),
            },
        )
        if self.concurrency < 1:
            raise UsageError(f"concurrency must be at least 1, not {self.concurrency}")
