"""``--print-curl``: every option of the request and the network has its place in the command."""

import shlex
import subprocess

import pytest

from fetchcli.core.curl.write import MAX_ARGUMENT, curl_command
from fetchcli.core.model.policy import Cookies, Limits, Network, Policy, Redirects, Timeouts, Tls, TlsVersion
from fetchcli.core.model.target import Target
from fetchcli.core.network.overrides import parse_detour, parse_pin
from fetchcli.core.network.proxies import ProxyRules, parse_proxy
from fetchcli.core.request.credentials import Credentials, Login
from fetchcli.core.request.request import RequestOptions, default_headers
from fetchcli.core.request.secrets import Expander
from fetchcli.core.url.parse import parse_url

DEFAULTS = default_headers("fetchcli/1")
START = ["curl", "-sS", "--http1.1", "--globoff", "--path-as-is", "-L", "--max-redirs", "10"]
SENT = [
    "-H",
    "User-Agent: fetchcli/1",
    "-H",
    "Accept: */*",
    "-H",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "--compressed",
]
END = ["-m", "30", "--connect-timeout", "10", "--noproxy", "*", "--tlsv1.2"]


def words(request: RequestOptions | None = None, url: str = "http://h/", **policy: object) -> list[str]:
    made = Policy(request=request or RequestOptions(), **policy)  # type: ignore[arg-type]
    return shlex.split(curl_command(Target(1, parse_url(url)), made, DEFAULTS))


def middle(request: RequestOptions, url: str = "http://h/", **policy: object) -> list[str]:
    found = words(request, url, **policy)
    return [word for word in found[len(START) : -len(END) - 1] if word not in SENT or word == "-H"]


def test_a_plain_row() -> None:
    assert words() == [*START, *SENT, *END, "http://h/"]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (RequestOptions("HEAD"), ["-I"]),
        (RequestOptions("HEAD", content=b"x"), ["-X", "HEAD", "--data-raw", "x"]),
        (RequestOptions("POST", content=b"x"), ["--data-raw", "x"]),
        (RequestOptions("POST"), ["-X", "POST", "Content-Length: 0"]),
        (RequestOptions("PUT", content_file="f"), ["-X", "PUT", "Expect:", "--data-binary", "@f"]),
        (RequestOptions("POST", form=("a=b", "f=@g")), ["Expect:", "-F", "a=b", "-F", "f=@g"]),
        (RequestOptions("GET", content=b"@x"), ["-X", "GET", "--data-raw", "@x"]),
        (RequestOptions("DELETE"), ["-X", "DELETE"]),
        (RequestOptions(headers=(("X", ";"), ("Y", ""), ("Z", "1"))), ["X;", "Y:", "Z: 1"]),
        (RequestOptions(headers=(("Authorization", "Basic YTpi"),)), ["-u", "a:b"]),
        (RequestOptions(headers=(("Authorization", "Basic !"),)), ["Authorization: Basic !"]),
        (RequestOptions(headers=(("Authorization", "Bearer t"),)), ["Authorization: Bearer t"]),
    ],
)
def test_requests(request_: RequestOptions, expected: list[str]) -> None:
    found = [word for word in middle(request_) if word != "-H"]
    assert [word for word in found if word not in ("curl", *START) and word != "|"][-len(expected) :] == expected


def test_headers_of_the_user_replace_our_own() -> None:
    found = words(RequestOptions(headers=(("accept-encoding", "br"), ("USER-AGENT", "me"))))
    assert "--compressed" not in found
    assert "User-Agent: fetchcli/1" not in found


@pytest.mark.parametrize(
    "content", [b"\0", b"\xff", b"'" + b"x" * MAX_ARGUMENT, bytes(range(256)), b"two\nlines 5% \\n"]
)
def test_what_no_argument_can_hold_comes_from_printf(content: bytes) -> None:
    row = Target(1, parse_url("http://h/"), request=RequestOptions("POST", content=content))
    printf, _, command = curl_command(row, Policy(), {}).partition(" | ")
    assert "--data-binary @-" in command
    done = subprocess.run(["/bin/sh"], input=printf.encode(), capture_output=True, check=True)
    assert done.stdout == content


def test_curl_is_not_to_ask_before_it_sends_much() -> None:
    row = Target(1, parse_url("http://h/"), request=RequestOptions("POST", content=b"a" * 1_100_000))
    assert "-H Expect: --data-binary @- " in curl_command(row, Policy(), {})


def test_who_asks() -> None:
    login = Login(name="a", password="b c")
    assert middle(RequestOptions(), "http://u:p%20w@h/")[:2] == ["-u", "u:p w"]
    assert words(url="http://u:p@h/")[-1] == "http://h/"
    known = Credentials(machines={"h": login}, netrc="my netrc")
    assert middle(RequestOptions(), credentials=known)[:2] == ["--netrc-file", "my netrc"]
    assert middle(RequestOptions(), credentials=Credentials(digest=login))[:3] == ["--digest", "-u", "a:b c"]
    row_request = RequestOptions(headers=(("Authorization", "x"),))
    assert "-u" not in middle(row_request, "http://u:p@h/")


def test_network_and_tls() -> None:
    network = Network(
        proxies=ProxyRules(http=parse_proxy("u:p@proxy:3128")),
        pins=(parse_pin("h:80:127.0.0.1,[::1]"),),
        detours=(parse_detour("h:80:[::1]:81"), parse_detour("::i:")),
        dns_servers=("127.0.0.1:53",),
        family=6,
    )
    found = words(network=network, tls=Tls(verify=False, cacert="ca", cert="c", key="k"))
    expected = (
        "-x http://u:p@proxy:3128 --resolve h:80:127.0.0.1,::1 --connect-to h:80:[::1]:81 --connect-to ::i: "
        "--dns-servers 127.0.0.1:53 -6 -k --cacert ca --cert c --key k"
    )
    assert set(expected.split()) <= set(found)
    assert "-x" in words(network=Network(proxies=ProxyRules(http=parse_proxy("proxy"))))
    assert "socks5://[::1]:1080" in words(network=Network(proxies=ProxyRules(http=parse_proxy("socks5://[::1]"))))
    assert "--unix-socket" in words(network=Network(unix_socket="s"))


def test_a_limit_of_the_rate() -> None:
    command = curl_command(Target(1, parse_url("http://h/")), Policy(limits=Limits(rate=1024.0)), {})
    assert " --limit-rate 1024 " in command


def test_no_limits() -> None:
    found = words(
        redirects=Redirects(follow=False), timeouts=Timeouts(total=None, connect=None), tls=Tls(minimum=TlsVersion.V1_3)
    )
    assert not {"-L", "-m", "--connect-timeout"} & set(found)
    assert "--tlsv1.3" in found


def test_secrets_of_the_environment_stay_there() -> None:
    left = Expander(None)
    basic = RequestOptions(headers=(("Authorization", Login(name="a", password=left("${PASSWORD}")).basic),))
    assert """-u a:"${PASSWORD}" """ in curl_command(Target(1, parse_url("http://h/"), request=basic), Policy(), {})
    both = RequestOptions(headers=(("Authorization", Login(name=left("${PAIR}"), password="").basic),))
    assert """-u "${PAIR}" """ in curl_command(Target(1, parse_url("http://h/"), request=both), Policy(), {})
    odd = RequestOptions(headers=(("Authorization", "Basic YTpiCg=="), ("X", "\uf8f0HOME\uf8f1")))
    found = curl_command(Target(1, parse_url("http://h/"), request=odd), Policy(), {})
    assert "-H 'Authorization: Basic YTpiCg=='" in found
    assert "HOME}" not in found
    coded = RequestOptions(headers=(("Authorization", left("Basic ${B64}")),))
    line = curl_command(Target(1, parse_url("http://h/"), request=coded), Policy(), {})
    assert """-H 'Authorization: Basic '"${B64}" """ in line


@pytest.mark.parametrize(
    ("cookies", "expected"),
    [
        (Cookies(), []),
        (Cookies(redirects=True), ["-b", ""]),
        (Cookies(files=("a.txt", "b.txt"), redirects=True), ["-b", "a.txt", "-b", "b.txt"]),
        (Cookies(files=("a.txt",), jar="a.txt"), ["-b", "a.txt", "-c", "a.txt"]),
    ],
)
def test_cookie_files(cookies: Cookies, expected: list[str]) -> None:
    assert middle(RequestOptions(), cookies=cookies) == ["-H", "-H", "-H", *expected]


def test_a_cookie_of_the_user_joins_those_of_the_files() -> None:
    request = RequestOptions(headers=(("Cookie", "a=1"), ("X", "2")))
    assert middle(request, cookies=Cookies(redirects=True))[3:] == ["-b", "a=1", "-H", "X: 2", "-b", ""]
    assert middle(request)[3:] == ["-H", "Cookie: a=1", "-H", "X: 2"]


def test_a_referer_that_follows() -> None:
    request = RequestOptions(headers=(("Referer", "http://from/"), ("X", "2")), auto_referer=True)
    assert middle(request)[3:] == ["-e", "http://from/;auto", "-H", "X: 2"]
    assert middle(RequestOptions(auto_referer=True))[3:] == ["-e", ";auto"]
