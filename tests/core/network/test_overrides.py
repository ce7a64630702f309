"""``--resolve`` and ``--connect-to``, as curl writes them."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.network.overrides import Detour, Pin, detoured, parse_detour, parse_pin, parse_servers, pinned
from fetchcli.core.url.parse import parse_url, resolve


@pytest.mark.parametrize(
    ("text", "pin"),
    [
        ("a.example:80:127.0.0.1", Pin("a.example", 80, ("127.0.0.1",))),
        ("A.example:80:127.0.0.1,[::1]", Pin("a.example", 80, ("127.0.0.1", "::1"))),
        ("+*:443:::1", Pin("*", 443, ("::1",))),
        ("[::1]:80:127.0.0.1", Pin("::1", 80, ("127.0.0.1",))),
        ("BÜCHER.test:80:127.0.0.1", Pin("xn--bcher-kva.test", 80, ("127.0.0.1",))),
    ],
)
def test_pins(text: str, pin: Pin) -> None:
    assert parse_pin(text) == pin


@pytest.mark.parametrize(
    "text", ["", "a", "a:80", "a:x:127.0.0.1", "a::127.0.0.1", "a:80:b", ":80:127.0.0.1", "a:0:::1"]
)
def test_what_is_no_pin(text: str) -> None:
    with pytest.raises(UsageError, match="--resolve"):
        parse_pin(text)


def test_the_last_pin_wins_and_a_name_before_any() -> None:
    pins = (parse_pin("a:80:127.0.0.1"), parse_pin("*:80:127.0.0.2"), parse_pin("a:80:127.0.0.3"))
    assert pinned(pins, "a", 80) == ("127.0.0.3",)
    assert pinned(pins, "b", 80) == ("127.0.0.2",)
    assert pinned(pins, "b", 81) == ()


@pytest.mark.parametrize(
    ("text", "detour"),
    [
        ("a:80:b:81", Detour(host="a", port=80, to_host="b", to_port=81)),
        ("::b:", Detour(host="", port=None, to_host="b", to_port=None)),
        ("[::1]:80:[::2]:81", Detour(host="::1", port=80, to_host="::2", to_port=81)),
        ("::[::0001]:", Detour(host="", port=None, to_host="::1", to_port=None)),
        ("a::bücher.test:", Detour(host="a", port=None, to_host="xn--bcher-kva.test", to_port=None)),
    ],
)
def test_detours(text: str, detour: Detour) -> None:
    assert parse_detour(text) == detour


@pytest.mark.parametrize(
    "text", ["", "a:80:b", "a:80:b:81:c", "a:x:b:81", "a:80:b:70000", "::a b:", "::a\r\nb:", "::b/x:"]
)
def test_what_is_no_detour(text: str) -> None:
    with pytest.raises(UsageError, match="--connect-to"):
        parse_detour(text)


def test_the_first_detour_that_matches_counts() -> None:
    detours = (parse_detour("a:80:b:81"), parse_detour(":443::444"), parse_detour("::c:"))
    assert detoured(detours, "a", 80) == ("b", 81)
    assert detoured(detours, "x", 443) == ("x", 444)
    assert detoured(detours, "x", 80) == ("c", 80)
    assert detoured((), "x", 80) == ("x", 80)


def test_dns_servers() -> None:
    assert parse_servers("192.0.2.1, 192.0.2.2:5353,::1,[::1]:54,[::2]") == (
        "192.0.2.1:53",
        "192.0.2.2:5353",
        "[::1]:53",
        "[::1]:54",
        "[::2]:53",
    )


@pytest.mark.parametrize("text", ["", "dns.example", "192.0.2.1:x", "192.0.2.1:0", "192.0.2.1,,", "[192.0.2.1"])
def test_what_is_no_dns_server(text: str) -> None:
    with pytest.raises(UsageError, match="--dns-servers"):
        parse_servers(text)


@pytest.mark.parametrize("name", ["a_b.test", "-a-.test", "\U0001f4a9.test", "B\u00dcCHER.test"])
def test_23_a_host_may_be_any_name_that_a_url_may_have(name: str) -> None:
    host = parse_url(f"http://{name}/").host
    assert parse_pin(f"{name}:80:192.0.2.1").host == host
    detour = parse_detour(f"{name}:80:{name}:81")
    assert (detour.host, detour.to_host) == (host, host)
    assert resolve(parse_url("http://h/"), f"//{name}/x").host == host
