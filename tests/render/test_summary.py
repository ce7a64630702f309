"""What a person reads at the end, at several widths, as golden files."""

import io

import msgspec
import pytest
from rich.console import Console

from fetchcli.core.baseline.compare import Baseline, Comparison
from fetchcli.core.checks.evaluate import LOCATION
from fetchcli.core.errors import ErrorKind
from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary.summary import Summary
from fetchcli.core.summary.thresholds import parse_threshold
from fetchcli.render.console import outcome_line
from fetchcli.render.summary import MAX_ROWS, SummaryDisplay, SummaryOptions
from tests.support.golden import Golden
from tests.support.outcomes import answered, failed, rejected

LONG = "http://example.com/" + "a-long-path/" * 12 + "end?and=a&query=string"
HOSTILE = "\x1b]0;owned\x07[red]boo[/red]\u202e"

SHORT_LIST = [
    answered(seq=1, url="http://example.com/"),
    answered(404, seq=2, url=LONG, elapsed=0.0123),
    failed(seq=3),
    failed(ErrorKind.TIMEOUT_TOTAL, seq=4, detail="no complete response in 30 s (while waiting for the first byte)"),
    rejected(seq=5, text=HOSTILE, reason=HOSTILE),
    failed(ErrorKind.CANCELLED, seq=6, detail="the run was interrupted"),
]
LONG_LIST = [
    *(answered(seq=seq, url=f"http://h{seq % 7}.example/{seq}", elapsed=seq / 1000) for seq in range(1, 1501)),
    *(answered(503, seq=seq, url=f"{LONG}{seq}", elapsed=2.5) for seq in range(1501, 1541)),
    failed(seq=1541),
    rejected(seq=1542, text=HOSTILE, reason=HOSTILE),
]


def judged(outcomes: list[Outcome]) -> Summary:
    """Counted, with thresholds, and compared with a baseline."""
    limits = ("p95(time_total) < 1ms by host", "error_rate < 99%")
    summary, comparison = Summary(map(parse_threshold, limits)), Comparison(Baseline())
    for outcome in outcomes:
        summary.add(outcome)
        comparison.add(outcome)
    summary.changes = comparison.finish()
    return summary


def printed(
    outcomes: list[Outcome], *, width: int, rows: bool, color: bool = False, counted: Summary | None = None
) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, markup=False, emoji=False, highlight=False, force_terminal=color, no_color=not color
    )
    report, summary = SummaryDisplay(console, SummaryOptions(rows)), counted or Summary()
    report.open()
    assert not report.announce("it speaks at the end")
    for outcome in outcomes:
        if counted is None:
            summary.add(outcome)
        report.handle(outcome)
    summary.elapsed = 12.5
    report.close(summary)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", ["short", "long", "summary-of-short"])
def test_golden(name: str, width: int, golden: Golden) -> None:
    text = printed(LONG_LIST if name == "long" else SHORT_LIST, width=width, rows=name != "summary-of-short")
    golden.check(f"{name}-{width}.txt", text.encode())
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("rows", [True, False])
def test_golden_with_thresholds_and_changes(width: int, rows: bool, golden: Golden) -> None:
    text = printed(SHORT_LIST, width=width, rows=rows, counted=judged(SHORT_LIST))
    golden.check(f"judged-{'rows' if rows else 'summary'}-{width}.txt", text.encode())
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


@pytest.mark.parametrize("outcomes", [SHORT_LIST, LONG_LIST], ids=["short", "long"])
def test_92_nothing_from_outside_drives_the_terminal(outcomes: list[Outcome]) -> None:
    plain = printed(outcomes, width=100, rows=True)
    assert "\x1b" not in plain
    assert "\u202e" not in plain
    if outcomes is SHORT_LIST:  # in the long list the row is among those only counted
        assert "[red]boo[/red]" in printed(outcomes, width=200, rows=True)
    colored = printed(outcomes, width=100, rows=True, color=True)
    assert "\x1b]0;" not in colored
    assert "\x1b[31m" in colored


def test_a_list_too_long_for_a_table_is_summed_up() -> None:
    text = printed([answered(seq=seq) for seq in range(1, MAX_ROWS + 1)], width=80, rows=True)
    assert text.count("http://example.com/a") == MAX_ROWS
    text = printed([answered(seq=seq) for seq in range(1, MAX_ROWS + 2)], width=80, rows=True)
    assert "http://example.com/a" not in text
    assert "latency" in text


def test_the_rows_are_in_input_order_and_nothing_is_said_of_nothing() -> None:
    text = printed([answered(seq=2, url="http://two/"), answered(seq=1, url="http://one/")], width=80, rows=True)
    assert text.index("http://one/") < text.index("http://two/")
    assert printed([], width=80, rows=True) == ""


def test_a_redirect_that_leads_nowhere_says_so_beside_its_status() -> None:
    failed_check = FailedCheck("status", LOCATION, "301 without one")
    outcome = msgspec.structs.replace(answered(301), verdict=Verdict.FAILED, failed_checks=(failed_check,))
    assert (
        outcome_line(outcome, 80).plain == "301 http://example.com/a  status: expected a Location, got 301 without one"
    )


def test_a_single_url_with_thresholds_and_changes() -> None:
    counted = judged([answered()])
    stream = io.StringIO()
    console = Console(file=stream, width=80, color_system=None)
    display = SummaryDisplay(console, SummaryOptions(rows=True, single="excerpt"))
    display.handle(answered())
    display.close(counted)
    text = stream.getvalue()
    assert text.startswith("200 OK, ")
    for part in ("missed   p95(time_total) < 1ms by host", "since the baseline: "):
        assert part in text
    assert "accepted in" not in text
