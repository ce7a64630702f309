"""What is tried again, and when."""

import pytest

from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.model.attempt import Attempt, Response
from fetchcli.core.model.outcome import is_flaky
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.schedule.retry import GiveUp, RetryAfter, decide, requested_pause
from fetchcli.core.timings import Timings
from tests.support.outcomes import failed_by

NOW = 1_767_225_600.0
REFUSED = Failure(ErrorKind.CONNECT, "connection refused", remedy=Remedy.LATER)
STALE = Failure(ErrorKind.EMPTY, "connection closed", remedy=Remedy.FRESH)
EXPIRED = Failure(ErrorKind.TLS, "certificate has expired")


def answer(status: int, **headers: str) -> Response:
    fields = {name.replace("_", "-").encode(): [value.encode()] for name, value in headers.items()}
    return Response(status, "http://h/", Timings(), headers=fields)


def tries(*results: Response | Failure) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(number, NOW + number, 0.5, result, failed_by(result)) for number, result in enumerate(results, 1)
    )


def after(*results: Response | Failure, policy: Policy | None = None, chance: float = 1.0) -> RetryAfter | GiveUp:
    return decide(tries(*results), policy or Policy(), run_seconds=10.0, wall=NOW, chance=lambda: chance)


@pytest.mark.parametrize("result", [answer(200), answer(302), answer(404), answer(501), EXPIRED])
def test_what_is_done_or_will_not_pass_is_final(result: Response | Failure) -> None:
    assert after(result) == GiveUp()


@pytest.mark.parametrize("result", [REFUSED, answer(408), answer(429), answer(500), answer(503), answer(524)])
def test_what_may_pass_is_tried_again(result: Response | Failure) -> None:
    assert after(result) == RetryAfter(1.0)


def test_the_delay_doubles_and_is_drawn_between_nothing_and_that() -> None:
    policy = Policy(retry=Retry(count=10))
    assert [after(*[REFUSED] * number, policy=policy) for number in (1, 2, 3, 8)] == [
        RetryAfter(1.0),
        RetryAfter(2.0),
        RetryAfter(4.0),
        RetryAfter(60.0),
    ]
    assert after(REFUSED, REFUSED, chance=0.25) == RetryAfter(0.5)


def test_as_often_as_allowed() -> None:
    assert after(REFUSED, REFUSED) == RetryAfter(2.0)
    assert after(REFUSED, REFUSED, REFUSED) == GiveUp()
    assert after(REFUSED, policy=Policy(retry=Retry(count=0))) == GiveUp()
    assert after(STALE, REFUSED, REFUSED) == RetryAfter(2.0)  # a stale connection is none of them


def test_methods_that_must_not_be_sent_twice_are_not() -> None:
    post = RequestOptions("POST")
    assert after(REFUSED, policy=Policy(request=post)) == GiveUp()
    assert after(REFUSED, policy=Policy(request=post, retry=Retry(all_errors=True))) == RetryAfter(1.0)
    assert after(EXPIRED, policy=Policy(retry=Retry(all_errors=True))) == RetryAfter(1.0)


def test_a_server_that_says_when_is_taken_at_its_word() -> None:
    assert after(answer(503, retry_after="7")) == RetryAfter(7.0)
    assert after(answer(503, retry_after="0")) == RetryAfter(1.0)
    assert after(answer(503, retry_after="7"), policy=Policy(retry=Retry(respect_retry_after=False))) == RetryAfter(1.0)
    quota = answer(429, ratelimit='"d";r=0;t=61')
    assert after(quota) == after(answer(503, retry_after="61"))
    assert (
        after(answer(503, retry_after="61"), policy=Policy(retry=Retry(count=0))) == GiveUp()
    )  # it would not have been
    assert after(quota, policy=Policy(retry=Retry(max_retry_after=float("inf")))) == RetryAfter(61.0)
    final = after(answer(503, retry_after="61"))
    assert final == GiveUp("the requested pause of 61 s exceeds --max-retry-after 60s")


def test_a_time_for_all_tries() -> None:
    policy = Policy(retry=Retry(max_time=3.0))
    assert after(REFUSED, policy=policy) == RetryAfter(1.0)
    assert after(REFUSED, REFUSED, policy=policy) == GiveUp("a retry would exceed --retry-max-time 3s")


def test_waiting_for_a_deployment() -> None:
    policy = Policy(retry=Retry(count=0, wait=10.5))
    assert after(REFUSED, policy=policy) == RetryAfter(0.5)
    assert after(answer(404), policy=policy) == RetryAfter(0.5)
    assert after(answer(200), policy=policy) == GiveUp()
    assert after(EXPIRED, policy=policy) == GiveUp()
    assert after(answer(404), policy=Policy(retry=Retry(count=0, wait=10.0))) == GiveUp()
    assert after(answer(404), policy=Policy(request=RequestOptions("POST"), retry=Retry(count=0, wait=10.5))) == GiveUp(
        "POST is retried only with --retry-all-errors"
    )


@pytest.mark.parametrize(
    ("response", "seconds"),
    [
        (answer(503, retry_after="7"), 7.0),
        (answer(200, retry_after="7"), 0.0),  # it asks for nothing
        (answer(200, x_ratelimit_remaining="0", x_ratelimit_reset="9"), 9.0),
        (answer(429, x_ratelimit_remaining="0", x_ratelimit_reset="9"), 9.0),
        (answer(503, retry_after="61"), 0.0),  # such a row fails; the others find out for themselves
        (answer(503), 0.0),
    ],
)
def test_how_long_a_host_is_left_alone(response: Response, seconds: float) -> None:
    assert requested_pause(response, Policy(), NOW) == seconds
    assert requested_pause(response, Policy(retry=Retry(respect_retry_after=False)), NOW) == 0.0


def test_flaky() -> None:
    assert is_flaky(tries(REFUSED, answer(200)))
    assert is_flaky(tries(answer(503), answer(200)))
    assert not is_flaky(tries(STALE, answer(200)))
    assert not is_flaky(tries(answer(200)))


def test_an_attempt_that_brought_bytes_sets_the_delay_back_to_none() -> None:
    policy = Policy(retry=Retry(count=9, delay=1.0))
    cut = Failure(ErrorKind.TRUNCATED, "cut", remedy=Remedy.LATER, brought=1000)
    assert after(REFUSED, REFUSED, REFUSED, policy=policy) == RetryAfter(4.0)
    assert after(REFUSED, REFUSED, cut, policy=policy) == RetryAfter(0.0)
    assert after(REFUSED, cut, REFUSED, policy=policy) == RetryAfter(1.0)
    assert after(cut, REFUSED, STALE, REFUSED, policy=policy) == RetryAfter(2.0)
    assert after(*[cut] * 10, policy=policy) == GiveUp()
