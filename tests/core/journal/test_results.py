"""Judging rows again, how long their run took, and which hosts are to be left alone."""

from typing import Any

import pytest

from fetchcli.core.errors import ErrorKind, UsageError
from fetchcli.core.expect.expectations import parse_checks
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.journal.index import JournalIndex
from fetchcli.core.journal.list_match import ListMatch
from fetchcli.core.journal.manners import HostManners
from fetchcli.core.journal.rejudge import rejudged, require_columns
from fetchcli.core.journal.restore import restored
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.span import Span, epoch
from fetchcli.core.journal.stored_row import JOURNAL, StoredRow
from fetchcli.core.journal.tally import RowTally
from fetchcli.core.journal.written_url import host_of, written_url
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.target import Target
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.rows.columns import COLUMNS, HEADERS, REVALIDATED, SAVED, VARIANT
from fetchcli.core.rows.key import plain_key, row_key
from fetchcli.core.summary.summary import Summary
from fetchcli.core.url.parse import parse_url
from tests.support.outcomes import answered, failed, flaky

START = "2026-01-01T00:00:00.000000Z"


def stored(**more: object) -> StoredRow:
    fields: dict[str, object] = {"url": "http://h:81/x", "verdict": Verdict.OK, "status": 200, "error": None} | more
    return StoredRow(**fields)  # type: ignore[arg-type]


def test_rows_are_judged_by_other_expectations() -> None:
    accepting = Policy(accept=parse_status_set("404"))
    assert rejudged(answered(404), accepting).verdict is Verdict.OK
    assert [check.check for check in rejudged(answered(), accepting).failed_checks] == ["status"]
    slow = Policy(checks=parse_checks("max_latency", ("100ms",)))
    judged = rejudged(answered(404), slow)
    assert [check.check for check in judged.failed_checks] == ["max_latency", "status"]
    assert judged.attempts[-1].failed_checks == judged.failed_checks
    for outcome in (answered(), failed(), flaky()):
        assert rejudged(outcome, Policy()) is outcome
    assert rejudged(failed(), slow) == failed()
    assert rejudged(flaky(), Policy(checks=parse_checks("size", (">0",)))).flaky


def test_expectations_need_what_they_are_about() -> None:
    require_columns(parse_checks("header", ("ETag: exists",)), {"header:etag"})
    require_columns(parse_checks("header", ("ETag: exists",)), {"headers"})
    require_columns(parse_checks("size", (">0",)), set())
    for kind, text in (("header", "ETag: exists"), ("body", "x"), ("json", "a exists")):
        with pytest.raises(UsageError, match=f"--expect-{kind}"):
            require_columns(parse_checks(kind, (text,)), {"url"})


def test_the_span_of_a_run() -> None:
    span = Span()
    assert span.seconds == 0.0
    span.add(stored(started_at=None))
    span.add(stored(started_at="yesterday"))
    span.add(stored(started_at="2026-01-01T00:00:02.000000Z", time_total=0.5))
    span.add(stored(started_at=START, time_total=9.0))
    assert span.seconds == pytest.approx(9.0)


def recalled(manners: HostManners, wall: float, max_pause: float = 60.0) -> tuple[dict[object, Any], dict[object, Any]]:
    pauses: dict[object, Any] = {}
    failures: dict[object, Any] = {}
    manners.recall(
        wall, pauses.__setitem__, lambda origin, count, ago: failures.__setitem__(origin, (count, ago)), max_pause
    )
    return pauses, failures


def test_pauses_hold_until_they_are_over() -> None:
    manners, now = HostManners(), epoch(START)
    manners.note(stored(retry_after=30, started_at=START, time_total=1.0))
    manners.note(stored(url="http://other/", retry_after=100, started_at=START))
    manners.note(stored(url="http://from/", url_effective="https://to/", retry_after=5, started_at=START))
    assert recalled(manners, now)[0] == {
        ("http", "h", 81): pytest.approx(31.0),
        ("https", "to", 443): pytest.approx(5.0),
    }
    assert recalled(manners, now + 31.5)[0] == {}
    assert recalled(manners, now, 0.0)[0] == {}


def test_hosts_that_did_not_answer_last() -> None:
    manners, now = HostManners(), epoch(START)
    down = stored(verdict=Verdict.FAILED, status=None, error=ErrorKind.CONNECT, started_at=START)
    manners.note(down)
    manners.note(down)
    assert recalled(manners, now + 3.0)[1] == {("http", "h", 81): (2, pytest.approx(3.0))}
    manners.note(stored(url="http://another/"))
    manners.note(stored())
    manners.note(stored(verdict=Verdict.FAILED, status=None, error=ErrorKind.CONNECT, num_redirects=1))
    assert recalled(manners, now)[1] == {}
    manners.note(stored(url="http://x/", verdict=Verdict.FAILED, status=None, error=ErrorKind.DNS))
    assert recalled(manners, now)[1][("http", "x", 80)][0] == 1


def test_a_pause_is_written_again() -> None:
    row = StoredRow(url="http://h/", verdict=Verdict.OK, status=200, error=None, attempts=1, retry_after=7)
    response = restored(row, (), {"etag": "x"}).response
    assert response is not None
    assert response.headers == {b"retry-after": [b"7"], b"etag": [b"x"]}


def test_a_stored_row_has_every_column_in_their_order() -> None:
    columns = (*COLUMNS, *SAVED, VARIANT, *REVALIDATED, HEADERS)
    assert StoredRow.__struct_fields__ == tuple(column.name for column in columns)
    assert set(JOURNAL) <= set(StoredRow.__struct_fields__)


def test_plain_rows_are_counted_without_an_outcome() -> None:
    summary = Summary()
    seen: list[Any] = []
    tally, listening = RowTally(summary), RowTally(Summary(), listener=seen.append)
    for one in (stored(time_total=1.0, size_download=7), stored(url="http://h2/", time_total=2.0), stored(flaky=True)):
        tally.add(one)
        listening.add(one)
    assert (summary.total, summary.flaky, summary.size_download, summary.statuses[200]) == (3, 1, 7, 3)
    assert summary.slowest_hosts == {"h2": 2.0, "h:81": 1.0}
    assert len(seen) == 3


def test_rows_that_stand_where_they_stood_are_taken_at_once() -> None:
    index = JournalIndex()
    index.note(stored(seq=1, key="5"), final=True)
    index.note(stored(seq=2, key="6"), final=False)
    match = ListMatch(index)
    assert match.take_in_place(1, 5)
    assert not match.take_in_place(1, 5)
    assert not match.take_in_place(1, 6)
    assert not match.take_in_place(2, 6)
    assert not match.take_in_place(99, 5)
    assert match.taken == 1


def test_a_plain_key_is_that_of_its_row() -> None:
    row = Target(1, parse_url("http://h/x"), request=RequestOptions("PUT"))
    assert plain_key("PUT", "http://h/x") == int(row_key(row), 16)


def test_origins_of_somebody_else() -> None:
    assert host_of("ftp://h/") == ""
    assert host_of("https://u@[2001:db8::1]:8443?x") == "[2001:db8::1]:8443"
    assert written_url("http://h").target == ""


def test_columns_with_odd_names() -> None:
    shape = Shape(["url", 'a"b'])
    row = shape.of_json(b'{"url":"http://h/","verdict":"OK","status":200,"error":null,"a\\"b":[1]}')
    assert shape.outcome(row).row.carried == ([1],)


def test_lists_in_a_table_are_read() -> None:
    shape = Shape()
    names = ["url", "verdict", "status", "error", "redirects", "failed_checks"]
    checks = "status: expected 200, got 404; body: expected 'a; b', got \"x, got y\" (4 B)"
    row = shape.of_cells(names, ["http://h/", "FAILED", "404", "", "301 http://a/; 302 http://b/;c", checks])
    assert [hop.text for hop in row.redirects] == ["301 http://a/", "302 http://b/;c"]
    assert "; ".join(check.text for check in row.failed_checks) == checks
    plain = shape.of_values({"url": "http://h/", "verdict": "OK", "failed_checks": "[]", "request": "{}"})
    assert (plain.failed_checks, plain.request) == ((), {})


def test_only_the_slowest_hosts_are_looked_at() -> None:
    summary = Summary()
    for number, seconds in enumerate((5.0, 4.0, 3.0, 2.0, 1.0, 0.5, 1.0)):
        summary.add(answered(seq=number + 1, url=f"http://h{number}/", elapsed=seconds))
    assert list(summary.slowest_hosts) == ["h0", "h1", "h2", "h3", "h6"]
    summary.add(answered(seq=9, url="http://h0/", elapsed=4.5))
    summary.add(answered(seq=10, url="http://h3/", elapsed=6.0))
    assert list(summary.slowest_hosts.items())[:2] == [("h3", 6.0), ("h0", 5.0)]
