"""Options for what is expected of every response."""

from typing import Any

from fetchcli.cli.option import Found, Option, Panel, Values, parsed
from fetchcli.core.errors import UsageError
from fetchcli.core.expect.expectations import KEYS, Check, parse_checks
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.units import format_size, parse_size


def _option_for(key: str) -> str:
    return "--max-latency" if key == "max_latency" else f"--expect-{key.replace('_', '-')}"


def _build(values: Values) -> dict[str, Any]:
    """The expectations of the run: one check for each value of ``--expect-...``; the status is ``--accept``."""
    found: list[Check] = []
    for key in KEYS:
        option = _option_for(key)
        given = values.get(option.lstrip("-").replace("-", "_"))
        for text in (given,) if isinstance(given, str) else given or ():
            found += parsed(option, lambda text, key=key: parse_checks(key, (text,)), text)  # type: ignore[misc]
    return {"policy.checks": tuple(found)}


def _body_limit(text: str) -> int:
    limit = parse_size(text)
    if not limit:
        raise UsageError(f"expected a size such as 10M, got {text!r}")
    return limit


PANEL = Panel(
    title="Checks",
    topic="checks",
    build=_build,
    options=(
        Option(
            flags="--accept",
            found=Found.YES,
            help="Accepted statuses: 200..399,401 or 2xx. !304 removes a status (from 200..399 if no other is given).",
            to="policy.accept",
            metavar="STATUSES",
            parse=parse_status_set,
            show=lambda statuses: str(statuses.text),
            common=True,
        ),
        Option(
            flags="--expect-header",
            found=Found.YES,
            help="Expected header: 'NAME: VALUE', 'NAME: ~ REGEX', 'NAME: exists' or 'NAME: absent'. Repeatable.",
            metavar="'NAME: VALUE'",
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--expect-body",
            found=Found.YES,
            help="Text that the body must contain, or '~ REGEX'. Repeatable.",
            metavar="TEXT",
            multiple=True,
            lines=True,
            common=True,
        ),
        Option(
            flags="--expect-json",
            found=Found.YES,
            help="Condition on a JSON body: 'status == \"ok\"' (JMESPath, operator, JSON). Repeatable.",
            metavar="'PATH OP VALUE'",
            multiple=True,
            lines=True,
        ),
        Option(flags="--expect-sha256", found=Found.YES, help="Expected SHA-256 of the decoded body.", metavar="HEX"),
        Option(
            flags="--expect-final-url",
            found=Found.YES,
            help="Expected URL after redirects, or '~ REGEX'.",
            metavar="URL",
        ),
        Option(
            flags="--expect-redirects",
            found=Found.YES,
            help="Expected number of redirects: N, or a comparison such as '<=3'.",
            metavar="N",
        ),
        Option(
            flags="--expect-size",
            found=Found.YES,
            help="Expected size of the decoded body: '>1K'. Repeatable.",
            metavar="SIZE",
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--expect-cert-days",
            found=Found.YES,
            help="Expected number of days until the certificate expires: '>14'.",
            metavar="N",
            conflicts=("insecure",),
            sets_aside=("insecure",),
        ),
        Option(
            flags="--max-latency", found=Found.YES, help="Maximum time of an attempt, to the last byte.", metavar="TIME"
        ),
        Option(
            flags="--max-check-body",
            found=Found.YES,
            help="Maximum number of body bytes that checks look at.",
            to="policy.limits.check",
            metavar="SIZE",
            parse=_body_limit,
            show=format_size,
        ),
    ),
)
