"""Options for redirects and response bodies."""

from fetchcli.cli.option import Found, Option, Panel
from fetchcli.core.errors import UsageError
from fetchcli.core.units import format_size, parse_count, parse_size


def _rate(text: str) -> float | None:
    """Bytes per second."""
    rate = parse_size(text)
    if rate == 0:
        raise UsageError(f"expected a size such as 200K, got {text!r}")
    return rate


PANEL = Panel(
    title="Redirects and bodies",
    topic="redirects",
    options=(
        Option(
            flags="-L --location/--no-location",
            found=Found.YES,
            help="Follow redirects.",
            to="policy.redirects.follow",
            type=bool,
        ),
        Option(
            flags="--max-redirs",
            found=Found.YES,
            help="Maximum number of redirects to follow.",
            to="policy.redirects.limit",
            type=int,
            metavar="N",
            minimum=0,
        ),
        Option(
            flags="--allow-downgrade",
            found=Found.NO,
            help="Follow redirects from https to http.",
            to="policy.redirects.downgrade",
            type=bool,
        ),
        Option(
            flags="--location-trusted",
            found=Found.NO,
            help="Send credentials and headers to the hosts of redirects and of fetched sitemaps, too.",
            to="policy.redirects.trusted",
            type=bool,
        ),
        Option(
            flags="--redirect-cookies",
            found=Found.YES,
            help="Send the cookies that a response sets with the later redirects of its row.",
            to="policy.cookies.redirects",
            type=bool,
        ),
        Option(
            flags="--max-filesize",
            found=Found.YES,
            help="Maximum size of a body, on the wire and decoded.",
            to="policy.limits.size",
            metavar="SIZE",
            parse=parse_size,
            show=format_size,
        ),
        Option(
            flags="--limit-rate",
            found=Found.YES,
            help="Maximum bytes per second of all bodies together.",
            to="policy.limits.rate",
            metavar="SIZE",
            parse=_rate,
            show=format_size,
            conflicts=("min_rate",),
            off="none",
        ),
        Option(
            flags="--max-ratio",
            found=Found.YES,
            help="Maximum ratio of decoded to received bytes, once more than 16 MB are decoded.",
            to="policy.limits.ratio",
            metavar="N",
            parse=parse_count,
            show=lambda ratio: "none" if ratio is None else str(ratio),
        ),
        Option(
            flags="--no-hash",
            found=Found.YES,
            help="Do not compute the SHA-256 of bodies, which is a third of the work of large ones.",
            to="policy.limits.hash",
            type=bool,
            parse=lambda off: not off,
            default=False,
            conflicts=("baseline", "expect_sha256", "only_changed", "revalidate"),
        ),
    ),
)
