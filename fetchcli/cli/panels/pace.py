"""Options for concurrency and rates."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.errors import UsageError
from fetchcli.core.rate import parse_rate
from fetchcli.core.settings import AUTO_PROCESSES

MAX_PROCESSES = 256


def _processes(text: str) -> int:
    if text == "auto":
        return AUTO_PROCESSES
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PROCESSES):
        raise UsageError(f"expected a number from 1 to {MAX_PROCESSES}, or auto; got {text!r}")
    return int(text)


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
        Option(
            flags="--processes",
            found=Found.YES,
            help="Send the requests with N processes; auto: with one for each core, if the list is long.",
            to="processes",
            metavar="N|auto",
            parse=_processes,
            show=str,
            off="1",
        ),
    ),
)
