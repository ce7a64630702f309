"""Every option, one block a group. They only build `Settings`; no default value is written here."""

from functools import partial
from typing import Annotated

import typer

from fetchcli.cli.lines_type import LINES
from fetchcli.core.policy import Policy, TlsVersion
from fetchcli.core.settings import FailureScope, InputFormat, ProgressMode, SchemaName
from fetchcli.core.units import format_duration

DEFAULTS = Policy()
DEFAULT_TIMEOUT = format_duration(DEFAULTS.timeouts.total)
DEFAULT_CONNECT_TIMEOUT = format_duration(DEFAULTS.timeouts.connect)
DEFAULT_READ_TIMEOUT = format_duration(DEFAULTS.timeouts.read)
DEFAULT_RETRY_DELAY = format_duration(DEFAULTS.retry.delay)
DEFAULT_MAX_CHECK_BODY = f"{DEFAULTS.limits.check // 1024**2}M"
DEFAULT_MAX_RETRY_AFTER = format_duration(DEFAULTS.retry.max_retry_after)

Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[INPUT]...",
        help="Lists (one URL a line, CSV, JSON, sitemaps), '-' for stdin, or http(s) URLs. With none, a piped stdin.",
        show_default=False,
    ),
]

_input = partial(typer.Option, rich_help_panel="Input", show_envvar=False)
InputFormats = Annotated[
    InputFormat, _input("--input-format", help="How lists are written; auto: by extension, then by content.")
]
UrlColumn = Annotated[str, _input("--url-column", metavar="NAME", help="Column (CSV) or key (JSON) of the URL.")]
Keep = Annotated[
    list[str] | None,
    _input("--keep", metavar="NAME", help="Carry this column into the output. Repeatable.", show_default=False),
]
Glob = Annotated[bool, _input("--glob", help="{a,b} and [1-100:2] in URLs stand for many, as with curl.")]
StrictInput = Annotated[bool, _input("--strict-input", help="Read nothing after the first row that is not valid.")]
AllowEmpty = Annotated[bool, _input("--allow-empty", help="An input without URLs is fine (exit 0).")]
_select = partial(typer.Option, rich_help_panel="Selection", show_envvar=False, show_default=False)
Include = Annotated[
    list[str] | None,
    _select("--include", metavar="REGEX", help="Only URLs in which this is found. Repeatable.", click_type=LINES),
]
Exclude = Annotated[
    list[str] | None,
    _select("--exclude", metavar="REGEX", help="No URLs in which this is found. Repeatable.", click_type=LINES),
]
OnlyFailed = Annotated[bool, _select("--only-failed", help="Of a result file, the rows that were not accepted.")]
Dedupe = Annotated[bool, _select("--dedupe", help="Skip rows of the same URL, method and expectations.")]
Limit = Annotated[int | None, _select("--limit", metavar="N", min=0, help="The first N rows.")]
Sample = Annotated[int | None, _select("--sample", metavar="N", min=0, help="N rows, chosen at random from all.")]
Seed = Annotated[int | None, _select("--seed", metavar="N", help="Choose and shuffle the same way every time.")]
Shuffle = Annotated[bool, _select("--shuffle", help="In random order, 10,000 rows at a time.")]

_request = partial(typer.Option, rich_help_panel="Request", show_envvar=False, show_default=False)
Method = Annotated[str | None, _request("--request", "-X", metavar="METHOD", help="The method: GET, with -d POST.")]
Head = Annotated[bool, _request("--head", "-I", help="The method HEAD: status and headers, no body.")]
Headers = Annotated[
    list[str] | None,
    _request(
        "--header",
        "-H",
        metavar="'NAME: VALUE'",
        help="A header; 'NAME:' sends none; @FILE has one a line. Repeatable.",
        click_type=LINES,
    ),
]
Data = Annotated[
    list[str] | None,
    _request(
        "--data",
        "-d",
        metavar="TEXT",
        help="Content; @FILE reads it, without line ends. Repeatable: joined by &.",
        click_type=LINES,
    ),
]
Json = Annotated[
    list[str] | None,
    _request(
        "--json",
        metavar="TEXT",
        help="The same, line ends kept, labelled as JSON. Repeatable: put together.",
        click_type=LINES,
    ),
]
Form = Annotated[
    list[str] | None,
    _request(
        "--form",
        "-F",
        metavar="NAME=TEXT",
        help="A part of a form; NAME=@FILE uploads. Repeatable.",
        click_type=LINES,
    ),
]
Cookie = Annotated[str | None, _request("--cookie", "-b", metavar="NAME=VALUE", help="Cookies.")]
UserAgent = Annotated[str | None, _request("--user-agent", "-A", metavar="TEXT", help="Who asks.")]
Referer = Annotated[str | None, _request("--referer", "-e", metavar="URL", help="Where from.")]
Range = Annotated[str | None, _request("--range", "-r", metavar="RANGE", help="Bytes: 0-499.")]
_auth = partial(typer.Option, rich_help_panel="Credentials", show_envvar=False, show_default=False)
User = Annotated[str | None, _auth("--user", "-u", metavar="NAME:PASSWORD", help="Basic credentials.")]
Digest = Annotated[bool, _auth("--digest", help="Answer digest challenges with those of -u, instead.")]
Bearer = Annotated[str | None, _auth("--bearer", metavar="TOKEN", help="A bearer token.")]
Netrc = Annotated[bool, _auth("--netrc", "-n", help="Basic credentials by host, from $NETRC or ~/.netrc.")]
NetrcFile = Annotated[str | None, _auth("--netrc-file", metavar="FILE", help="From this file.")]
ExpandEnv = Annotated[
    str | None,
    _auth(
        "--expand-env",
        metavar="OPTIONS",
        help="Fill in ${NAME} from the environment in these: header, user, bearer, rows (their headers).",
    ),
]

_response = partial(typer.Option, rich_help_panel="Response", show_envvar=False)
Location = Annotated[bool, _response("--location/--no-location", "-L", help="Follow redirects.")]
MaxRedirs = Annotated[int, _response("--max-redirs", metavar="N", min=0, help="Redirects to follow, at most.")]
AllowDowngrade = Annotated[bool, _response("--allow-downgrade", help="Follow redirects from https to http, too.")]
Compressed = Annotated[
    bool, _response("--compressed/--no-compressed", help="Ask for compressed content; it is undone in any case.")
]
MaxFilesize = Annotated[
    str, _response("--max-filesize", metavar="SIZE", help="Bytes of a body, as they come and when decoded, at most.")
]
MaxRatio = Annotated[
    str,
    _response("--max-ratio", metavar="N", help="Decoded bytes for each byte that comes, from 16 MB on; or none."),
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
WaitFor = Annotated[
    str | None,
    _retry(
        "--wait",
        metavar="TIME",
        help="For a deployment on its way: so long, try again until every row is accepted.",
        show_default=False,
    ),
]

_polite = partial(typer.Option, rich_help_panel="Retry-After", show_envvar=False)
RespectRetryAfter = Annotated[
    bool,
    _polite(
        "--respect-retry-after/--no-respect-retry-after",
        help="Leave a host alone for as long as Retry-After or RateLimit asks.",
    ),
]
MaxRetryAfter = Annotated[
    str, _polite("--max-retry-after", metavar="TIME", help="The longest that it may ask for; with more the row fails.")
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
        help="text jsonl csv json junit tap sarif markdown github gitlab prometheus summary; or a path. Repeatable.",
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
        help="Accepted statuses: 200..399,401 or 2xx; !304 takes one away (alone: of 200..399).",
    ),
]
_expect = partial(typer.Option, rich_help_panel="Checks", show_envvar=False, show_default=False)
ExpectHeader = Annotated[
    list[str] | None,
    _expect(
        "--expect-header",
        metavar="'NAME: VALUE'",
        help="Exactly that; or 'NAME: ~ REGEX', 'NAME: exists', 'NAME: absent'. Repeatable.",
        click_type=LINES,
    ),
]
ExpectBody = Annotated[
    list[str] | None,
    _expect("--expect-body", metavar="TEXT", help="Is in the body; or '~ REGEX'. Repeatable.", click_type=LINES),
]
ExpectJson = Annotated[
    list[str] | None,
    _expect(
        "--expect-json",
        metavar="'PATH OP VALUE'",
        help="'status == \"ok\"': JMESPath, an operator (README), JSON. Repeatable.",
        click_type=LINES,
    ),
]
ExpectSha256 = Annotated[str | None, _expect("--expect-sha256", metavar="HEX", help="Of the decoded body.")]
ExpectFinalUrl = Annotated[
    str | None, _expect("--expect-final-url", metavar="URL", help="After redirects; or '~ REGEX'.")
]
ExpectRedirects = Annotated[str | None, _expect("--expect-redirects", metavar="N", help="So many; or '<=N'.")]
ExpectSize = Annotated[
    list[str] | None,
    _expect("--expect-size", metavar="SIZE", help="Of the decoded body: '>1K'. Repeatable.", click_type=LINES),
]
ExpectCertDays = Annotated[
    str | None, _expect("--expect-cert-days", metavar="N", help="Until the certificate expires: '>14'.")
]
MaxLatency = Annotated[str | None, _expect("--max-latency", metavar="TIME", help="To the last byte of a try.")]
MaxCheckBody = Annotated[str, _checks("--max-check-body", metavar="SIZE", help="Of a body, so much is looked at.")]

_verdict = partial(typer.Option, rich_help_panel="The run as a whole", show_envvar=False, show_default=False)
Thresholds = Annotated[
    list[str] | None,
    _verdict(
        "--threshold",
        metavar="CONDITION",
        help="'p95(time_total) < 800ms', 'error_rate < 1%', 'rate > 50/s by host'. Repeatable.",
        click_type=LINES,
    ),
]
HaltWhen = Annotated[
    str | None,
    _verdict("--halt", metavar="WHEN", help="soon,fail=3 or now,fail=10%: the rest is SKIPPED."),
]
FailFast = Annotated[bool, _verdict("--fail-fast", help="The same as --halt now,fail=1.")]
Baseline = Annotated[
    str | None,
    _verdict("--baseline", metavar="FILE", help="Compare with an earlier result file (-o jsonl:FILE)."),
]
FailOn = Annotated[
    FailureScope,
    typer.Option(
        "--fail-on",
        help="new: what had failed in the baseline already does not decide the exit code.",
        rich_help_panel="The run as a whole",
        show_envvar=False,
    ),
]
Repeat = Annotated[int | None, _verdict("--repeat", metavar="N", min=1, help="Fetch the list N times.")]
Every = Annotated[str | None, _verdict("--every", metavar="TIME", help="Begin a round so often.")]
Span = Annotated[
    str | None,
    _verdict(
        "--for", envvar="FETCHCLI_FOR", metavar="TIME", help="Begin no round after so long; without --every, no pauses."
    ),
]
GitHub = Annotated[
    bool, _verdict("--github/--no-github", help="In a GitHub workflow: annotations, and the step summary.")
]
ExitZero = Annotated[bool, _verdict("--exit-zero", help="Outcomes do not decide the exit code.")]

_run = partial(typer.Option, rich_help_panel="Run", show_envvar=False, show_default=False)
DryRun = Annotated[
    bool,
    _run("--dry-run", help="Print the plan, and request nothing: rows by host, duplicates, invalid rows, least time."),
]
PrintCurl = Annotated[
    bool, _run("--print-curl", help="Print a curl command that does the same for every row; request nothing.")
]
Demo = Annotated[bool, _run("--demo", help="Fetch from a small server inside the process; no network.")]
# Not from the environment: FETCHCLI_VERSION means something else to many a CI job.
_alone = partial(_run, allow_from_autoenv=False, is_eager=True)
Config = Annotated[
    str | None,
    _run("--config", "-K", metavar="FILE", help="Read options from this TOML file, and from no other.", is_eager=True),
]
NoConfig = Annotated[bool, _run("--no-config", help="Read no configuration file.", is_eager=True)]
PrintConfig = Annotated[bool, _alone("--print-config", help="Print every option, its value, and where that is from.")]
PrintSchema = Annotated[
    SchemaName | None,
    _alone("--print-schema", metavar="NAME", help="A JSON Schema: config, row or result.", hidden=True),
]
Version = Annotated[bool, _alone("--version", "-V", help="Show the version and exit.")]
