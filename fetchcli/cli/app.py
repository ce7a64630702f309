"""The command: flags -> Settings -> run -> exit code."""

import typer

from fetchcli.cli import checks, options, settings
from fetchcli.cli.about import print_about
from fetchcli.cli.command import ConfiguredCommand
from fetchcli.cli.preflight import fit_descriptors
from fetchcli.cli.request import Flags, build
from fetchcli.core.errors import ExitCode
from fetchcli.core.pacing import parse_rate
from fetchcli.core.policy import Limits, Network, Pace, Policy, Redirects, Retry, Timeouts, Tls
from fetchcli.core.settings import FailureScope, ProgressMode, Reading, Selection, Settings
from fetchcli.core.status import parse_status_set
from fetchcli.core.units import parse_duration, parse_size

HELP = """Fetch a list of URLs, many at a time; every line ends as exactly one true outcome.

\b
fetchcli urls.txt --concurrency 50
cut -f1 sites.tsv | fetchcli - -o jsonl | jq .status
fetchcli smoke.csv --accept 200..299 --threshold 'flaky_rate < 5%' -o junit:report.xml
fetchcli rows.jsonl --only-failed
fetchcli https://example.com/sitemap.xml --input-format sitemap
fetchcli --glob 'https://example.com/page/[1-100]'

Options can also be set in the environment (FETCHCLI_CONCURRENCY=20) and in
fetchcli.toml (concurrency = 20); --print-config shows what came from where.
"""

DEFAULTS = Settings()
app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "FETCHCLI"},
)


@app.command(cls=ConfiguredCommand, help=HELP)
def fetchcli(
    inputs: options.Inputs = None,
    *,
    input_format: options.InputFormats = DEFAULTS.reading.format,
    url_column: options.UrlColumn = DEFAULTS.reading.url_column,
    keep: options.Keep = None,
    glob: options.Glob = False,
    strict_input: options.StrictInput = False,
    allow_empty: options.AllowEmpty = False,
    dry_run: options.DryRun = False,
    print_curl: options.PrintCurl = False,
    demo: options.Demo = False,
    include: options.Include = None,
    exclude: options.Exclude = None,
    only_failed: options.OnlyFailed = False,
    dedupe: options.Dedupe = False,
    limit: options.Limit = None,
    sample: options.Sample = None,
    seed: options.Seed = None,
    shuffle: options.Shuffle = False,
    request: options.Method = None,
    head: options.Head = False,
    header: options.Headers = None,
    data: options.Data = None,
    json: options.Json = None,
    form: options.Form = None,
    cookie: options.Cookie = None,
    user_agent: options.UserAgent = None,
    referer: options.Referer = None,
    range: options.Range = None,  # noqa: A002 - curl's name
    user: options.User = None,
    digest: options.Digest = False,
    bearer: options.Bearer = None,
    netrc: options.Netrc = False,
    netrc_file: options.NetrcFile = None,
    expand_env: options.ExpandEnv = None,
    location: options.Location = options.DEFAULTS.redirects.follow,
    max_redirs: options.MaxRedirs = options.DEFAULTS.redirects.limit,
    allow_downgrade: options.AllowDowngrade = options.DEFAULTS.redirects.downgrade,
    compressed: options.Compressed = True,
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
    github: options.GitHub = True,
    accept: options.Accept = options.DEFAULTS.accept.text,
    expect_header: options.ExpectHeader = None,
    expect_body: options.ExpectBody = None,
    expect_json: options.ExpectJson = None,
    expect_sha256: options.ExpectSha256 = None,
    expect_final_url: options.ExpectFinalUrl = None,
    expect_redirects: options.ExpectRedirects = None,
    expect_size: options.ExpectSize = None,
    expect_cert_days: options.ExpectCertDays = None,
    max_latency: options.MaxLatency = None,
    max_check_body: options.MaxCheckBody = options.DEFAULT_MAX_CHECK_BODY,
    threshold: options.Thresholds = None,
    halt: options.HaltWhen = None,
    fail_fast: options.FailFast = False,
    baseline: options.Baseline = None,
    fail_on: options.FailOn = FailureScope.ANY,
    repeat: options.Repeat = None,
    every: options.Every = None,
    for_: options.Span = None,
    exit_zero: options.ExitZero = False,
    config: options.Config = None,  # noqa: ARG001 - `ConfiguredCommand` has read it
    no_config: options.NoConfig = False,  # noqa: ARG001 - likewise
    print_config: options.PrintConfig = False,
    print_schema: options.PrintSchema = None,
    version: options.Version = False,
) -> int:
    """Build the settings from the flags, and run."""
    if version or print_config or print_schema:
        print_about(print_schema, version=version)
        return ExitCode.OK
    asking = build(
        Flags(
            request,
            head,
            header or [],
            data or [],
            json or [],
            form or [],
            cookie,
            user_agent,
            referer,
            range,
            compressed,
            user,
            digest,
            bearer,
            netrc,
            netrc_file,
            expand_env,
            stdin_is_free=demo or bool(inputs and "-" not in inputs),
            leave_to_shell=print_curl,
        )
    )
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
        checks=checks.checks(
            checks.Expectations(
                expect_header,
                expect_body,
                expect_json,
                expect_sha256,
                expect_final_url,
                expect_redirects,
                expect_size,
                expect_cert_days,
                max_latency,
            ),
            verify=not insecure,
        ),
        request=asking.request,
        credentials=asking.credentials,
        limits=Limits(
            settings.read("--max-filesize", parse_size, max_filesize),
            settings.count("--max-ratio", max_ratio),
            check=checks.body_limit(max_check_body),
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
        inputs=settings.inputs(inputs or [], demo=demo, dry_run=dry_run, print_curl=print_curl),
        reading=Reading(
            input_format,
            url_column,
            tuple(keep or ()),
            glob,
            strict_input,
            asking.expand_rows,
            settings.selection(
                Selection(
                    settings.patterns("--include", include or []),
                    settings.patterns("--exclude", exclude or []),
                    only_failed,
                    dedupe,
                    limit,
                    sample,
                    seed,
                    shuffle,
                ),
                ordered=ordered,
            ),
        ),
        policy=policy,
        outputs=tuple(output or ()),
        write_out=write_out,
        ordered=ordered,
        progress=progress,
        quiet=quiet,
        verbose=verbose,
        color=False if no_color else None,
        allow_empty=allow_empty,
        thresholds=checks.thresholds(threshold or []),
        halt=checks.halt(halt, fail_fast=fail_fast),
        rounds=checks.rounds(repeat, every, for_),
        baseline=baseline,
        only_new=checks.scope(baseline, fail_on),
        github=github,
        exit_zero=exit_zero,
        dry_run=dry_run,
        print_curl=print_curl,
        demo=demo,
    )
    from fetchcli.run import run  # asyncio and all the rest, which --help and mistakes do without

    return run(fit_descriptors(chosen))
