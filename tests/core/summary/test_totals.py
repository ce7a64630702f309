"""What a run came to, in one line."""

from fetchcli.core.errors import ErrorKind
from fetchcli.core.summary.summary import Summary
from fetchcli.core.summary.totals import totals_text
from tests.support.outcomes import answered, failed, flaky, rejected


def test_all_that_happened_is_said_and_nothing_else() -> None:
    summary = Summary()
    assert totals_text(summary) == "0 accepted in 0.00 s, 0.0/s, 0 B"
    for outcome in (answered(), flaky(), failed(), rejected(), failed(ErrorKind.CANCELLED)):
        summary.add(outcome)
    summary.elapsed = 75.0
    assert totals_text(summary) == "2 accepted (1 flaky), 1 failed, 1 rejected, 1 cancelled in 1:15, 0.1/s, 2.5 kB"
