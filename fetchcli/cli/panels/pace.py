"""Options for concurrency and rates."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.rate import parse_rate

PANEL = Panel(
    title="Pace",
    topic="pace",
    options=(
        Option(
            flags="-c --concurrency",
            found=Found.YES,
            help="Maximum number of requests in flight.",
            to="policy.concurrency",
            type=int,
            metavar="N",
            minimum=1,
            common=True,
        ),
        Option(
            flags="--per-host",
            found=Found.YES,
            help="Maximum number of requests in flight per host.",
            to="policy.pace.per_host",
            type=int,
            metavar="N",
            minimum=1,
        ),
        Option(
            flags="--rate",
            found=Found.YES,
            help="Maximum rate of requests: 10/s, 30/m, 100/h.",
            to="policy.pace.rate",
            metavar="N/s",
            parse=parse_rate,
            show=lambda _: "none",
            common=True,
        ),
        Option(
            flags="--host-rate",
            found=Found.YES,
            help="Maximum rate of requests per host.",
            to="policy.pace.host_rate",
            metavar="N/s",
            parse=parse_rate,
            show=lambda _: "none",
            common=True,
        ),
        Option(
            flags="--adaptive",
            found=Found.YES,
            help="Adapt the number of requests in flight to what each host can handle.",
            to="policy.pace.adaptive",
            type=bool,
        ),
        Option(
            flags="--max-host-errors",
            found=Found.YES,
            help="Skip the remaining rows of a host that did not answer N times in a row.",
            to="policy.pace.max_host_errors",
            type=int,
            metavar="N",
            minimum=1,
        ),
    ),
)
