"""The options of what is expected -> checks, thresholds, halt and rounds."""

from typing import NamedTuple

from fetchcli.cli.settings import read
from fetchcli.core.errors import UsageError
from fetchcli.core.expectations import Check, parse_checks
from fetchcli.core.halt import FAIL_FAST, Halt, parse_halt
from fetchcli.core.rounds import Rounds
from fetchcli.core.settings import FailureScope
from fetchcli.core.thresholds import Threshold, parse_threshold
from fetchcli.core.units import parse_duration, parse_size


class Expectations(NamedTuple):
    """The options as they were given; the names are those of `expectations.KEYS`."""

    header: list[str] | None
    body: list[str] | None
    json: list[str] | None
    sha256: str | None
    final_url: str | None
    redirects: str | None
    size: list[str] | None
    cert_days: str | None
    max_latency: str | None


def checks(given: Expectations, *, verify: bool) -> tuple[Check, ...]:
    """What the run expects of every response.

    Raises:
        UsageError: one is malformed, or can never be known.
    """
    if given.cert_days is not None and not verify:
        raise UsageError("--expect-cert-days judges certificates that were checked; leave out -k")
    found: list[Check] = []
    for kind, said in given._asdict().items():
        option = "--max-latency" if kind == "max_latency" else f"--expect-{kind.replace('_', '-')}"
        for text in [said] if isinstance(said, str) else said or []:
            found += read(option, lambda text, kind=kind: parse_checks(kind, (text,)), text)  # type: ignore[misc]
    return tuple(found)


def body_limit(text: str) -> int:
    """``--max-check-body``."""
    limit = read("--max-check-body", parse_size, text)
    if not limit:
        raise UsageError(f"--max-check-body: {text!r} is no limit; write a size such as 10M")
    return limit


def thresholds(texts: list[str]) -> tuple[Threshold, ...]:
    """``--threshold``."""
    return tuple(read("--threshold", parse_threshold, text) for text in texts)


def halt(text: str | None, *, fail_fast: bool) -> Halt | None:
    """``--halt`` and ``--fail-fast``."""
    if fail_fast and text is not None:
        raise UsageError("--fail-fast is --halt now,fail=1; give one of them")
    return FAIL_FAST if fail_fast else None if text is None else read("--halt", parse_halt, text)


def scope(baseline: str | None, fail_on: FailureScope) -> bool:
    """Whether ``--fail-on`` leaves only what is new."""
    if fail_on is FailureScope.NEW and baseline is None:
        raise UsageError("--fail-on new: new since when? give --baseline FILE")
    return fail_on is FailureScope.NEW


def rounds(repeat: int | None, every: str | None, span: str | None) -> Rounds:
    """``--repeat --every --for``."""
    if repeat is None and every is None and span is None:
        return Rounds()
    pause = read("--every", parse_duration, every) if every is not None else None
    if every is not None and not pause:
        raise UsageError(f"--every: {every!r} is no time; write a duration such as 30s")
    length = read("--for", parse_duration, span) if span is not None else None
    if span is not None and length is None:
        raise UsageError(f"--for: {span!r} is no time; write a duration such as 10m")
    return Rounds(repeat, pause or 0.0, length)
