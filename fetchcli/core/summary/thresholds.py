"""Conditions on the whole run: ``p95(time_total) < 800ms``, ``error_rate < 1%``, ``rate > 50/s by host``."""

from operator import eq, ge, gt, le, lt, ne
from typing import Any

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.rows.columns import COLUMNS, Column
from fetchcli.core.summary.distribution import Distribution
from fetchcli.core.units import format_bytes, format_seconds, parse_duration, parse_size

MAX_SHOWN_HOSTS = 5
MAX_EXACT_BY_HOST = 1_000  # values of a host up to which its percentiles are exact
SHARES = {"error_rate": "rows that failed or were rejected", "flaky_rate": "rows that were accepted after a failure"}
RATE = "rate"
_OPERATORS = {"<=": le, ">=": ge, "==": eq, "!=": ne, "<": lt, ">": gt}
_FORM = lazy_pattern(
    r"\s*(?P<name>[a-z_]+[0-9.]*)\s*(?:\(\s*(?P<column>\w+)\s*\))?\s*(?P<op><=|>=|==|!=|<|>)\s*"
    r"(?P<limit>\S+?)\s*(?P<by>\sby\s+host)?\s*"
)
_PERCENTILE = lazy_pattern(r"p(\d{1,2}(?:\.\d{1,3})?)")
_NUMBER = lazy_pattern(r"(\d{1,15}(?:\.\d{1,15})?)(%|/s|/m|/h|)")
_AGGREGATES = ("avg", "min", "max")
_MEASURED = {
    column.name: column
    for column in COLUMNS
    if column.name.startswith(("time_", "size_")) or column.name in ("attempts", "num_redirects")
}
_COUNTED = {Verdict.OK, Verdict.FAILED, Verdict.REJECTED}


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """One condition.

    Attributes:
        text: as written.
        name: a percentile such as ``p95``, ``avg``, ``min``, ``max``, one of `SHARES`, or ``rate``.
        column: the measured column; empty for shares and rates.
        op: one of ``< <= > >= == !=``.
        limit: seconds, bytes, a share (0-1), rows per second, or a number.
        by_host: every host must meet it.
    """

    text: str
    name: str
    column: str
    op: str
    limit: float
    by_host: bool

    def holds(self, value: float) -> bool:
        """Whether a measured value meets the threshold."""
        return bool(_OPERATORS[self.op](value, self.limit))

    def format_value(self, value: float) -> str:
        """A value in the unit of the threshold."""
        if self.name in SHARES:
            return f"{100 * value:.2f}%"
        if self.name == RATE:
            return f"{value:,.1f}/s"
        if self.column.startswith("time_"):
            return format_seconds(value)
        return format_bytes(value) if self.column.startswith("size_") else f"{value:g}"


class ThresholdResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a threshold.

    Attributes:
        threshold: the threshold.
        met: whether it is met, by every host if it is by host.
        value: the measured value, by host the worst one; None if there was nothing to measure.
        hosts: hosts that missed it, with their values (None: nothing to measure), the worst first,
            at most `MAX_SHOWN_HOSTS`.
        missed: number of hosts that missed it.
        judged: number of hosts; 0 if it is not by host.
    """

    threshold: Threshold
    met: bool
    value: float | None
    hosts: tuple[tuple[str, float | None], ...] = ()
    missed: int = 0
    judged: int = 0

    @property
    def text(self) -> str:
        """What was measured, for people."""
        format_value = self.threshold.format_value
        hosts = "host" if self.judged == 1 else "hosts"
        if self.missed:
            named = ", ".join(
                f"{host} {'nothing' if value is None else format_value(value)}" for host, value in self.hosts
            )
            return f"{self.missed:,} of {self.judged:,} {hosts}: {named}"
        if self.value is None:
            return "nothing was measured"
        return (
            f"{format_value(self.value)} at worst, {self.judged:,} {hosts}" if self.judged else format_value(self.value)
        )


def parse_threshold(text: str) -> Threshold:
    """Parse a threshold.

    Raises:
        UsageError: the text is not a threshold; the message says what is possible.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise UsageError(f"{text!r}: expected METRIC < VALUE, such as 'p95(time_total) < 800ms' or 'error_rate < 1%'")
    name, column = form["name"], form["column"] or ""
    if name in (*SHARES, RATE):
        if column:
            raise UsageError(f"{text!r}: {name} takes no column; remove ({column})")
    elif not (_PERCENTILE.fullmatch(name) or name in _AGGREGATES):
        known = f"p95(COLUMN), {', '.join(f'{known}(COLUMN)' for known in _AGGREGATES)}, {', '.join(SHARES)}, {RATE}"
        raise UsageError(f"{text!r}: {name!r} is not a metric; known: {known}")
    elif column not in _MEASURED:
        raise UsageError(f"{text!r}: {name} requires one of the columns {', '.join(_MEASURED)} in parentheses")
    return Threshold(
        text=text.strip(),
        name=name,
        column=column,
        op=form["op"],
        limit=_limit(text, name, column, form["limit"]),
        by_host=bool(form["by"]),
    )


def _limit(text: str, name: str, column: str, value_text: str) -> float:
    try:
        if value_text.lower() == "none":
            raise UsageError("'none' cannot be compared with")
        if column.startswith("time_"):
            return parse_duration(value_text) or 0.0
        if column.startswith("size_"):
            return float(parse_size(value_text) or 0)
    except UsageError as error:
        raise UsageError(f"{text!r}: {error}") from None
    number = _NUMBER.fullmatch(value_text)
    units = ("%", "") if name in SHARES else ("/s", "/m", "/h") if name == RATE else ("",)
    if number is None or number[2] not in units:
        example = "1%" if name in SHARES else "50/s" if name == RATE else "3"
        raise UsageError(f"{text!r}: {value_text!r} is not a value of {name}; write it as {example}")
    limit = float(number[1]) / {"%": 100, "/m": 60, "/h": 3600}.get(number[2], 1)
    if name in SHARES and limit > 1:
        raise UsageError(f"{text!r}: {value_text} is more than 100 %; write it as 5% or 0.05")
    return limit


class ThresholdMeter:
    """Measures the values of one threshold; `merge` is associative and commutative."""

    def __init__(self, threshold: Threshold) -> None:
        self.threshold = threshold
        self._column: Column | None = _MEASURED.get(threshold.column)
        self._hosts: dict[str, Distribution] = {}

    def add(self, outcome: Outcome, response: Response | None) -> None:
        """Measure one outcome."""
        value: Any
        if self._column is not None:
            value = None if response is None else self._column.get(outcome)
        elif outcome.verdict in _COUNTED:
            failed = outcome.verdict is not Verdict.OK
            value = outcome.flaky if self.threshold.name == "flaky_rate" else failed
        else:
            value = None
        host = outcome.row.host if self.threshold.by_host else ""
        if self.threshold.by_host and (not host or outcome.verdict not in _COUNTED):
            return
        measured = self._distribution(host)  # also if there is nothing to measure: that is a miss
        if value is not None:
            measured.add(float(value))

    def _distribution(self, host: str) -> Distribution:
        measured = self._hosts.get(host)
        if measured is None:
            measured = self._hosts[host] = Distribution(MAX_EXACT_BY_HOST) if host else Distribution()
        return measured

    def merge(self, other: "ThresholdMeter") -> None:
        """Add the values of another meter of the same threshold."""
        for host, measured in other._hosts.items():
            self._distribution(host).merge(measured)

    def result(self, elapsed: float) -> ThresholdResult:
        """The result after this many seconds."""
        threshold = self.threshold
        values = [(host, self._value(measured, elapsed)) for host, measured in self._hosts.items() if len(measured)]
        unmeasured: list[tuple[str, float | None]] = [(host, None) for host, one in self._hosts.items() if not len(one)]
        worst_first = sorted(values, key=lambda item: (item[1], item[0]), reverse=threshold.op in ("<", "<="))
        missed = unmeasured + [item for item in worst_first if not threshold.holds(item[1])]
        worst = worst_first[0][1] if worst_first else None
        met = bool(values) and not missed
        if not threshold.by_host:
            return ThresholdResult(threshold=threshold, met=met, value=worst)
        return ThresholdResult(
            threshold=threshold,
            met=met,
            value=worst,
            hosts=tuple(missed[:MAX_SHOWN_HOSTS]),
            missed=len(missed),
            judged=len(self._hosts),
        )

    def _value(self, measured: Distribution, elapsed: float) -> float:
        name = self.threshold.name
        if name == RATE:
            return len(measured) / elapsed if elapsed else 0.0
        if name in SHARES or name == "avg":
            return measured.mean
        if name in ("min", "max"):
            return measured.min if name == "min" else measured.max
        return measured.quantile(float(name[1:]) / 100)
