"""Verdicts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetchcli.core.checks.evaluate import Evidence, failed_checks, is_accepted
from fetchcli.core.checks.verdict import outcome_of, outcome_without_attempt
from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.model.policy import Policy, Redirects
from fetchcli.core.model.target import Rejected
from fetchcli.core.timings import Timings
from tests.support.outcomes import NOT_ACCEPTED, failed_by, target


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (Response(200, "", Timings()), Verdict.OK),
        (Response(404, "", Timings()), Verdict.FAILED),
        (Failure(ErrorKind.DNS, ""), Verdict.FAILED),
        (Failure(ErrorKind.CANCELLED, ""), Verdict.CANCELLED),
    ],
)
def test_verdicts(result: Response | Failure, verdict: Verdict) -> None:
    outcome = outcome_of(target(), (Attempt(1, 0.0, 0.0, result, failed_by(result)),), 0.0)
    assert outcome.verdict is verdict
    assert outcome.failed_checks == failed_by(result)


@given(st.sampled_from([200, 204, 302, 304, 308, 404, 500]), st.booleans())
def test_what_is_accepted_fails_no_check(status: int, follow: bool) -> None:
    policy, response = Policy(redirects=Redirects(follow=follow)), Response(status, "http://h/", Timings())
    assert is_accepted(response, policy) == (failed_checks(Evidence(response, 0.1, 0.0), policy, ()) == ())


def test_a_rejected_row_says_file_line_and_reason() -> None:
    outcome = outcome_without_attempt(Rejected(3, "x", "no scheme", "urls.txt", 17))
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.failure == Failure(ErrorKind.INVALID_URL, "urls.txt:17: no scheme")
    assert outcome.response is None
    assert outcome.row.host == ""
    assert outcome_without_attempt(Rejected(1, "x", "no scheme", "-", 2)).failure == Failure(
        ErrorKind.INVALID_URL, "stdin:2: no scheme"
    )
    assert outcome_without_attempt(Rejected(1, "x", "no scheme")).failure == Failure(ErrorKind.INVALID_URL, "no scheme")


def test_a_row_that_was_never_tried_was_skipped() -> None:
    outcome = outcome_of(target(), (), 2.0, note="its host is down")
    assert (outcome.verdict, outcome.failure) == (
        Verdict.SKIPPED,
        Failure(ErrorKind.CANCELLED, "its host is down"),
    )


def test_a_row_that_passed_after_it_had_failed_is_flaky() -> None:
    refused = Attempt(1, 0.0, 0.0, Failure(ErrorKind.CONNECT, ""))
    passed = Attempt(2, 0.0, 0.0, Response(200, "", Timings()))
    missing = Attempt(2, 0.0, 0.0, Response(404, "", Timings()), (NOT_ACCEPTED,))
    assert outcome_of(target(), (refused, passed), 0.0).flaky
    assert not outcome_of(target(), (refused, missing), 0.0).flaky
    assert not outcome_of(target(), (passed,), 0.0).flaky
