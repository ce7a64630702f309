"""The cookie jar: who gets what (RFC 6265), and how much of it is kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fetchcli.core.request.cookies import MAX_DOMAINS, MAX_PER_DOMAIN, CookieJar, domain_matches
from fetchcli.core.request.set_cookie import Cookie

NOW = 1_700_000_000.0
SUFFIXES = {"example", "co.example"}


def jar_after(*lines: str, host: str = "www.a.example", target: str = "/x/y", secure: bool = True) -> CookieJar:
    jar = CookieJar(is_public_suffix=SUFFIXES.__contains__)
    jar.store(host, target, [line.encode() for line in lines], secure=secure, now=NOW)
    return jar


def sent(jar: CookieJar, host: str = "www.a.example", target: str = "/x/y", *, secure: bool = True) -> str:
    return jar.header(host, target, secure=secure, now=NOW)


@pytest.mark.parametrize(
    ("line", "host", "gets"),
    [
        ("a=1", "www.a.example", True),
        ("a=1", "www.a.example.", True),
        ("a=1", "a.example", False),
        ("a=1", "x.www.a.example", False),
        ("a=1; Domain=a.example", "a.example", True),
        ("a=1; Domain=a.example", "other.a.example", True),
        ("a=1; Domain=a.example", "ba.example", False),
        ("a=1; Domain=other.example", "other.example", False),
        ("a=1; Domain=x.www.a.example", "x.www.a.example", False),
        ("a=1; Domain=example", "b.example", False),
        ("a=1; Domain=", "www.a.example", True),
    ],
)
def test_hosts(line: str, host: str, gets: bool) -> None:
    assert sent(jar_after(line), host) == ("a=1" if gets else "")


def test_a_public_suffix_sets_cookies_for_itself_alone() -> None:
    jar = jar_after("a=1; Domain=co.example", host="co.example")
    assert (sent(jar, "co.example"), sent(jar, "b.co.example")) == ("a=1", "")
    assert sent(jar_after("a=1; Domain=co.example", host="b.co.example"), "c.co.example") == ""


def test_a_jar_begins_with_the_cookies_of_files() -> None:
    cookies = [
        Cookie(name="a", value="1", domain="a.example", host_only=False),
        Cookie(name="b", value="2", domain="h"),
    ]
    jar = CookieJar(cookies, is_public_suffix=SUFFIXES.__contains__)
    assert (sent(jar), sent(jar, "h"), jar.cookies(NOW)) == ("a=1", "b=2", cookies)


def test_an_address_has_no_subdomains() -> None:
    jar = jar_after("a=1; Domain=127.0.0.1", "b=2; Domain=0.0.1", host="127.0.0.1")
    assert (sent(jar, "127.0.0.1"), sent(jar, "9.127.0.0.1")) == ("a=1", "")
    assert sent(jar_after("a=1", host="::1"), "::1") == "a=1"


@pytest.mark.parametrize(
    ("path", "target", "gets"),
    [
        ("/", "/anything", True),
        ("/x", "/x", True),
        ("/x", "/x?q", True),
        ("/x", "/x/y", True),
        ("/x", "/xy", False),
        ("/x/", "/x", False),
        ("/x/", "/x/y", True),
        ("/X", "/x", False),
    ],
)
def test_paths(path: str, target: str, gets: bool) -> None:
    assert sent(jar_after(f"a=1; Path={path}"), target=target) == ("a=1" if gets else "")


def test_the_longest_path_comes_first_and_then_the_oldest() -> None:
    jar = jar_after("a=1; Path=/", "b=2; Path=/x", "c=3; Path=/x/y", "d=4; Path=/", "=5; Path=/")
    assert sent(jar) == "c=3; b=2; a=1; d=4; 5"


def test_a_new_value_takes_the_place_of_the_old_and_an_expired_one_removes_it() -> None:
    jar = jar_after("a=1", "b=2", "a=3", "a=4; Path=/")
    assert sent(jar) == "a=3; b=2; a=4"
    jar.store("www.a.example", "/x/y", [b"a=; Max-Age=0", b"none=; Max-Age=0"], secure=True, now=NOW)
    assert sent(jar) == "b=2; a=4"
    jar.store("www.a.example", "/x/y", [b"b=5; Max-Age=10"], secure=True, now=NOW)
    assert jar.header("www.a.example", "/x/y", secure=True, now=NOW + 11) == "a=4"
    assert [cookie.name for cookie in jar.cookies(NOW + 11)] == ["a"]


def test_secure_cookies_stay_with_https() -> None:
    jar = jar_after("a=1; Secure", "b=2")
    assert (sent(jar), sent(jar, secure=False)) == ("a=1; b=2", "b=2")
    evil = [b"a=evil", b"a=evil; Domain=a.example", b"c=3; Secure", b"d=4"]
    jar.store("www.a.example", "/x/y", evil, secure=False, now=NOW)
    assert sent(jar) == "a=1; b=2; d=4"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("__Secure-a=1; Secure", True),
        ("__secure-a=1", False),
        ("__Host-a=1; Secure; Path=/", True),
        ("__Host-a=1; Secure", False),
        ("__Host-a=1; Path=/", False),
        ("__HOST-a=1; Secure; Path=/; Domain=a.example", False),
        ("=__Host-a=1; Secure; Path=/", False),
        ("__Secure-a; Secure", False),
    ],
)
def test_prefixes(line: str, kept: bool) -> None:
    assert bool(sent(jar_after(line))) is kept


def test_memory_is_bounded() -> None:
    jar = jar_after(*(f"a{number}=1" for number in range(MAX_PER_DOMAIN + 5)))
    assert sent(jar).count("=") == MAX_PER_DOMAIN
    assert "a4=" not in sent(jar)
    for number in range(MAX_DOMAINS + 1):
        jar.store(f"h{number}.example", "/", [b"a=1"], secure=True, now=NOW)
    assert len(jar.cookies(NOW)) == MAX_DOMAINS
    assert sent(jar) == "", "the oldest domain has gone"


HOSTS = st.sampled_from(
    ["example", "a.example", "www.a.example", "b.example", "co.example", "x.co.example", "127.0.0.1"]
)
LINES = st.builds(
    "{}={}; Domain={}; Path={}{}".format,
    st.sampled_from(["a", "b", "__Host-c", ""]),
    st.text(max_size=5),
    HOSTS | st.just(""),
    st.sampled_from(["/", "/x", ""]),
    st.sampled_from(["", "; Secure", "; Max-Age=0", "; Max-Age=9"]),
) | st.text(max_size=30)


@settings(max_examples=400)
@given(st.lists(st.tuples(HOSTS, LINES, st.booleans()), max_size=20), HOSTS, st.booleans())
def test_whatever_servers_set_a_request_gets_one_safe_line_of_what_belongs_to_its_host(
    responses: list[tuple[str, str, bool]], host: str, secure: bool
) -> None:
    jar = CookieJar(is_public_suffix=SUFFIXES.__contains__)
    for setter, line, over_tls in responses:
        jar.store(setter, "/x/y", [line.encode("utf-8", "surrogatepass")], secure=over_tls, now=NOW)
    header = sent(jar, host, secure=secure)
    assert not any(character < " " and character != "\t" for character in header)
    for cookie in jar.cookies(NOW):
        assert domain_matches(cookie.domain, cookie.domain)
        assert cookie.host_only or cookie.domain not in SUFFIXES
    visible: list[Cookie] = [
        cookie
        for cookie in jar.cookies(NOW)
        if (host == cookie.domain or (not cookie.host_only and domain_matches(host, cookie.domain)))
        and (secure or not cookie.secure)
        and cookie.path in ("/", "/x")
    ]
    assert len(visible) == (header.count("; ") + 1 if header else 0) or any("; " in cookie.value for cookie in visible)
