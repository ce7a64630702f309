"""The hosts that the user named."""

import pytest

from fetchcli.core.model.policy import Policy, Redirects
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.settings import Reading
from fetchcli.core.url.parse import parse_url
from fetchcli.inputs.base import Argument
from fetchcli.inputs.named_hosts import NamedHosts

REQUEST = RequestOptions(headers=(("X-Key", "k"),))


@pytest.mark.parametrize(
    ("named", "url", "known"),
    [
        ("http://h/map.xml", "http://h/a", True),
        ("http://h/map.xml", "https://h/a", True),  # a site that moved to https
        ("https://h/map.xml", "http://h/a", False),
        ("http://h/map.xml", "https://h:8443/a", False),
        ("http://h:8080/map.xml", "https://h/a", False),
        ("http://h/map.xml", "http://i/a", False),
        ("http://h/map.xml", "http://sub.h/a", False),
    ],
)
def test_which_hosts_get_the_request_of_the_run(named: str, url: str, known: bool) -> None:
    hosts = NamedHosts([Argument(named), Argument("no url")], Reading(), Policy(request=REQUEST))
    request, _ = hosts.fetched(REQUEST, parse_url(url))
    assert (request is REQUEST) is known
    assert request.named is known
    trusting = NamedHosts([Argument(named)], Reading(), Policy(request=REQUEST, redirects=Redirects(trusted=True)))
    assert trusting.fetched(REQUEST, parse_url(url))[0] is REQUEST
