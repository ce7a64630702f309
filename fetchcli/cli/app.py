"""The command: flags -> Settings -> run -> exit code."""

import os
import re
import sys
from contextlib import suppress

import click
import typer

from fetchcli._version import __version__
from fetchcli.cli import options, settings
from fetchcli.cli.preflight import fit_descriptors, occupy_standard_descriptors
from fetchcli.core.errors import ExitCode, FetchcliError, UsageError
from fetchcli.core.pacing import parse_rate
from fetchcli.core.policy import Limits, Network, Pace, Policy, Redirects, Retry, Timeouts, Tls
from fetchcli.core.settings import ProgressMode, Settings
from fetchcli.core.status import parse_status_set
from fetchcli.core.units import parse_duration, parse_size
from fetchcli.messages import say

HELP = """Fetch a list of URLs, many at a time; every line ends as exactly one true outcome.

\b
fetchcli urls.txt --concurrency 50
cut -f1 sites.tsv | fetchcli - -o jsonl | jq .status
fetchcli smoke.txt --accept 200..299 --timeout 5s -o rows.csv

Options can also be set in the environment: FETCHCLI_CONCURRENCY=20.
"""

_SUGGESTIONS = re.compile(r"\.? \(Possible options?: (.*?)\)")

app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "FETCHCLI"},
)


@app.command(help=HELP)
def fetchcli(
    inputs: options.Inputs = None,
    *,
    allow_empty: options.AllowEmpty = False,
    dry_run: options.DryRun = False,
    demo: options.Demo = False,
    location: options.Location = options.DEFAULTS.redirects.follow,
    max_redirs: options.MaxRedirs = options.DEFAULTS.redirects.limit,
    allow_downgrade: options.AllowDowngrade = options.DEFAULTS.redirects.downgrade,
    request: options.Method = None,
    head: options.Head = False,
    header: options.Headers = None,
    data: options.Data = None,
    json: options.Json = None,
    user: options.User = None,
    bearer: options.Bearer = None,
    cookie: options.Cookie = None,
    user_agent: options.UserAgent = None,
    referer: options.Referer = None,
    range: options.Range = None,  # noqa: A002 - curl's name
    max_filesize: options.MaxFilesize = "none",
    max_ratio: options.MaxRatio = str(options.DEFAULTS.limits.ratio),
    concurrency: options.Concurrency = options.DEFAULTS.concurrency,
    per_host: options.PerHost = options.DEFAULTS.pace.per_host,
    rate: options.RateLimit = "none",
    host_rate: options.HostRate = "none",
    adaptive: options.Adaptive = options.DEFAULTS.pace.adaptive,
    max_host_errors: options.MaxHostErrors = options.DEFAULTS.pace.max_host_errors,
    retry: options.RetryCount = options.DEFAULTS.retry.count,
    retry_delay: options.RetryDelay = options.DEFAULT_RETRY_DELAY,
    retry_max_time: options.RetryMaxTime = "none",
    retry_status: options.RetryStatus = options.DEFAULTS.retry.statuses.text,
    retry_all_errors: options.RetryAllErrors = options.DEFAULTS.retry.all_errors,
    respect_retry_after: options.RespectRetryAfter = options.DEFAULTS.retry.respect_retry_after,
    max_retry_after: options.MaxRetryAfter = options.DEFAULT_MAX_RETRY_AFTER,
    wait: options.WaitFor = None,
    timeout: options.Timeout = options.DEFAULT_TIMEOUT,
    connect_timeout: options.ConnectTimeout = options.DEFAULT_CONNECT_TIMEOUT,
    read_timeout: options.ReadTimeout = options.DEFAULT_READ_TIMEOUT,
    min_rate: options.MinRate = "none",
    proxy: options.Proxy = None,
    noproxy: options.NoProxy = None,
    resolve: options.Resolve = None,
    connect_to: options.ConnectTo = None,
    unix_socket: options.UnixSocket = None,
    dns_servers: options.DnsServers = None,
    ipv4: options.Ipv4 = False,
    ipv6: options.Ipv6 = False,
    block_private: options.BlockPrivate = False,
    allow_cidr: options.AllowCidr = None,
    deny_cidr: options.DenyCidr = None,
    insecure: options.Insecure = False,
    cacert: options.CaCert = None,
    cert: options.Cert = None,
    key: options.Key = None,
    tls_min: options.TlsMin = options.DEFAULTS.tls.minimum,
    output: options.Outputs = None,
    write_out: options.WriteOut = None,
    ordered: options.Ordered = False,
    progress: options.Progress = ProgressMode.AUTO,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    accept: options.Accept = options.DEFAULTS.accept.text,
    exit_zero: options.ExitZero = False,
    version: options.Version = False,
) -> int:
    """Build the settings from the flags, and run."""
    if version:
        typer.echo(f"fetchcli {__version__}")
        return ExitCode.OK
    policy = Policy(
        concurrency=concurrency,
        timeouts=Timeouts(
            settings.read("--timeout", parse_duration, timeout),
            settings.read("--connect-timeout", parse_duration, connect_timeout),
            settings.read("--read-timeout", parse_duration, read_timeout),
            settings.read("--min-rate", parse_size, min_rate),
        ),
        redirects=Redirects(location, max_redirs, allow_downgrade),
        accept=parse_status_set(accept),
        request=settings.request(
            request,
            [*(header or []), *settings.named_headers(header or [], user, bearer, cookie, user_agent, referer, range)],
            settings.content(data or [], json or []),
            head=head,
            json=bool(json),
        ),
        limits=Limits(
            settings.read("--max-filesize", parse_size, max_filesize), settings.count("--max-ratio", max_ratio)
        ),
        network=Network()
        if demo
        else settings.network(
            proxy,
            noproxy,
            resolve or [],
            connect_to or [],
            unix_socket,
            dns_servers,
            ipv4,
            ipv6,
            settings.address_rules(block_private, allow_cidr or [], deny_cidr or []),
        ),
        tls=Tls(not insecure, cacert, cert, key, tls_min),
        pace=Pace(
            per_host,
            settings.read("--rate", parse_rate, rate),
            settings.read("--host-rate", parse_rate, host_rate),
            adaptive,
            max_host_errors,
        ),
        retry=Retry(
            retry,
            settings.read("--retry-delay", parse_duration, retry_delay) or 0.0,
            settings.read("--retry-max-time", parse_duration, retry_max_time),
            parse_status_set(retry_status, "--retry-status"),
            retry_all_errors,
            respect_retry_after,
            settings.longest("--max-retry-after", max_retry_after),
            None if wait is None else settings.longest("--wait", wait),
        ),
    )
    chosen = Settings(
        inputs=_inputs(inputs or [], demo=demo, dry_run=dry_run),
        policy=policy,
        outputs=tuple(output or ()),
        write_out=write_out,
        ordered=ordered,
        progress=progress,
        quiet=quiet,
        verbose=verbose,
        color=False if no_color else None,
        allow_empty=allow_empty,
        exit_zero=exit_zero,
        dry_run=dry_run,
        demo=demo,
    )
    from fetchcli.run import run  # asyncio and all the rest, which --help and mistakes do without

    return run(fit_descriptors(chosen))


def _inputs(given: list[str], *, demo: bool, dry_run: bool) -> tuple[str, ...]:
    if demo and dry_run:
        raise UsageError("--demo has no plan to print; leave out --demo or --dry-run")
    if demo and given:
        raise UsageError("--demo brings its own URLs; leave the inputs out")
    if given.count("-") > 1:
        raise UsageError("stdin ('-') can be read only once")
    if "" in given:
        raise UsageError("an empty argument is neither a file nor a URL")
    if given or demo:
        return tuple(given)
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError("nothing to fetch: give a file, '-' for stdin, a URL, or --demo; --help says more")
    return ("-",)


def main() -> ExitCode:
    """Every way of ending is one exit code and at most one line on stderr."""
    occupy_standard_descriptors()
    try:
        return ExitCode(app(standalone_mode=False))
    except click.ClickException as error:
        message = error.format_message().replace(" Did you mean", "; did you mean").rstrip(".?")
        message = _SUGGESTIONS.sub(r"; did you mean \1", message)
        say(f"{message}; --help says what there is")
        return ExitCode.USAGE
    except FetchcliError as error:
        say(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return ExitCode.SIGINT
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback for a user
        say(f"internal error: {type(error).__name__}: {error}")
        return ExitCode.INTERNAL


def entry() -> None:
    """Run, and leave at once: taking the interpreter down module by module costs 40 ms and saves nothing."""
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError):  # closed from the start, or broken since
            stream.flush()
    os._exit(code)
