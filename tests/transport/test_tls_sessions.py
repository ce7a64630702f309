"""TLS sessions are resumed, and only where everything that was verified is the same."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy, Tls
from fetchcli.core.url.parse import parse_url
from fetchcli.transport import tls_sessions
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.follow import FollowingTransport
from fetchcli.transport.tls import make_context
from fetchcli.transport.tls_sessions import TlsSessions
from fetchcli.transport.tls_stream import TlsStream
from tests.support.certificates import server_context, trusting
from tests.support.listen import serve_each

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class ResumingServer:
    """Answers as often as it is asked, once all that are sent at once have arrived: each on a connection of its own.

    Attributes:
        resumed: whether each connection resumed a session.
    """

    def __init__(self, *contexts: ssl.SSLContext) -> None:
        self.resumed: list[bool] = []
        self._contexts = list(contexts)
        self._left = 0
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = parse_url(f"https://127.0.0.1:{self._listener.getsockname()[1]}/")
        serve_each(self._listener, self._answer)

    def close(self) -> None:
        self._listener.close()

    def expect(self, requests: int) -> None:
        """So many requests are sent at once."""
        self._left = requests

    def _answer(self, raw: socket.socket) -> None:
        context = self._contexts.pop(0) if len(self._contexts) > 1 else self._contexts[0]
        with suppress(OSError), raw, context.wrap_socket(raw, server_side=True) as connection:
            self.resumed.append(bool(connection.session_reused))
            while connection.recv(65536):
                with self._changed:
                    self._left -= 1
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._left <= 0)
                connection.sendall(ANSWER)


@contextmanager
def resuming(*contexts: ssl.SSLContext) -> Iterator[ResumingServer]:
    server = ResumingServer(*contexts)
    try:
        yield server
    finally:
        server.close()


async def fetch(policy: Policy, *at_once: tuple[ResumingServer, ...]) -> list[Response]:
    """Ask servers at once, then others at once, in one run."""
    client, responses = FollowingTransport(AiohttpHops(policy), "fetchcli-test"), []
    try:
        for servers in at_once:
            for server in servers:
                server.expect(servers.count(server))
            responses += await asyncio.gather(*(client.send(server.url, policy) for server in servers))
        return responses
    finally:
        await client.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_the_next_connection_resumes_the_session(version: ssl.TLSVersion, tmp_path: Path) -> None:
    context = server_context()
    context.maximum_version = version
    with resuming(context) as server:
        responses = await fetch(Policy(tls=trusting(tmp_path)), (server,), (server, server, server))
        assert server.resumed == [False, True, True]
        assert len({response.cert_expires for response in responses}) == 1
        assert responses[0].cert_expires > 0


async def test_a_server_that_knows_the_session_no_more_is_not_asked_in_vain(tmp_path: Path) -> None:
    with resuming(server_context(), server_context()) as server:
        await fetch(Policy(tls=trusting(tmp_path)), (server,), (server, server), (server, server, server))
        assert server.resumed == [False, False, True]


async def test_another_port_and_another_run_have_sessions_of_their_own(tmp_path: Path) -> None:
    context, trusted = server_context(), Policy(tls=trusting(tmp_path))
    with resuming(context) as server, resuming(context) as other:  # both would take each other's tickets
        await fetch(trusted, (server,), (other,))
        await fetch(Policy(tls=Tls(verify=False)), (server,))
        await fetch(trusted, (server,))
        assert (server.resumed, other.resumed) == ([False, False, False], [False])


@pytest.mark.parametrize("times", [1, 2])
async def test_a_server_that_refuses_a_session_is_asked_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Behind a load balancer, the next server may be one that answers what it does not know with an alert."""
    shake, refused = TlsStream._shake_hands, 0

    def shake_hands(self: TlsStream) -> bool:
        nonlocal refused
        if self._offered_session and self._received.pending and refused < times:
            refused += 1
            self._transport.close()
            self.connection_lost(ssl.SSLError(1, "[SSL] handshake failure"))
            return False
        return shake(self)

    monkeypatch.setattr(TlsStream, "_shake_hands", shake_hands)
    with resuming(server_context()) as server:
        responses = await fetch(Policy(tls=trusting(tmp_path)), (server,), (server, server))
    assert [response.status for response in responses] == [200, 200, 200]
    assert refused == 1


async def test_a_host_that_refuses_every_session_is_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever other connections offer meanwhile, the outcome is that of the handshake."""

    shake = TlsStream._shake_hands

    def shake_hands(self: TlsStream) -> bool:
        self._offered_session = True
        if self._received.pending:
            self._transport.close()
            self.connection_lost(ssl.SSLError(1, "[SSL] handshake failure"))
            return False
        return shake(self)

    monkeypatch.setattr(TlsStream, "_shake_hands", shake_hands)
    with resuming(server_context()) as server, pytest.raises(TransportError) as caught:
        await fetch(Policy(tls=trusting(tmp_path)), (server,))
    assert caught.value.failure.kind is ErrorKind.TLS


def test_python_refuses_a_session_of_another_context() -> None:
    """An insecure session can never serve a run that verifies, whatever the store would do."""
    server, own = server_context(), make_context(Tls(verify=False))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = own.wrap_bio(to_client, to_server, server_hostname="name.test")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (ours, theirs, ours, theirs):
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    theirs.write(b"x")
    assert ours.read(1) == b"x"
    session = ours.session
    assert session is not None
    assert session.has_ticket
    with pytest.raises(ValueError, match="different SSLContext"):
        make_context(Tls()).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="name.test", session=session)


class Open:
    """An open connection."""

    def __init__(self, session: Any, met_resumption: bool | None = None) -> None:
        self.session, self.met_resumption = session, met_resumption


def test_an_open_connection_is_asked_for_its_session() -> None:
    sessions: Any = TlsSessions()
    assert sessions.find("a") is None
    first = Open("ticket")
    sessions.opened("a", first)
    assert sessions.find("a") == "ticket"
    sessions.ended("a", first)
    assert sessions.find("a") == "ticket"
    second = Open(None, met_resumption=False)  # the server has forgotten it, and has sent no ticket yet
    sessions.opened("a", second)
    sessions.ended("a", first)
    assert sessions.find("a") is None
    second.session = "other"
    assert sessions.find("a") == "other"


def test_few_sessions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_sessions, "MAX_SESSIONS", 2)
    sessions: Any = TlsSessions()
    for key in "abca":
        connection = Open(key)
        sessions.opened(key, connection)
        sessions.find(key)
        sessions.ended(key, connection)
    assert [sessions.find(key) for key in "abc"] == ["a", None, "c"]
