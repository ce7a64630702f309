"""Which proxy a request goes through."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.network.proxies import Proxy, ProxyRules, parse_proxy, proxy_rules
from fetchcli.core.url.parse import parse_url


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("proxy.example", Proxy(scheme="http", host="proxy.example", port=1080)),
        ("proxy.example:3128", Proxy(scheme="http", host="proxy.example", port=3128)),
        ("http://proxy:80/", Proxy(scheme="http", host="proxy", port=80)),
        ("HTTPS://proxy", Proxy(scheme="https", host="proxy", port=443)),
        ("socks://proxy", Proxy(scheme="socks4", host="proxy", port=1080)),
        ("socks5h://[::1]:9", Proxy(scheme="socks5h", host="::1", port=9)),
        ("http://u%40:p:w@proxy:1", Proxy(scheme="http", host="proxy", port=1, user="u@", password="p:w")),
        ("http://u@proxy:1", Proxy(scheme="http", host="proxy", port=1, user="u", password="")),
    ],
)
def test_proxies(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text) == proxy


@pytest.mark.parametrize(
    "text",
    [
        "ftp://proxy",
        "http://user:secret@",
        "http://proxy:x",
        "http://proxy/path",
        "http://proxy:1#x",
        "http://proxy:1?x",
        "socks5://user:secret@127.0.0.1:99999",
        "a b",
        "",
    ],
)
def test_what_is_no_proxy(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_proxy(text)
    assert "secret" not in str(caught.value)


def test_51_a_proxy_shows_no_credentials() -> None:
    proxy = parse_proxy("http://user:secret@proxy:1")
    assert proxy.text == "http://proxy:1"
    assert proxy.authorization == "Basic dXNlcjpzZWNyZXQ="
    assert parse_proxy("http://[::1]:1").text == "http://[::1]:1"
    assert parse_proxy("proxy").authorization == ""


HTTP, HTTPS, ALL = "http://h:1", "http://s:2", "http://a:3"


@pytest.mark.parametrize(
    ("environment", "http", "https"),
    [
        ({}, None, None),
        ({"http_proxy": HTTP}, HTTP, None),
        ({"HTTP_PROXY": HTTP}, HTTP, None),
        ({"HTTP_PROXY": HTTP, "REQUEST_METHOD": "GET"}, None, None),
        ({"http_proxy": HTTP, "REQUEST_METHOD": "GET"}, HTTP, None),
        ({"HTTPS_PROXY": HTTPS, "ALL_PROXY": ALL}, ALL, HTTPS),
        ({"https_proxy": HTTPS, "HTTPS_PROXY": ALL}, None, HTTPS),
        ({"all_proxy": ALL}, ALL, ALL),
    ],
)
def test_the_environment(environment: dict[str, str], http: str | None, https: str | None) -> None:
    rules = proxy_rules(None, None, environment)
    assert rules == ProxyRules(http=parse_proxy(http) if http else None, https=parse_proxy(https) if https else None)


def test_options_come_before_the_environment() -> None:
    environment = {"https_proxy": HTTPS, "no_proxy": "a.example"}
    assert proxy_rules(HTTP, "b.example", environment) == ProxyRules(
        http=parse_proxy(HTTP), https=parse_proxy(HTTP), bypass=("b.example",)
    )
    assert proxy_rules("", None, environment) == ProxyRules(http=None, https=None, bypass=("a.example",))


@pytest.mark.parametrize(
    ("bypass", "url", "direct"),
    [
        ("example.com", "http://example.com/", True),
        ("example.com", "http://www.example.com/", True),
        (".example.com", "http://example.com/", True),
        ("example.com", "http://badexample.com/", False),
        ("EXAMPLE.com", "http://example.com./", True),
        ("a, b c", "http://c/", True),
        ("*", "http://anything/", True),
        ("", "http://anything/", False),
        ("127.0.0.1", "http://127.0.0.1:8080/", True),
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://11.1.2.3/", False),
        ("[::1]", "http://[::1]/", True),
        ("fc00::/7", "http://[fd00::1]/", True),
        ("10.0.0.0/8", "http://[::1]/", False),
        ("10.0.0.0/8", "http://[::ffff:10.1.1.1]/", True),
        ("*.example.com", "http://www.example.com/", True),
    ],
)
def test_91_no_proxy(bypass: str, url: str, direct: bool) -> None:
    rules = proxy_rules("http://proxy", bypass, {})
    assert (rules.proxy_for(parse_url(url)) is None) is direct


def test_each_scheme_has_its_proxy() -> None:
    rules = ProxyRules(http=parse_proxy(HTTP), https=parse_proxy(HTTPS))
    assert rules.proxy_for(parse_url("http://x/")) == parse_proxy(HTTP)
    assert rules.proxy_for(parse_url("https://x/")) == parse_proxy(HTTPS)
    assert ProxyRules().proxy_for(parse_url("https://x/")) is None


def test_how_the_proxies_of_a_run_are_spoken_to() -> None:
    assert ProxyRules(http=parse_proxy("h"), https=parse_proxy("socks5://h")).schemes == {"http", "socks5"}
    assert ProxyRules().schemes == set()


@pytest.mark.parametrize("name", ["a_b.test", "\U0001f4a9.test", "B\u00dcCHER.test"])
@pytest.mark.parametrize("form", ["{}", ".{}", "*.{}"])
def test_23_noproxy_takes_any_name_that_a_url_may_have(name: str, form: str) -> None:
    rules = proxy_rules("http://proxy.test", f"nothing/, \u00e9%, {form.format(name)}", {})
    assert rules.proxy_for(parse_url(f"http://sub.{name}/")) is None
    assert rules.proxy_for(parse_url("http://other.test/")) is not None
