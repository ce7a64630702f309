"""Outcomes whose bodies were saved, or could not be."""

import msgspec
import pytest

from fetchcli.core.errors import ErrorKind, ExitCode, Failure, Remedy, UsageError
from fetchcli.core.model.outcome import Verdict, with_body
from fetchcli.core.model.policy import Retry
from fetchcli.core.model.redacted import redactor_of
from fetchcli.core.model.save import Save, Saved, max_open_folders
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.row_request import RowRequest
from fetchcli.core.summary.summary import Summary, exit_code
from tests.support.outcomes import answered, flaky, target

FULL = Failure(ErrorKind.WRITE, "cannot write out/a: No space left on device", remedy=Remedy.HALT)


def test_a_saved_body_is_counted() -> None:
    saved = with_body(answered(), Saved("out/a", 12))
    assert (saved.verdict, saved.saved) == (Verdict.OK, Saved("out/a", 12))
    summary, other = Summary(), Summary()
    summary.add(saved)
    other.add(saved)
    other.add(answered())
    summary.merge(other)
    assert (summary.saved, summary.size_saved) == (2, 24)
    assert exit_code(summary) is ExitCode.OK


def test_a_body_that_could_not_be_written_fails_its_row_and_keeps_what_is_known() -> None:
    outcome = with_body(flaky(), FULL)
    response = flaky().response
    assert response is not None
    assert (outcome.verdict, outcome.flaky, outcome.saved) == (Verdict.FAILED, False, None)
    assert outcome.failure is not None
    assert (outcome.failure.kind, outcome.failure.remote_ip) == (ErrorKind.WRITE, response.remote_ip)
    assert outcome.failure.timings == response.timings
    assert len(outcome.attempts) == len(flaky().attempts)
    summary = Summary()
    summary.add(answered(404))
    summary.add(outcome)
    assert exit_code(summary) is ExitCode.OUTPUT  # whatever else there is


def test_a_failure_stays_one() -> None:
    failed = with_body(answered(), FULL)
    assert with_body(failed, FULL).failure == FULL


def test_the_secrets_of_a_row_are_those_of_its_url_and_of_its_headers() -> None:
    redactor = Redactor(["of the run"])
    assert redactor_of(target(), None) is None
    assert redactor_of(target(), Redactor()) is None
    assert redactor_of(target(), redactor) is redactor
    own = redactor_of(target(url="http://u:passw0rd@h/"), redactor)
    assert own is not None
    assert own("passw0rd of the run") == "*** ***"
    bare = msgspec.structs.replace(target(), row_request=RowRequest())
    assert redactor_of(bare, redactor) is redactor


def test_settings_that_make_no_sense() -> None:
    for settings in ({"to": ""}, {"to": "a\0b"}, {"to": "x.warc.gz", "warc_level": 10}):
        with pytest.raises(UsageError):
            Save(**settings)


def test_what_may_be_retried() -> None:
    assert [retry.any for retry in (Retry(), Retry(count=0), Retry(count=0, wait=1.0))] == [True, False, True]


def test_folders_stay_open_where_many_descriptors_are_allowed() -> None:
    assert [max_open_folders(limit) for limit in (256, 1024, 4096, -1)] == [16, 16, 272, 272]
