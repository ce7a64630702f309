"""Options for timeouts."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.units import format_duration, format_size, parse_duration, parse_size

PANEL = Panel(
    title="Timeouts",
    topic="timeouts",
    options=(
        Option(
            flags="-m --timeout",
            found=Found.YES,
            help="Maximum time of one attempt. From getting a slot to the last byte.",
            to="policy.timeouts.total",
            metavar="TIME",
            parse=parse_duration,
            show=format_duration,
            common=True,
        ),
        Option(
            flags="--connect-timeout",
            found=Found.YES,
            help="Maximum time of name lookup, TCP connect and TLS handshake.",
            to="policy.timeouts.connect",
            metavar="TIME",
            parse=parse_duration,
            show=format_duration,
        ),
        Option(
            flags="--read-timeout",
            found=Found.YES,
            help="Maximum time without any data from the server.",
            to="policy.timeouts.read",
            metavar="TIME",
            parse=parse_duration,
            show=format_duration,
        ),
        Option(
            flags="--min-rate",
            found=Found.YES,
            help="Minimum bytes per second, averaged over 10 s, once a response has started.",
            to="policy.timeouts.min_rate",
            metavar="SIZE",
            parse=parse_size,
            show=format_size,
            off="none",
        ),
    ),
)
