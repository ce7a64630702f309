"""Failures that are alike, and what is said of an outcome."""

from itertools import permutations

import msgspec
import pytest

from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Attempt, FailedCheck, Response
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.summary import failure_groups
from fetchcli.core.summary.failure_groups import FailureGroups
from fetchcli.core.summary.reasons import reason_of, remarks_on, what_of
from tests.support.outcomes import answered, failed, rejected


def checked(*checks: tuple[str, str, str], status: int = 200, seq: int = 1) -> Outcome:
    failed_checks = tuple(FailedCheck(*check) for check in checks)
    return msgspec.structs.replace(answered(status, seq=seq), verdict=Verdict.FAILED, failed_checks=failed_checks)


@pytest.mark.parametrize(
    ("outcome", "what", "reason"),
    [
        (answered(), "200", ""),
        (answered(404), "404", ""),
        (checked(("body", "'ok'", '"down"')), "body", "expected 'ok', got \"down\""),
        (checked(("body", "a", "b"), ("size", "1", "2")), "body", "expected a, got b; size: expected 1, got 2"),
        (checked(("status", "200", "503"), ("body", "a", "b"), status=503), "503", "body: expected a, got b"),
        (checked(("status", "a Location", "301 without one"), status=301), "301",
         "status: expected a Location, got 301 without one"),
        (failed(), "connect", "connection refused"),
        (rejected(), "invalid_url", "urls.txt:2: the scheme is 'ftp', not http or https"),
    ],
)  # fmt: skip
def test_what_is_said(outcome: Outcome, what: str, reason: str) -> None:
    assert (what_of(outcome), reason_of(outcome)) == (what, reason)


def test_failures_are_grouped_by_what_they_have_in_common() -> None:
    groups = FailureGroups()
    outcomes = [
        failed(seq=1, detail="connection to 127.0.0.1:9 refused"),
        failed(seq=2, detail="connection to 127.0.0.22:80 refused"),
        failed(seq=3, detail="connection to [::1]:9 refused"),
        failed(ErrorKind.DNS, seq=4, detail="no address for example.com"),
        answered(404, seq=5),
        answered(404, seq=6),
        answered(seq=7),
        checked(("body", "'ok'", '"down" (4 B)'), seq=8),
        checked(("body", "'ok'", '"off" (3 B)'), seq=9),
    ]
    for outcome in outcomes:
        groups.add(outcome)
    assert [(group.what, group.reason, group.count) for group in groups.listed()] == [
        ("connect", "connection to … refused", 3),
        ("dns", "no address for example.com", 1),
        ("404", "", 2),
        ("body", "expected 'ok', got … (… B)", 2),
    ]
    assert [group.count for group in groups.largest(1)] == [3]
    assert groups.add(answered()) is None


def test_what_an_interruption_kept_from_a_retry_is_the_same_failure() -> None:
    groups = FailureGroups()
    groups.add(failed(seq=1))
    groups.add(msgspec.structs.replace(failed(seq=2), note="not retried: the run was interrupted"))
    assert [(group.reason, group.count) for group in groups.listed()] == [("connection refused", 2)]


def test_the_order_in_which_they_come_does_not_matter() -> None:
    outcomes = [failed(seq=seq) for seq in (1, 2, 3, 4)]
    for order in permutations(outcomes):
        groups = FailureGroups()
        for outcome in order:
            groups.add(outcome)
        (group,) = groups.listed()
        assert [outcome.row.seq for outcome in group.outcomes] == [1, 2]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failure_groups, "MAX_GROUPS", 2)
    groups = FailureGroups()
    for word in "abca":
        groups.add(failed(detail=f"no {word}"))
    assert ([group.count for group in groups.listed()], groups.count) == ([2, 1], 4)


def test_what_went_on_below_an_outcome() -> None:
    assert remarks_on(answered()) == ""
    outcome = answered()
    (last,) = outcome.attempts
    assert isinstance(last.result, Response)
    stale = Attempt(1, 0.0, 0.1, Failure(ErrorKind.EMPTY, "connection closed", remedy=Remedy.FRESH))
    skipped = msgspec.structs.replace(last.result, skipped_headers=("'X Y: 1'",))
    outcome = msgspec.structs.replace(
        outcome, attempts=(stale, msgspec.structs.replace(last, number=2, result=skipped)), note="a note", flaky=True
    )
    assert remarks_on(outcome) == (
        "sent on a new connection (attempt 2), because the server had closed the kept one; "
        "skipped the header line 'X Y: 1'"
    )
    assert reason_of(outcome) == "a note; flaky: accepted on attempt 2"
    assert remarks_on(failed()) == ""


def test_a_skipped_row_says_why() -> None:
    outcome = msgspec.structs.replace(answered(), verdict=Verdict.SKIPPED, note="its host is down")
    assert (what_of(outcome), reason_of(outcome)) == ("skipped", "its host is down")
