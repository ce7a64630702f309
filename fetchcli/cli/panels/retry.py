"""Options for retries."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.units import format_duration, parse_duration


def _at_least_zero(text: str) -> float:
    return parse_duration(text) or 0.0


def _or_forever(text: str) -> float:
    return parse_duration(text) or float("inf")


PANEL = Panel(
    title="Retry",
    topic="retries",
    options=(
        Option(
            flags="--retry",
            found=Found.YES,
            help="Maximum number of retries. Permanent failures are not retried.",
            to="policy.retry.count",
            type=int,
            metavar="N",
            minimum=0,
            common=True,
        ),
        Option(
            flags="--retry-delay",
            found=Found.YES,
            help="Maximum delay before the first retry; doubles with each retry.",
            to="policy.retry.delay",
            metavar="TIME",
            parse=_at_least_zero,
            show=format_duration,
        ),
        Option(
            flags="--retry-max-time",
            found=Found.YES,
            help="Maximum time for all attempts at a row.",
            to="policy.retry.max_time",
            metavar="TIME",
            parse=parse_duration,
            show=format_duration,
        ),
        Option(
            flags="--retry-status",
            found=Found.YES,
            help="Statuses to retry.",
            to="policy.retry.statuses",
            metavar="STATUSES",
            parse=parse_status_set,
            show=lambda statuses: str(statuses.text),
        ),
        Option(
            flags="--retry-all-errors",
            found=Found.YES,
            help="Retry every failure and every method. A POST may be sent twice.",
            to="policy.retry.all_errors",
            type=bool,
        ),
        Option(
            flags="--wait",
            found=Found.YES,
            help="Wait for a deployment: retry until every row is accepted, for at most TIME.",
            to="policy.retry.wait",
            metavar="TIME",
            parse=_or_forever,
        ),
        Option(
            flags="--respect-retry-after/--no-respect-retry-after",
            found=Found.YES,
            help="Pause a host for as long as Retry-After or RateLimit asks.",
            to="policy.retry.respect_retry_after",
            type=bool,
        ),
        Option(
            flags="--max-retry-after",
            found=Found.YES,
            help="Maximum pause that a host may ask for; for a longer one, its row is not retried.",
            to="policy.retry.max_retry_after",
            metavar="TIME",
            parse=_or_forever,
            show=format_duration,
        ),
    ),
)
