"""The circuit breaker; `test_adaptive` has the windows."""

from fetchcli.core.model.policy import Policy
from fetchcli.core.schedule.breaker import MAX_HOSTS, Breaker, Gate
from fetchcli.core.schedule.feedback import Feedback


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
