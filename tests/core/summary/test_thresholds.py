"""What a run as a whole must come to."""

import pytest

from fetchcli.core.errors import ErrorKind, ExitCode, UsageError
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Skipped
from fetchcli.core.summary.summary import Summary, exit_code
from fetchcli.core.summary.thresholds import MAX_SHOWN_HOSTS, ThresholdMeter, parse_threshold
from tests.support.outcomes import answered, failed, rejected, target


def measured(text: str, *outcomes: Outcome, elapsed: float = 2.0) -> tuple[bool, str]:
    meter = ThresholdMeter(parse_threshold(text))
    for outcome in outcomes:
        meter.add(outcome, outcome.response)
    found = meter.result(elapsed)
    return found.met, found.text


def timed(*seconds: float, host: str = "http://h/") -> list[Outcome]:
    return [answered(seq=seq, elapsed=one, url=host) for seq, one in enumerate(seconds, 1)]


TEN = timed(*(number / 10 for number in range(1, 11)))


@pytest.mark.parametrize(
    ("text", "met", "said"),
    [
        ("p95(time_total) < 800ms", False, "1.00 s"),
        ("p50(time_total)<=500ms", True, "500 ms"),
        ("p99.9( time_total ) < 2s", True, "1.00 s"),
        ("avg(time_total) < 600ms", True, "550 ms"),
        ("min(time_total) > 50ms", True, "100 ms"),
        ("max(time_total) < 1", False, "1.00 s"),
        ("max(size_download) < 1K", False, "1.2 kB"),
        ("max(num_redirects) == 1", True, "1"),
        ("avg(attempts) != 1", False, "1"),
        ("error_rate < 1%", True, "0.00%"),
        ("error_rate == 0", True, "0.00%"),
        ("rate > 4/s", True, "5.0/s"),
        ("rate >= 400/m", False, "5.0/s"),
        ("rate > 1/h", True, "5.0/s"),
        ("flaky_rate < 0.5", True, "0.00%"),
    ],
)
def test_conditions(text: str, met: bool, said: str) -> None:
    assert measured(text, *TEN) == (met, said)


def test_rates_are_of_rows_that_ended() -> None:
    skipped = Outcome(target(), Verdict.SKIPPED, note="its host is down")
    mixed = [answered(), answered(404), failed(), rejected(), skipped, failed(ErrorKind.CANCELLED)]
    assert measured("error_rate < 50%", *mixed) == (False, "75.00%")
    assert measured("rate > 1/s", *mixed, elapsed=0.0) == (False, "0.0/s")


def test_what_was_not_measured_is_not_met() -> None:
    assert measured("p95(time_total) < 1h", failed(), rejected()) == (False, "nothing was measured")
    assert measured("error_rate < 1%", Outcome(Skipped.from_target(target(), "again"), Verdict.SKIPPED)) == (
        False,
        "nothing was measured",
    )


def test_by_host_the_worst_are_named() -> None:
    hosts = [one for number in range(1, 9) for one in timed(number / 10, host=f"http://h{number}/")]
    assert measured("max(time_total) < 1s by host", *hosts) == (True, "800 ms at worst, 8 hosts")
    met, said = measured("max(time_total) < 200ms by host", *hosts)
    assert not met
    assert said.startswith("7 of 8 hosts: h8 800 ms, h7 700 ms, ")
    assert said.count(" ms") == MAX_SHOWN_HOSTS
    met, said = measured("p50(time_total) < 1h by host", *hosts, failed(), rejected())
    assert (met, said) == (False, "1 of 9 hosts: example.com nothing")
    met, said = measured("rate > 1/s by host", *hosts)
    assert (met, said.partition(": ")[0]) == (False, "8 of 8 hosts")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fast", "expected METRIC < VALUE, such as"),
        ("p95 < 1s", "p95 requires one of the columns"),
        ("p95(url) < 1s", "p95 requires one of the columns attempts, time_queue"),
        ("p100(time_total) < 1s", "'p100' is not a metric; known: p95(COLUMN), avg(COLUMN)"),
        ("error_rate(time_total) < 1%", "error_rate takes no column; remove (time_total)"),
        ("error_rate < 1s", "'1s' is not a value of error_rate; write it as 1%"),
        ("rate > 5", "'5' is not a value of rate; write it as 50/s"),
        ("avg(attempts) < 2%", "'2%' is not a value of avg; write it as 3"),
        ("p95(time_total) < soon", "'soon' is not a duration"),
        ("max(size_decoded) < big", "'big' is not a size"),
        ("rate > 5/s by row", "expected METRIC < VALUE"),
        ("error_rate < 5", "5 is more than 100 %; write it as 5% or 0.05"),
        ("error_rate < 101%", "101% is more than 100 %"),
        ("p95(time_total) < none", "'none' cannot be compared with"),
    ],
)
def test_malformed_conditions(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_threshold(text)
    assert said in str(caught.value)


def test_a_missed_threshold_is_exit_7_unless_something_worse_happened() -> None:
    summary = Summary([parse_threshold("max(time_total) < 1ms")])
    assert exit_code(summary) is ExitCode.OK  # nothing to judge
    summary.add(answered())
    assert exit_code(summary) is ExitCode.THRESHOLD
    summary.add(answered(404))
    assert exit_code(summary) is ExitCode.STATUS
    assert exit_code(summary, Summary()) is ExitCode.THRESHOLD


def test_three_slow_rows_of_299_miss_a_threshold_of_the_99th_percentile() -> None:
    summary = Summary([parse_threshold("p99(time_total) < 1s"), parse_threshold("p99(time_total) < 1s by host")])
    for seq in range(1, 300):
        summary.add(answered(seq=seq, elapsed=1.503 if seq > 296 else 0.015))
    assert [(result.met, result.value) for result in summary.threshold_results] == [(False, 1.503)] * 2


def test_gauges_of_parts_add_up() -> None:
    threshold = parse_threshold("p50(time_total) < 1s by host")
    parts = [Summary([threshold]), Summary([threshold])]
    parts[0].add(answered(elapsed=0.1))
    parts[1].add(answered(elapsed=5.0))
    parts[1].add(answered(elapsed=6.0))
    parts[0].merge(parts[1])
    (found,) = parts[0].threshold_results
    assert (found.met, found.value, found.judged) == (False, 5.0, 1)
