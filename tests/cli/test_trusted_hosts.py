"""Which hosts get credentials and headers: those that the user names, and others only if all are trusted."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.command import fetchcli
from tests.support.recorder import Recorder, ok, recorder, see

SECRETS = ("-u", "me:word123", "-H", "X-Api-Key: hidden", "-H", "Accept-Language: de", "-b", "a=cookie1")
URLSET = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'


class Hosts(NamedTuple):
    """A host that the user names, and one that only its sitemap names."""

    named: Recorder
    other: Recorder


def urls(*texts: str) -> str:
    return "".join(f"<url><loc>{text}</loc></url>" for text in texts)


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with ExitStack() as stack:
        other = stack.enter_context(recorder(lambda request: answer(request, "")))
        named = stack.enter_context(recorder(lambda request: answer(request, other.url())))
        yield Hosts(named, other)


def answer(request: bytes, other: str) -> bytes:
    host = next(line for line in request.decode().split("\r\n") if line.startswith("Host: "))[6:]
    here = f"http://{host}/"
    match request.split(b" ")[1]:
        case b"/index.xml":
            maps = "".join(f"<sitemap><loc>{text}map.xml</loc></sitemap>" for text in (here, other))
            return ok(INDEX.format(maps).encode())
        case b"/map.xml":
            return ok(URLSET.format(urls(f"{here}page", *((f"{other}page",) if other else ()))).encode())
        case b"/away":
            return see(f"{other}landed")
        case b"/digest" if b"Authorization" not in request:
            return ok(b"", 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"', status="401 Unauthorized")
    return ok()


def told(server: Recorder) -> dict[str, bool]:
    """For each target, whether it got anything that the user meant for others."""
    found: dict[str, bool] = {}
    for request in server.requests:
        target = request.split(b" ")[1].decode()
        secret = any(word in request for word in (b"Authorization", b"X-Api-Key", b"cookie1"))
        found[target] = found.get(target, False) or secret
        assert b"Accept-Language: de" in request  # no secret
    return found


@pytest.mark.parametrize("start", ["/map.xml", "/index.xml"])
def test_21_hosts_that_only_a_fetched_sitemap_names_get_no_secret(start: str, hosts: Hosts) -> None:
    args = (hosts.named.url(start), "--input-format", "sitemap", "-q", "-o", "jsonl")
    assert fetchcli(*args, *SECRETS).code == 0
    assert told(hosts.named) == dict.fromkeys((start, "/map.xml", "/page"), True)
    assert set(told(hosts.other).values()) == {False}
    hosts.named.requests.clear()
    hosts.other.requests.clear()
    assert fetchcli(*args, *SECRETS, "--location-trusted").code == 0
    assert set(told(hosts.other).values()) == {True}


@pytest.mark.parametrize("also", ["argument", "list", "sitemap", "stdin"])
def test_21_a_host_that_the_user_names_too_gets_them(also: str, hosts: Hosts, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(hosts.other.url("/mine"))
    (tmp_path / "local.xml").write_text(URLSET.format(urls(hosts.other.url("/mine"))))
    (tmp_path / "index.xml").write_text(INDEX.format(f"<sitemap><loc>{hosts.named.url('/map.xml')}</loc></sitemap>"))
    inputs = {
        "argument": ["index.xml", hosts.other.url("/mine")],
        "list": ["index.xml", "list.txt"],
        "sitemap": ["index.xml", "local.xml"],
        "stdin": ["-", "index.xml"],
    }
    stdin = hosts.other.url("/mine").encode()
    assert fetchcli(*inputs[also], *SECRETS, "-q", "-c", "1", cwd=tmp_path, stdin=stdin).code == 0
    assert told(hosts.other) == {"/mine": True, "/page": True}
    assert told(hosts.named) == {"/map.xml": True, "/page": True}


def test_21_a_nested_list_from_stdin_is_no_way_around(hosts: Hosts) -> None:
    index = INDEX.format(f"<sitemap><loc>{hosts.named.url('/map.xml')}</loc></sitemap>")
    assert fetchcli("-", *SECRETS, "-q", stdin=index.encode()).code == 0
    assert told(hosts.named) == {"/map.xml": True, "/page": True}
    assert told(hosts.other) == {"/page": False}


def test_21_netrc_goes_to_the_hosts_that_it_names(hosts: Hosts, tmp_path: Path) -> None:
    args = (hosts.named.url("/map.xml"), "--input-format", "sitemap", "-q", "--netrc-file", "netrc")
    for netrc, sent in (("machine 127.0.0.1 login a password b", True), ("default login a password b", False)):
        (tmp_path / "netrc").write_text(f"{netrc}\n")
        hosts.other.requests.clear()
        assert fetchcli(*args, "-H", "Accept-Language: de", cwd=tmp_path).code == 0
        assert told(hosts.other) == {"/page": sent}


def test_21_digest_answers_no_challenge_of_another_host(hosts: Hosts) -> None:
    digest = recorder(lambda _: ok(b"", 'WWW-Authenticate: Digest realm="r", nonce="n"', status="401 Unauthorized"))
    with digest as other, recorder(lambda _: ok(URLSET.format(urls(other.url("/x"))).encode())) as named:
        args = (named.url("/map.xml"), "--input-format", "sitemap", "-q", "-u", "me:word123", "--digest")
        assert fetchcli(*args).code == 5
        assert len(other.requests) == 1
        assert fetchcli(*args, "--location-trusted").code == 5
        assert len(other.requests) == 3
        assert other.header("authorization") is not None


@pytest.mark.parametrize("trusted", [False, True])
def test_location_trusted_lets_redirects_keep_them(trusted: bool, hosts: Hosts) -> None:
    flag = ("--location-trusted",) if trusted else ()
    assert fetchcli(hosts.named.url("/away"), *SECRETS, *flag, "-q").code == 0
    assert told(hosts.other) == {"/landed": trusted}


def test_21_results_remember_who_named_a_host(hosts: Hosts, tmp_path: Path) -> None:
    args = (hosts.named.url("/map.xml"), "--input-format", "sitemap", "-q", "--accept", "404", "-o", "r.jsonl")
    assert fetchcli(*args, *SECRETS, cwd=tmp_path).code == 5
    hosts.other.requests.clear()
    hosts.named.requests.clear()
    assert fetchcli("r.jsonl", hosts.named.url("/"), *SECRETS, "-q", cwd=tmp_path).code == 0
    assert told(hosts.other) == {"/page": False}
    assert fetchcli("r.jsonl", "--only-failed", *SECRETS, "-q", cwd=tmp_path).code == 0
    assert told(hosts.other) == {"/page": False}


def test_location_trusted_sends_no_host_of_another(hosts: Hosts) -> None:
    args = (hosts.named.url("/away"), "-H", "Host: internal.example", "-H", "Accept-Language: de", "-q")
    assert fetchcli(*args, "--location-trusted").code == 0
    assert hosts.named.header("host") == "internal.example"
    assert hosts.other.header("host") == f"127.0.0.1:{hosts.other.port}"


def test_location_trusted_is_not_for_files_that_were_found(hosts: Hosts, tmp_path: Path) -> None:
    (tmp_path / "fetchcli.toml").write_text("location-trusted = true\n")
    refused = fetchcli(hosts.named.url("/away"), "-q", cwd=tmp_path, env={"FETCHCLI_NO_CONFIG": ""})
    assert refused.code == 2
    assert "location-trusted: not allowed" in refused.err


def test_a_row_of_a_list_keeps_its_own_headers(hosts: Hosts, tmp_path: Path) -> None:
    row = {"url": hosts.other.url("/mine"), "headers": {"X-Api-Key": "row"}}
    (tmp_path / "x.jsonl").write_text(json.dumps(row))
    assert fetchcli("x.jsonl", *SECRETS, "-q", cwd=tmp_path).code == 0
    assert hosts.other.header("x-api-key") == "row"
