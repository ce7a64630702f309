"""Every option, one block a group. They only build `Settings`; no default value is written here."""

from functools import partial
from typing import Annotated

import typer

from fetchcli.core.policy import Policy, TlsVersion
from fetchcli.core.settings import ProgressMode
from fetchcli.core.units import format_duration

DEFAULTS = Policy()
DEFAULT_TIMEOUT = format_duration(DEFAULTS.timeouts.total)
DEFAULT_CONNECT_TIMEOUT = format_duration(DEFAULTS.timeouts.connect)
DEFAULT_READ_TIMEOUT = format_duration(DEFAULTS.timeouts.read)
DEFAULT_RETRY_DELAY = format_duration(DEFAULTS.retry.delay)
DEFAULT_MAX_RETRY_AFTER = format_duration(DEFAULTS.retry.max_retry_after)

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[INPUT]...",
        help="Files with one URL a line, '-' for stdin, or http(s) URLs. With none, a piped stdin is read.",
        show_default=False,
    ),
]

_input = partial(typer.Option, rich_help_panel="Input", show_envvar=False)
AllowEmpty = Annotated[bool, _input("--allow-empty", help="An input without URLs is fine (exit 0).")]
DryRun = Annotated[
    bool,
    _input(
        "--dry-run", help="Print the plan, and request nothing: rows by host, duplicates, invalid rows, least time."
    ),
]
Demo = Annotated[bool, _input("--demo", help="Fetch from a small server inside the process; no network.")]

_request = partial(typer.Option, rich_help_panel="Request", show_envvar=False)
Location = Annotated[bool, _request("--location/--no-location", "-L", help="Follow redirects.")]
MaxRedirs = Annotated[int, _request("--max-redirs", metavar="N", min=0, help="Redirects to follow, at most.")]
AllowDowngrade = Annotated[bool, _request("--allow-downgrade", help="Follow redirects from https to http, too.")]
Method = Annotated[
    str | None,
    _request("--request", "-X", metavar="METHOD", help="The method: GET, with -d POST.", show_default=False),
]
Head = Annotated[bool, _request("--head", "-I", help="The method HEAD: status and headers, no body.")]
Headers = Annotated[
    list[str] | None,
    _request(
        "--header",
        "-H",
        metavar="'NAME: VALUE'",
        help="A header; 'NAME:' sends none of that name. Not sent on to another origin. Repeatable.",
        show_default=False,
        allow_from_autoenv=False,  # a value would be split at its spaces
    ),
]
Data = Annotated[
    list[str] | None,
    _request(
        "--data",
        "-d",
        metavar="TEXT",
        help="Content to send; @FILE reads it, without its line ends, as curl does. Repeatable: joined by &.",
        show_default=False,
        allow_from_autoenv=False,  # likewise
    ),
]
Json = Annotated[
    list[str] | None,
    _request(
        "--json",
        metavar="TEXT",
        help="Content as with -d, line ends kept, labelled application/json. Repeatable: put together.",
        show_default=False,
        allow_from_autoenv=False,
    ),
]
User = Annotated[
    str | None, _request("--user", "-u", metavar="NAME:PASSWORD", help="Basic credentials.", show_default=False)
]
Bearer = Annotated[str | None, _request("--bearer", metavar="TOKEN", help="A bearer token.", show_default=False)]
Cookie = Annotated[str | None, _request("--cookie", "-b", metavar="NAME=VALUE", help="Cookies.", show_default=False)]
UserAgent = Annotated[str | None, _request("--user-agent", "-A", metavar="TEXT", help="Who asks.", show_default=False)]
Referer = Annotated[str | None, _request("--referer", "-e", metavar="URL", help="Where from.", show_default=False)]
Range = Annotated[str | None, _request("--range", "-r", metavar="RANGE", help="Bytes: 0-499.", show_default=False)]
MaxFilesize = Annotated[
    str, _request("--max-filesize", metavar="SIZE", help="Bytes of a body, as they come and when decoded, at most.")
]
MaxRatio = Annotated[
    str,
    _request("--max-ratio", metavar="N", help="Decoded bytes for each byte that comes, from 16 MB on; or none."),
]

_pace = partial(typer.Option, rich_help_panel="Pace", show_envvar=False)
Concurrency = Annotated[int, _pace("--concurrency", "-c", metavar="N", min=1, help="Requests in flight, at most.")]

PerHost = Annotated[
    int | None, _pace("--per-host", metavar="N", min=1, help="Requests in flight to one host.", show_default=False)
]
RateLimit = Annotated[
    str, _pace("--rate", metavar="N/s", help="Starts of the whole run: 10/s, 30/m, 100/h; in no second more.")
]
HostRate = Annotated[
    str, _pace("--host-rate", metavar="N/s", help="Starts for one host; one that waits holds no slot.")
]
Adaptive = Annotated[
    bool, _pace("--adaptive", help="Find out how many requests at once a host takes, and keep to that.")
]
MaxHostErrors = Annotated[
    int | None,
    _pace(
        "--max-host-errors",
        metavar="N",
        min=1,
        help="After so many failures in a row the other rows of a host are skipped.",
        show_default=False,
    ),
]

_retry = partial(typer.Option, rich_help_panel="Retry", show_envvar=False)
RetryCount = Annotated[int, _retry("--retry", metavar="N", min=0, help="Further tries after a failure that may pass.")]
RetryDelay = Annotated[
    str, _retry("--retry-delay", metavar="TIME", help="The longest wait before the first; it doubles with each.")
]
RetryMaxTime = Annotated[str, _retry("--retry-max-time", metavar="TIME", help="Time for all tries of a row.")]
RetryStatus = Annotated[str, _retry("--retry-status", metavar="STATUSES", help="Statuses that may pass.")]
RetryAllErrors = Annotated[
    bool, _retry("--retry-all-errors", help="Try again whatever failed, and with any method: POST may happen twice.")
]
RespectRetryAfter = Annotated[
    bool,
    _retry(
        "--respect-retry-after/--no-respect-retry-after",
        help="Leave a host alone for as long as Retry-After or RateLimit asks.",
    ),
]
MaxRetryAfter = Annotated[
    str, _retry("--max-retry-after", metavar="TIME", help="The longest that it may ask for; with more the row fails.")
]
WaitFor = Annotated[
    str | None,
    _retry(
        "--wait",
        metavar="TIME",
        help="For a deployment on its way: so long, try again until every row is accepted.",
        show_default=False,
    ),
]

_time = partial(typer.Option, rich_help_panel="Time", metavar="TIME", show_envvar=False)
Timeout = Annotated[str, _time("--timeout", "-m", help="Limit of one attempt, from its slot to the last byte.")]
ConnectTimeout = Annotated[str, _time("--connect-timeout", help="Limit of lookup, connect and TLS.")]
MinRate = Annotated[
    str,
    typer.Option(
        "--min-rate",
        metavar="SIZE",
        help="Bytes per second, over 10 s, that a server must send once it has begun.",
        rich_help_panel="Time",
        show_envvar=False,
    ),
]
ReadTimeout = Annotated[str, _time("--read-timeout", help="Longest silence of a server.")]

_network = partial(typer.Option, rich_help_panel="Network", show_envvar=False, show_default=False)
Proxy = Annotated[
    str | None,
    _network(
        "--proxy",
        "-x",
        metavar="URL",
        help="http, https, socks4, socks4a, socks5 or socks5h proxy; '' for none whatever the environment says.",
    ),
]
NoProxy = Annotated[
    str | None, _network("--noproxy", metavar="HOSTS", help="Hosts to ask directly: names, addresses, networks, *.")
]
Resolve = Annotated[
    list[str] | None,
    _network("--resolve", metavar="HOST:PORT:ADDRESS", help="Addresses for a host, instead of a lookup. Repeatable."),
]
ConnectTo = Annotated[
    list[str] | None,
    _network("--connect-to", metavar="H1:P1:H2:P2", help="Connect to H2:P2 for H1:P1. Repeatable."),
]
UnixSocket = Annotated[str | None, _network("--unix-socket", metavar="PATH", help="Connect through this socket.")]
DnsServers = Annotated[
    str | None,
    _network("--dns-servers", metavar="ADDRESSES", help="Servers to ask, ADDRESS[:PORT] with commas between."),
]
Ipv4 = Annotated[bool, _network("--ipv4", "-4", help="Use IPv4 only.")]
Ipv6 = Annotated[bool, _network("--ipv6", "-6", help="Use IPv6 only.")]
BlockPrivate = Annotated[
    bool, _network("--block-private", help="Dial no private, loopback, link-local or otherwise special address.")
]
AllowCidr = Annotated[
    list[str] | None,
    _network("--allow-cidr", metavar="NETWORK", help="Except these; the longest prefix decides. Repeatable."),
]
DenyCidr = Annotated[
    list[str] | None, _network("--deny-cidr", metavar="NETWORK", help="Dial none of these addresses. Repeatable.")
]

_tls = partial(typer.Option, rich_help_panel="TLS", show_envvar=False)
Insecure = Annotated[bool, _tls("--insecure", "-k", help="Do not check certificates.")]
CaCert = Annotated[
    str | None, _tls("--cacert", metavar="FILE", help="Trust these authorities, not the system's.", show_default=False)
]
Cert = Annotated[
    str | None, _tls("--cert", "-E", metavar="FILE", help="Client certificate chain, in PEM.", show_default=False)
]
Key = Annotated[str | None, _tls("--key", metavar="FILE", help="Its key, unless it is in there.", show_default=False)]
TlsMin = Annotated[TlsVersion, _tls("--tls-min", help="Oldest TLS version to speak.")]

_output = partial(typer.Option, rich_help_panel="Output", show_envvar=False)
Outputs = Annotated[
    list[str] | None,
    _output(
        "--output",
        "-o",
        metavar="FORMAT[:PATH]",
        help="text, jsonl, csv or json; or a path whose extension says which. Repeatable.",
        show_default=False,
    ),
]
WriteOut = Annotated[
    str | None,
    _output(
        "--write-out",
        "-w",
        metavar="TEMPLATE",
        help="For every URL, a template of curl's kind: '%{http_code} %{url}\\n'.",
        show_default=False,
    ),
]
Ordered = Annotated[bool, _output("--ordered", help="Rows in input order, in bounded memory.")]
Progress = Annotated[ProgressMode, _output("--progress", help="How progress is shown on stderr.")]
Quiet = Annotated[bool, _output("--quiet", "-q", help="Data only: no progress, no messages, no summary.")]
Verbose = Annotated[bool, _output("--verbose", "-v", help="Say every outcome on stderr as it ends.")]
NoColor = Annotated[bool, _output("--no-color", help="No colour (so does NO_COLOR).")]

_checks = partial(typer.Option, rich_help_panel="Checks", show_envvar=False)
Accept = Annotated[
    str,
    _checks(
        "--accept",
        metavar="STATUSES",
        help="Statuses that count as success: 200..399,401 or 2xx; !304 takes one away (of 200..399, if alone).",
    ),
]
ExitZero = Annotated[bool, _checks("--exit-zero", help="Outcomes do not decide the exit code.")]

# Not from the environment: FETCHCLI_VERSION means something else to many a CI job.
Version = Annotated[
    bool,
    typer.Option("--version", "-V", help="Show the version and exit.", is_eager=True, allow_from_autoenv=False),
]
