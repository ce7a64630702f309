"""Rows by host and by tag."""

import msgspec
import pytest

from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Target
from fetchcli.core.summary import breakdown
from fetchcli.core.summary.breakdown import OTHERS, Breakdown, By
from tests.support.outcomes import answered, failed, rejected


def tagged(outcome: Outcome, tag: str) -> Outcome:
    assert isinstance(outcome.row, Target)
    return msgspec.structs.replace(outcome, row=msgspec.structs.replace(outcome.row, tag=tag))


def test_by_host() -> None:
    shares = Breakdown(By.HOST)
    again = answered(url="http://two.example:81/", elapsed=0.5)
    (attempt,) = again.attempts
    again = msgspec.structs.replace(
        again, attempts=(msgspec.structs.replace(attempt, started_at=attempt.started_at + 1.5, number=3),)
    )
    for outcome in (
        answered(url="http://one.example/"),
        again,
        answered(404, url="http://two.example:81/x"),
        rejected(),
        msgspec.structs.replace(answered(), verdict=Verdict.SKIPPED),
    ):
        shares.add(outcome)
    found = [(share.name, share.rows, share.failed, share.retries, share.size_download) for share in shares.listed()]
    assert found == [("two.example:81", 2, 1, 2, 2468), ("", 1, 1, 0, 0), ("one.example", 1, 0, 0, 1234)]
    two, none, _ = shares.listed()
    assert two.rate == pytest.approx(2 / 2.0)
    assert (none.rate, len(none.latency), two.latency.max) == (0.0, 0, 0.5)


def test_by_tag_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdown, "MAX_GROUPS", 2)
    shares = Breakdown(By.TAG)
    for tag in ("a", "b", "c", "d", "a"):
        shares.add(tagged(failed(), tag))
    assert [(share.name, share.rows) for share in shares.listed()] == [("(others)", 2), ("a", 2), ("b", 1)]
    assert OTHERS == "(others)"
