"""How many requests at once: up while all is well, down when it is not."""

from fetchcli.core.model.policy import Policy
from fetchcli.core.schedule.breaker import MAX_HOSTS, Breaker, Gate
from fetchcli.core.schedule.feedback import Feedback
from fetchcli.core.schedule.window import PROBE_AFTER, START, Window


def grown(to: int) -> Window:
    window = Window()
    now = 0.0
    while window.limit < to:
        now += 0.1
        window.accepted(int(window.limit), 0.1, now - 0.1, now)
    return window


def test_it_grows_only_where_it_was_in_the_way() -> None:
    window = grown(20)
    before = window.limit
    window.accepted(9, 0.1, 100.0, 100.1)
    assert window.limit == before
    window.accepted(15, 0.1, 100.0, 100.1)
    assert window.limit > before > START


def test_a_refusal_says_what_is_fine() -> None:
    window = grown(20)
    window.refused(13, 100.0, 100.1)
    assert window.limit == 12.0


def test_refusals_of_one_handful_are_one() -> None:
    window = grown(20)
    window.refused(20, 100.0, 100.1)
    window.refused(18, 100.0, 100.1)
    window.refused(19, 100.0, 100.1)
    assert window.limit == 17.0


def test_one_more_is_tried_now_and_then() -> None:
    window = grown(10)
    window.refused(9, 100.0, 100.1)
    assert window.limit == 8.0
    for _ in range(PROBE_AFTER):
        window.accepted(8, 0.1, 101.0, 101.1)
    assert window.limit == 9.0


def test_latency_that_jumps_shrinks_it() -> None:
    window = grown(20)
    for number in range(10):
        window.accepted(int(window.limit), 1.0, 200.0 + number, 201.0 + number)
    assert window.limit < 15


def test_never_below_one() -> None:
    window = Window()
    for number in range(20):
        window.refused(1, 100.0 + number, 100.5 + number)
    assert window.limit == 1.0


def test_the_breaker_knows_a_bounded_number_of_hosts() -> None:
    breaker = Breaker(2)
    for host in range(MAX_HOSTS + 10):
        breaker.failed(host, 0.0)
    assert len(breaker._hosts) == MAX_HOSTS
    breaker.failed(MAX_HOSTS, 0.0)
    assert breaker.gate(MAX_HOSTS, 1.0) is Gate.OPEN
    assert breaker.gate(0, 1.0) is Gate.CLOSED
    breaker.probe(0)  # forgotten meanwhile
    assert breaker.reason(0) == "2 failures of its host in a row (--max-host-errors 2)"
    assert breaker.gate(MAX_HOSTS, 40.0) is Gate.PROBE
    breaker.probe(MAX_HOSTS)
    assert breaker.gate(MAX_HOSTS, 40.0) is Gate.HOLD
    breaker.succeeded(MAX_HOSTS)
    assert breaker.gate(MAX_HOSTS, 40.0) is Gate.CLOSED


def test_a_breaker_forgives() -> None:
    breaker = Breaker(1)
    breaker.failed(0, 0.0)
    assert breaker.gate(0, 0.0) is Gate.OPEN
    assert breaker.reason(0) == "1 failure of its host in a row (--max-host-errors 1)"
    breaker.reset()
    assert breaker.gate(0, 0.0) is Gate.CLOSED
    feedback = Feedback(Policy(), {}, 0.0, 0.0, lambda _: None)
    feedback.reset_breaker()  # nothing to forgive
    assert feedback.breaker is None
