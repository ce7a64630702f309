"""Proxies, real ones on loopback: BEHAVIOUR 34 and 91."""

import asyncio
import errno
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from fetchcli import fetch
from fetchcli.core.errors import ErrorKind, Failure
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Network, Policy, Timeouts, Tls
from fetchcli.core.network.overrides import parse_detour, parse_pin
from fetchcli.core.network.proxies import ProxyRules, parse_proxy
from fetchcli.core.request.request import RequestOptions
from tests.support.certificates import server_context, trusting
from tests.support.dns import dns_server
from tests.support.proxy import proxy
from tests.support.recorder import recorder, see
from tests.support.tinyproxy import BINARY, tinyproxy
from tests.transport.conftest import Sender


def through(url: str, *bypass: str, **network: object) -> Network:
    chosen = parse_proxy(url)
    return Network(proxies=ProxyRules(http=chosen, https=chosen, bypass=bypass), **network)  # type: ignore[arg-type]


async def test_34_plain_http_is_forwarded_whole(sender: Sender) -> None:
    with recorder() as server, proxy() as middle:
        policy = Policy(network=through(f"http://user:secret@127.0.0.1:{middle.port}"))
        response = await sender(policy)(server.url("/a%2fb?c", "name.test"))
        assert isinstance(response, Response)
        head = middle.heads[0].decode()
        assert head.startswith(
            f"GET http://name.test:{server.port}/a%2fb?c HTTP/1.1\r\nHost: name.test:{server.port}\r\n"
        )
        assert "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in head
        assert server.header("proxy-authorization") is None


async def test_91_https_goes_through_a_tunnel_and_the_origin_sees_no_credentials(
    sender: Sender, tmp_path: Path
) -> None:
    with recorder(context=server_context()) as server, proxy() as middle:
        network = through(f"http://user:secret@127.0.0.1:{middle.port}")
        send = sender(Policy(network=network, tls=trusting(tmp_path)))
        for _ in range(2):
            response = await send(server.url("/x"))
            assert isinstance(response, Response), response
        assert len(middle.heads) == 1  # the tunnel is used again
        head = middle.heads[0].decode()
        assert head.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n" in head
        assert server.targets == ["/x", "/x"]
        assert server.header("proxy-authorization") is None


@pytest.mark.parametrize(
    ("headers", "agent"),
    [((), "fetchcli-test"), ((("user-agent", "me/1"),), "me/1"), ((("User-Agent", ""),), None)],
)
async def test_11_connect_names_the_user_agent_unless_it_was_removed(
    sender: Sender, tmp_path: Path, headers: tuple[tuple[str, str], ...], agent: str | None
) -> None:
    with recorder(context=server_context()) as server, proxy() as middle:
        network = through(f"http://127.0.0.1:{middle.port}")
        request = RequestOptions(headers=(*headers, ("X-Secret", "1"), ("Host", "other.test")))
        send = sender(Policy(network=network, tls=trusting(tmp_path), request=request))
        assert isinstance(await send(server.url("/x")), Response)
        lines = middle.heads[0].decode().removesuffix("\r\n\r\n").split("\r\n")
        host = f"127.0.0.1:{server.port}"
        assert lines == [
            f"CONNECT {host} HTTP/1.1",
            f"Host: {host}",
            *([f"User-Agent: {agent}"] if agent is not None else []),
        ]
        assert server.header("user-agent") == agent


async def test_10_a_header_line_without_a_valid_name_in_the_answer_to_connect(sender: Sender, tmp_path: Path) -> None:
    established = b"HTTP/1.1 200 OK\r\nX Powered By: x\r\n\r\n"
    with recorder(context=server_context()) as server, proxy(established=established) as middle:
        network = through(f"http://127.0.0.1:{middle.port}")
        response = await sender(Policy(network=network, tls=trusting(tmp_path)))(server.url("/x"))
        assert isinstance(response, Response), response
    framing = b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"
    with recorder(context=server_context()) as server, proxy(established=framing) as middle:
        network = through(f"http://127.0.0.1:{middle.port}")
        failure = await sender(Policy(network=network, tls=trusting(tmp_path)))(server.url("/x"))
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.CONNECT


@pytest.mark.parametrize("secure", [False, True])
async def test_an_https_proxy(sender: Sender, tmp_path: Path, secure: bool) -> None:
    with recorder(context=server_context() if secure else None) as server, proxy(context=server_context()) as middle:
        network = through(f"https://127.0.0.1:{middle.port}")
        response = await sender(Policy(network=network, tls=trusting(tmp_path)))(server.url("/x"))
        assert isinstance(response, Response), response
        assert middle.heads[0].startswith(b"CONNECT " if secure else b"GET http://")


@pytest.mark.parametrize(
    ("refusal", "detail"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "status 407 to CONNECT"),
        (b"HTTP/1.1 200 OK\r\n\r\nstray", "bytes in the tunnel before it was used"),
        (b"SSH-2.0\r\n", "not an HTTP/1.1 response: 'SSH-2.0\\r\\n'"),
        (b"HTTP/1.1 200", "connection closed at CONNECT"),
    ],
)
async def test_91_a_refused_tunnel_is_connect(sender: Sender, refusal: bytes, detail: str) -> None:
    with proxy(refusal=refusal) as middle:
        failure = await sender(Policy(network=through(f"http://u:secret@127.0.0.1:{middle.port}")))("https://h.test/")
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.CONNECT
        assert failure.detail == f"proxy http://127.0.0.1:{middle.port}: {detail}"


async def test_a_dead_proxy_is_named(sender: Sender) -> None:
    for url in ("http://h.test/", "https://h.test/"):
        failure = await sender(Policy(network=through("http://127.0.0.1:1")))(url)
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.detail) == (ErrorKind.CONNECT, "proxy http://127.0.0.1:1: connection refused")


async def test_a_proxy_that_says_nothing_is_timeout_connect(sender: Sender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network = through(f"http://127.0.0.1:{silent.getsockname()[1]}")
        failure = await sender(Policy(network=network, timeouts=Timeouts(connect=0.2)))("https://h.test/")
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TIMEOUT_CONNECT


async def test_91_no_proxy_is_asked_for_every_hop(sender: Sender) -> None:
    with recorder() as inner, proxy() as middle, recorder(see(inner.url("/in"))) as outer:
        policy = Policy(network=through(f"http://127.0.0.1:{middle.port}", "127.0.0.1"))
        response = await sender(policy)(outer.url("/out", "name.test"))
        assert isinstance(response, Response)
        assert len(middle.heads) == 1
        assert inner.targets == ["/in"]


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    ("scheme", "asked_for"),
    [("socks5", "127.0.0.1"), ("socks5h", "name.test"), ("socks4", "127.0.0.1"), ("socks4a", "name.test")],
)
async def test_socks(sender: Sender, tmp_path: Path, scheme: str, asked_for: str, secure: bool) -> None:
    context = server_context() if secure else None
    with (
        recorder(context=context) as server,
        proxy(scheme[:6]) as middle,
        dns_server({"name.test": ("127.0.0.1",)}) as dns,
    ):
        network = through(f"{scheme}://127.0.0.1:{middle.port}", dns_servers=(dns.place,))
        response = await sender(Policy(network=network, tls=trusting(tmp_path)))(server.url("/x", "name.test"))
        assert isinstance(response, Response), response
        assert middle.heads == [f"{asked_for}:{server.port}".encode()]
        assert server.targets == ["/x"]


async def test_socks_with_a_password_and_refused(sender: Sender) -> None:
    with recorder() as server, proxy("socks5") as middle:
        policy = Policy(network=through(f"socks5h://user:secret@127.0.0.1:{middle.port}"))
        assert isinstance(await sender(policy)(server.url()), Response)
        assert middle.heads[0] == b"user:secret"
    with proxy("socks5", refusal=b"x") as middle:
        failure = await sender(Policy(network=through(f"socks5h://127.0.0.1:{middle.port}")))("http://h.test/")
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.CONNECT
        assert failure.detail.startswith(f"proxy socks5h://127.0.0.1:{middle.port}: ")
    failure = await sender(Policy(network=through("socks5h://127.0.0.1:1")))("http://h.test/")
    assert isinstance(failure, Failure)
    assert failure.kind is ErrorKind.CONNECT


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_what_the_origin_does_is_not_blamed_on_the_proxy(sender: Sender, scheme: str) -> None:
    with recorder(context=server_context()) as untrusted, proxy(scheme[:6].removesuffix("h")) as middle:
        failure = await sender(Policy(network=through(f"{scheme}://127.0.0.1:{middle.port}")))(untrusted.url())
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.detail) == (ErrorKind.TLS, "unable to get local issuer certificate")


async def test_a_socks_proxy_is_asked_for_the_address_that_most_can_reach(sender: Sender) -> None:
    """Only one address can be tried, and the proxy may have no IPv6."""
    with recorder() as server, proxy("socks5") as middle, dns_server({"two.test": ("127.0.0.1", "::1")}) as dns:
        network = through(f"socks5://127.0.0.1:{middle.port}", dns_servers=(dns.place,))
        assert isinstance(await sender(Policy(network=network))(server.url("/", "two.test")), Response)
        assert middle.heads == [f"127.0.0.1:{server.port}".encode()]


async def test_a_tunnel_that_ends_as_it_opens_is_a_failure_at_once(sender: Sender, tmp_path: Path) -> None:
    """The proxy speaks TLS, and sends damage in the segment that opens the tunnel."""
    context, listener = server_context(), socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        raw = listener.accept()[0]
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        done = False
        with raw, suppress(OSError):
            while not done:
                incoming.write(raw.recv(65536))
                with suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                    tls.read(65536)
                    tls.write(b"HTTP/1.1 200 OK\r\n\r\n")
                    done = True
                raw.sendall(outgoing.read() + (b"\x17\x03\x03\x00\x14" + bytes(20) if done else b""))
            raw.settimeout(20)
            raw.recv(100)

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        network = through(f"https://127.0.0.1:{listener.getsockname()[1]}")
        policy = Policy(network=network, tls=trusting(tmp_path), timeouts=Timeouts(total=None, connect=None))
        failure = await asyncio.wait_for(sender(policy)("https://127.0.0.1:1/"), 20)
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.CONNECT


async def test_a_name_that_is_looked_up_here_is_not_blamed_on_the_proxy(sender: Sender) -> None:
    with proxy("socks5") as middle, dns_server({}) as dns:
        network = through(f"socks5://127.0.0.1:{middle.port}", dns_servers=(dns.place,))
        failure = await sender(Policy(network=network))("http://none.test/")
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.DNS
        network = through(f"socks4://127.0.0.1:{middle.port}")
        failure = await sender(Policy(network=network))("http://[::1]/")
        assert isinstance(failure, Failure)
        assert (failure.kind, middle.heads) == (ErrorKind.DNS, [])


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_what_this_machine_ran_out_of_is_not_blamed_on_the_proxy(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    def no_descriptors(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    send = sender(Policy(network=through(f"{scheme}://127.0.0.1:1")))
    with monkeypatch.context() as patch:
        patch.setattr("socket.socket", no_descriptors)
        failure = await send("http://h.test/")
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.detail) == (ErrorKind.INTERNAL, "this machine: too many open files")


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_detours_and_pins_lead_through_the_proxy_too(sender: Sender, scheme: str) -> None:
    with recorder() as server, proxy(scheme[:6].removesuffix("h")) as middle:
        detour = through(
            f"{scheme}://127.0.0.1:{middle.port}", detours=(parse_detour(f"a.test:80:127.0.0.1:{server.port}"),)
        )
        assert isinstance(await sender(Policy(network=detour))("http://a.test/x"), Response)
        pin = through(f"{scheme}://127.0.0.1:{middle.port}", pins=(parse_pin(f"b.test:{server.port}:127.0.0.1"),))
        assert isinstance(await sender(Policy(network=pin))(server.url("/y", "b.test")), Response)
        assert server.targets == ["/x", "/y"]
        assert [server.header("host", index) for index in (0, 1)] == ["a.test", f"b.test:{server.port}"]
        for head in middle.heads:
            assert f"127.0.0.1:{server.port}".encode() in head


async def test_minus_k_is_not_meant_for_the_proxy(sender: Sender) -> None:
    with recorder() as server, proxy(context=server_context()) as middle:
        network = through(f"https://user:secret@127.0.0.1:{middle.port}")
        failure = await sender(Policy(network=network, tls=Tls(verify=False)))(server.url())
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.CONNECT
        assert middle.heads == []


@pytest.mark.needs_tinyproxy
@pytest.mark.skipif(BINARY is None, reason="tinyproxy is not installed")
async def test_tinyproxy(tmp_path: Path) -> None:
    with recorder() as plain, recorder(context=server_context()) as secure, tinyproxy(tmp_path) as port:
        policy = Policy(1, network=through(f"http://127.0.0.1:{port}"), tls=trusting(tmp_path))
        urls = [server.url("/a%2fb") for server in (plain, secure) for _ in range(3)]
        # It closes every connection without a word; that is what second attempts are for.
        outcomes = [outcome async for outcome in fetch([*urls, "http://127.0.0.1:1/"], policy)]
        for outcome in outcomes[:-1]:
            assert outcome.response is not None, outcome.failure
            assert (outcome.response.status, outcome.response.size_decoded) == (200, 5)
        assert secure.targets == ["/a%2fb"] * 3
        assert plain.targets == ["/a%2fb"] * 3
        assert plain.header("via") is not None
        dead = outcomes[-1].response
        assert dead is not None  # the proxy answers for what it cannot reach
        assert dead.status >= 500
