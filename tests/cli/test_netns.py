"""BEHAVIOUR section C where every address is at hand: in a network namespace of the test's own."""

import json
import sys
from collections.abc import Iterator

import pytest

from tests.support.netns import DNS_PORT, PORT, Namespace, namespace, why_not

REASON = why_not()
pytestmark = [pytest.mark.needs_netns, pytest.mark.skipif(bool(REASON), reason=REASON)]

PRIVATE = [
    "10.1.2.3", "172.16.5.4", "192.168.7.7", "169.254.169.254", "100.64.0.9", "192.0.0.1", "192.88.99.1",
    "168.63.129.16", "198.18.0.1", "fc00::1", "fec0::1", "64:ff9b::7f00:1", "2002:7f00:1::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "2606:4700::1111"]


@pytest.fixture(scope="module")
def space() -> Iterator[Namespace]:
    with namespace(*PRIVATE, *PUBLIC) as space:
        yield space


def rows(space: Namespace, urls: list[str], *options: str) -> tuple[list[dict[str, object]], int]:
    """Fetch inside, one at a time; the rows, and how many connections were begun."""
    before = space.connects()
    command = (
        sys.executable,
        "-m",
        "fetchcli",
        "-",
        "-c1",
        "-q",
        "-o",
        "jsonl",
        "--dns-servers",
        f"127.0.0.1:{DNS_PORT}",
    )
    done = space.run(*command, *options, stdin="\n".join(urls))
    return [json.loads(line) for line in done.stdout.splitlines()], space.connects() - before


def url(host: str, path: str = "/") -> str:
    return f"http://[{host}]:{PORT}{path}" if ":" in host else f"http://{host}:{PORT}{path}"


def test_without_the_option_all_of_them_answer(space: Namespace) -> None:
    found, connects = rows(space, [url(host) for host in (*PRIVATE, *PUBLIC, "127.0.0.1", "::1", "0.0.0.0")])
    assert [row["status"] for row in found] == [200] * (len(PRIVATE) + len(PUBLIC) + 3)
    assert connects == len(found)


def test_25_27_29_private_addresses_are_blocked_without_one_syn(space: Namespace) -> None:
    hosts = [*PRIVATE, "127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "::10.1.2.3"]
    found, connects = rows(space, [url(host) for host in hosts], "--block-private")
    assert [row["error"] for row in found] == ["blocked"] * len(hosts)
    assert connects == 0


def test_public_addresses_are_dialled(space: Namespace) -> None:
    found, connects = rows(space, [url(host) for host in (*PUBLIC, "public.test", "::ffff:8.8.8.8")], "--block-private")
    assert [row["status"] for row in found] == [200] * 4
    assert connects >= 3


def test_26_28_other_spellings_of_an_address(space: Namespace) -> None:
    spellings = [
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "１２７.０.０.１",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
    ]
    found, connects = rows(space, [url(host) for host in spellings], "--block-private")
    assert len(found) == len(spellings)
    assert {row["error"] for row in found} <= {"blocked", "invalid_url"}
    assert connects == 0


def test_30_a_name_that_resolves_to_private_addresses(space: Namespace) -> None:
    found, connects = rows(space, [url("private.test")], "--block-private")
    assert (found[0]["error"], connects) == ("blocked", 0)
    assert "10.1.2.3" in str(found[0]["error_detail"])


def test_31_of_mixed_answers_only_the_public_one_is_dialled(space: Namespace) -> None:
    found, connects = rows(space, [url("mixed.test")], "--block-private")
    assert (found[0]["status"], found[0]["remote_ip"], connects) == (200, "8.8.8.8", 1)


def test_33_a_public_page_that_redirects_to_the_metadata_service(space: Namespace) -> None:
    start = url("public.test", f"/to{url('169.254.169.254', '/latest/meta-data/')}")
    found, connects = rows(space, [start], "--block-private")
    assert (found[0]["error"], connects) == ("blocked", 1)
    assert found[0]["redirects"] == [{"url": start, "status": 302}]
    assert found[0]["url_effective"] == url("169.254.169.254", "/latest/meta-data/")


def test_exceptions_and_lists(space: Namespace) -> None:
    hosts = [url(host) for host in ("10.1.2.3", "172.16.5.4", "8.8.8.8")]
    found, _ = rows(space, hosts, "--block-private", "--allow-cidr", "10.1.0.0/16")
    assert [row["status"] for row in found] == [200, None, 200]
    found, _ = rows(space, hosts, "--deny-cidr", "0.0.0.0/0", "--allow-cidr", "10.1.0.0/16")
    assert [row["status"] for row in found] == [200, None, None]
    found, _ = rows(space, hosts, "--deny-cidr", "10.1.2.0/24", "--resolve", f"a.test:{PORT}:10.1.2.3")
    assert [row["status"] for row in found] == [None, 200, 200]
