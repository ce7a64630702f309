"""Valid responses, mutated, over a real socket: never `internal`, never a hang, one outcome each."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy, Redirects, Timeouts
from fetchcli.core.url.parse import parse_url
from fetchcli.run.transports import make_transport
from tests.support.faults import CATALOGUE

SEEDS = sorted(
    {fault.reply for name, fault in CATALOGUE.items() if not name.startswith("malformed") and len(fault.reply) < 2000}
)
# What a mutation may put in: the bytes that decide something.
TOKENS = st.sampled_from(
    [
        *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b":", b" ", b"\t", b",", b";", b"0", b"1", b"f", b"-", b"\xff"),
        *(b"5\r\n", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"),
        *(b"Content-Encoding: br\r\n", b"Location: /\r\n", b"Location: http://[\r\n", b"Connection: close\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ]
)
Mutation = tuple[float, int, bytes]
MUTATIONS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.one_of(TOKENS, st.binary(max_size=4))), min_size=1, max_size=6
)
KINDS = set(ErrorKind) - {ErrorKind.INTERNAL, ErrorKind.INVALID_URL, ErrorKind.INVALID_ROW, ErrorKind.CANCELLED}


class Server:
    """Answers every request with `reply`, sent in `pieces` pieces, and closes."""

    def __init__(self) -> None:
        self.reply, self.pieces = b"", 1
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(65536)
                step = max(len(self.reply) // self.pieces, 1)
                for start in range(0, len(self.reply), step):
                    connection.sendall(self.reply[start : start + step])
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)


class Client:
    """A transport in a loop of its own."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._policy = Policy(timeouts=Timeouts(total=20.0), redirects=Redirects(limit=2))

    def fetch(self, url: str) -> Response | ErrorKind:
        return self._runner.run(self._fetch(url))

    async def _fetch(self, url: str) -> Response | ErrorKind:
        transport = make_transport(self._policy, "fetchcli-test")
        try:
            return await transport.send(parse_url(url), self._policy)
        except TransportError as error:
            return error.failure.kind
        finally:
            await transport.close()

    def close(self) -> None:
        self._runner.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SEEDS), MUTATIONS, st.sampled_from([1, 2, 50]))
def test_a_mutated_response_is_one_outcome(
    server: Server, client: Client, seed: bytes, mutations: list[Mutation], pieces: int
) -> None:
    mutated = bytearray(seed)
    for place, removed, put in mutations:
        at = round(place * len(mutated))
        mutated[at : at + removed] = put
    server.reply, server.pieces = bytes(mutated), pieces
    outcome = client.fetch(server.url)
    assert isinstance(outcome, Response) or outcome in KINDS
    assert outcome is not ErrorKind.TIMEOUT_TOTAL, "a hang"
