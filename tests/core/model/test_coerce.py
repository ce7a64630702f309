"""Settings that are made in Python: what has one meaning is taken, everything else is refused at once."""

from typing import Any

import pytest

import fetchcli
from fetchcli import UsageError, parse_rate, parse_status_set

library: Any = fetchcli  # a type checker would refuse most of this


def test_what_has_one_meaning_is_taken() -> None:
    policy = library.Policy(accept="2xx", timeouts=5)
    assert policy.accept == parse_status_set("2xx")
    assert policy.timeouts == library.Timeouts(total=5)
    assert library.Policy(accept=204).accept == parse_status_set("204")
    assert library.Pace(rate="10/s").rate == parse_rate("10/s")
    assert library.Retry(statuses="5xx").statuses == parse_status_set("5xx")
    assert library.Network(dns_servers=["127.0.0.1"]).dns_servers == ("127.0.0.1",)
    assert library.Timeouts(total=3, connect=None).total == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: library.Policy(accept=[200]), "Policy: accept must be StatusSet or str or int, not list"),
        (lambda: library.Policy(timeouts="5s"), "Policy: timeouts must be Timeouts or int or float, not str"),
        (lambda: library.Policy(timeouts=True), "Policy: timeouts must be Timeouts or int or float, not bool"),
        (lambda: library.Policy(concurrency="5"), "Policy: concurrency must be int, not str"),
        (lambda: library.Policy(concurrency=True), "Policy: concurrency must be int, not bool"),
        (lambda: library.Policy(request={"method": "GET"}), "Policy: request must be RequestOptions, not dict"),
        (lambda: library.Policy(retry=3), "Policy: retry must be Retry, not int"),
        (lambda: library.Timeouts(total="5"), "Timeouts: total must be float or int or None, not str"),
        (lambda: library.Pace(per_host=1.5), "Pace: per_host must be int or None, not float"),
        (lambda: library.Pace(rate=5), "Pace: rate must be Rate or None or str, not int"),
        (lambda: library.Redirects(follow="no"), "Redirects: follow must be bool, not str"),
        (lambda: library.Limits(size="1M"), "Limits: size must be int or None, not str"),
        (lambda: library.Network(family="4"), "Network: family must be int, not str"),
        (lambda: library.Tls(verify=None), "Tls: verify must be bool, not NoneType"),
        (lambda: library.Policy(checks=["status: 200"]), "Policy: checks must contain Check, not str"),
        (lambda: library.Cookies(initial=("a=1",)), "Cookies: initial must contain Cookie, not str"),
        (lambda: library.Cookies(jar=5), "Cookies: jar must be str or None, not int"),
        (lambda: library.fetch("http://h/"), r"for a single one write \[url\]"),
        (lambda: library.fetch(b"http://h/"), r"for a single one write \[url\]"),
        (lambda: library.fetch(5), "urls must be an iterable of URLs, not int"),
        (lambda: library.fetch([], {"timeouts": 5}), "policy must be a Policy, not dict"),
    ],
)
def test_everything_else_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: library.Policy(accept="all"), "'all' is not a status"),
        (lambda: library.Policy(timeouts=0), "Timeouts: total must be more than 0, not 0"),
        (lambda: library.Timeouts(read=-1.0), "Timeouts: read must be more than 0, not -1"),
        (lambda: library.Timeouts(total=float("nan")), "Timeouts: total must be more than 0, not nan"),
        (lambda: library.Pace(rate="fast"), "'fast' is not a rate"),
    ],
)
def test_values_that_make_no_sense(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
