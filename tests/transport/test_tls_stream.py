"""TLS through memory buffers: every byte that was authenticated arrives, whatever ends the connection."""

import asyncio
import hashlib
import random
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fetchcli.core.errors import ErrorKind, Failure, Remedy, TransportError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Network, Policy, Timeouts, Tls
from fetchcli.core.network.overrides import parse_detour
from fetchcli.core.url.parse import parse_url
from fetchcli.run.transports import make_transport
from fetchcli.transport.aiohttp.exchange import MAX_PENDING
from fetchcli.transport.aiohttp.hop import AiohttpHops
from fetchcli.transport.base import HopRequest, SharedFields
from fetchcli.transport.tls_sessions import TlsSessions
from fetchcli.transport.tls_stream import TlsStream
from tests.support.certificates import authority, server_context, trusting
from tests.support.recorder import recorder
from tests.transport.conftest import Sender, eventually

RAW = random.Random(1).randbytes(20_000_000)
CLOSE = "Connection: close\r\n"


def framed(framing: str, body: bytes) -> bytes:
    """A response with this body, in one of six framings."""
    more = CLOSE if framing.endswith("close") else ""
    if framing.startswith("length"):
        return f"HTTP/1.1 200 OK\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body
    if framing.startswith("chunked"):
        head = f"HTTP/1.1 200 OK\r\n{more}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode()
        return head + body + b"\r\n0\r\n\r\n"
    return (
        b"HTTP/1.0 200 OK\r\n\r\n" if framing == "http10" else b"HTTP/1.1 200 OK\r\n" + CLOSE.encode() + b"\r\n"
    ) + body


FRAMINGS = ("length", "length-close", "chunked", "chunked-close", "until-close", "http10")


class BodyServer:
    """Serves ``/FRAMING/SIZE`` over TLS, and never says close_notify."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        with suppress(OSError):
            raw.settimeout(60)
            connection = self._context.wrap_socket(raw, server_side=True)
            kept = True
            with connection:
                while kept:
                    request = b""
                    while b"\r\n\r\n" not in request:
                        if not (data := connection.recv(65536)):
                            return
                        request += data
                    _, framing, size = request.split(b" ")[1].decode().split("/")
                    response = memoryview(framed(framing, RAW[: int(size)]))
                    for start in range(0, len(response), 262_144):
                        connection.sendall(response[start : start + 262_144])
                        self.sent += len(response[start : start + 262_144])
                    kept = framing in ("length", "chunked")


@contextmanager
def body_server() -> Iterator[BodyServer]:
    server = BodyServer(server_context())
    try:
        yield server
    finally:
        server.close()


def sizes(count: int) -> list[int]:
    """Mostly small ones, some large, one of 20 MB."""
    chosen = random.Random(2)
    large = [len(RAW)] + [chosen.randrange(1_000_000, 5_000_000) for _ in range(5)]
    return large + [int(10 ** chosen.uniform(0, 5)) for _ in range(count - len(large))]


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_body_is_whole(loop: Callable[[], asyncio.AbstractEventLoop], framing: str, tmp_path: Path) -> None:
    """2,000 bodies of 1 B to 20 MB on each event loop."""
    digests: dict[int, str] = {}

    async def fetch(server: BodyServer) -> list[str]:
        transport = make_transport(Policy(tls=trusting(tmp_path)))
        slots = asyncio.Semaphore(8)

        async def one(size: int) -> str:
            async with slots:
                try:
                    response = await transport.send(parse_url(f"{server.url}/{framing}/{size}"), Policy())
                except TransportError as error:
                    return str(error)
                if size not in digests:
                    digests[size] = hashlib.sha256(RAW[:size]).hexdigest()
                whole = (response.size_decoded, response.sha256) == (size, digests[size])
                verified = response.length_verified is framing.startswith(("length", "chunked"))
                return "" if whole and verified else f"{response.size_decoded} of {size} bytes"

        found = await asyncio.gather(*map(one, sizes(334)))
        await transport.close()
        return [problem for problem in found if problem]

    with body_server() as server, asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(fetch(server)) == []


@pytest.mark.parametrize("framing", ["length-close", "until-close"])
async def test_a_reader_that_waits_stops_the_sender_and_loses_nothing(tmp_path: Path, framing: str) -> None:
    hops = AiohttpHops(Policy(tls=trusting(tmp_path)))
    with body_server() as server:
        url = parse_url(f"{server.url}/{framing}/{len(RAW)}")
        hop = hops.hop(HopRequest(url=url, method="GET", host=url.authority, shared=SharedFields(())), Timeouts())
        await hop.open()
        await eventually(lambda: hop.paused)
        held = hop.received
        assert MAX_PENDING < held < 4 * MAX_PENDING
        for _ in range(100):
            await asyncio.sleep(0)
        assert hop.received == held, "nothing is read while the reader waits"
        assert server.sent < len(RAW)
        digest = hashlib.sha256()
        while piece := await hop.read():
            digest.update(piece)
        assert digest.digest() == hashlib.sha256(RAW).digest()
        hop.close()
    await hops.close()


def connected(
    stream: TlsStream, server: ssl.SSLObject, bios: tuple[ssl.MemoryBIO, ssl.MemoryBIO], wire: list[bytes]
) -> None:
    """Shake hands with a server in memory."""
    incoming, outgoing = bios
    while not stream.get_protocol().made:  # type: ignore[attr-defined]
        incoming.write(b"".join(wire))
        wire.clear()
        with suppress(ssl.SSLWantReadError):
            server.do_handshake()
        stream.data_received(outgoing.read())


class Above(asyncio.Protocol):
    """The protocol above a stream."""

    def __init__(self) -> None:
        self.made = False
        self.received = b""
        self.lost: list[BaseException | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made = True

    def data_received(self, data: bytes) -> None:
        self.received += data

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost.append(exc)


class Below(asyncio.Transport):
    """The transport below a stream: keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.wire: list[bytes] = []
        self.ended = ""

    def write(self, data: Any) -> None:
        self.wire.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


async def streams() -> tuple[TlsStream, Above, Below, ssl.SSLObject, ssl.MemoryBIO]:
    """A stream whose handshake is done, and the server's side of it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context().wrap_bio(incoming, outgoing, server_side=True)
    above, below = Above(), Below()
    context = ssl.create_default_context()
    authority().configure_trust(context)
    stream = TlsStream(context, "name.test", above, "peer", TlsSessions())
    stream.connection_made(below)
    while not above.made:
        incoming.write(b"".join(below.wire))
        below.wire.clear()
        with suppress(ssl.SSLWantReadError):
            server.do_handshake()
        stream.data_received(outgoing.read())
    await stream.handshake()
    incoming.write(b"".join(below.wire))
    below.wire.clear()
    server.do_handshake()
    return stream, above, below, server, outgoing


async def test_what_tls_does_not_take_at_once_is_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a renegotiation a write must wait for the server."""
    stream, _, below, server, outgoing = await streams()

    class Busy:
        def write(self, _: object) -> int:
            raise ssl.SSLWantReadError

    tls = stream._tls
    monkeypatch.setattr(stream, "_tls", Busy())
    stream.write(b"hello ")
    assert (stream.get_write_buffer_size(), below.wire) == (6, [])
    monkeypatch.setattr(stream, "_tls", tls)
    server.write(b"go on")
    stream.data_received(outgoing.read())
    assert stream.get_write_buffer_size() == 0
    stream.writelines([b"wor", b"ld"])
    assert len(below.wire) == 2


async def test_close_notify_ends_the_stream_after_what_came_before_it() -> None:
    stream, above, below, server, outgoing = await streams()
    server.write(b"the last words")
    with suppress(ssl.SSLWantReadError):
        server.unwrap()
    stream.data_received(outgoing.read())
    assert (above.received, below.ended) == (b"the last words", "closed")
    stream.connection_lost(None)
    stream.connection_lost(None)
    stream.data_received(b"too late")
    assert above.lost == [None]


async def test_a_handshake_that_is_given_up_closes_the_connection() -> None:
    below = Below()
    stream = TlsStream(ssl.create_default_context(), "name.test", Above(), "peer", TlsSessions())
    stream.connection_made(below)
    task = asyncio.create_task(stream.handshake())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert below.ended == "aborted"


async def test_what_the_transport_below_is_asked() -> None:
    stream, above, _, _, _ = await streams()
    assert stream.get_extra_info("ssl_object") is stream._tls
    assert stream.get_extra_info("peercert")["subjectAltName"]
    other = Above()
    stream.set_protocol(other)
    assert stream.get_protocol() is other is not above


@pytest.mark.parametrize("names", [[], [x509.RFC822Name("name.test@name.test")]])
async def test_20_a_certificate_without_a_host_name_in_subjectaltname_is_refused(
    sender: Sender, tmp_path: Path, names: list[x509.GeneralName]
) -> None:
    """The subject names the host, which RFC 9525 gives no meaning."""
    tls, context = certified("name.test", names, tmp_path)
    with recorder(context=context) as server:
        network = Network(detours=(parse_detour(f"::127.0.0.1:{server.port}"),))
        failure = await sender(Policy(network=network, tls=tls))("https://name.test/")
        assert isinstance(failure, Failure)
        assert failure.kind is ErrorKind.TLS
        assert failure.detail == "the certificate has no host name in subjectAltName"
        assert failure.remote_ip == "127.0.0.1"
        assert server.requests == []


def certified(subject: str, names: list[x509.GeneralName], folder: Path) -> tuple[Tls, ssl.SSLContext]:
    """A self-signed certificate that is its own authority, and the options that trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return Tls(cacert=str(folder / "cert.pem")), context


BEFORE = {"length": framed("length", b"x" * 1000), "chunked": framed("chunked", b"hello")}
AFTER = {
    "plain HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a plain alert": bytes([21, 3, 3, 0, 2, 2, 80]),
    "zeros": bytes(40),
    "a bad record": bytes([23, 3, 3, 0, 20]) + bytes(20),
    "half a record": bytes([23, 3, 3, 0, 20, 1]),
}


@contextmanager
def broken_after(before: bytes, after: bytes) -> Iterator[str]:
    """A server that sends a response and broken TLS in one segment."""
    context, listener = server_context(), socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                raw = listener.accept()[0]
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                tls = context.wrap_bio(incoming, outgoing, server_side=True)

                def step(call: Callable[..., Any], *arguments: object) -> Any:
                    while True:
                        try:
                            return call(*arguments)
                        except ssl.SSLWantReadError:
                            raw.sendall(outgoing.read())  # noqa: B023 - called before the next turn
                            incoming.write(raw.recv(65536))  # noqa: B023

                with raw:
                    step(tls.do_handshake)
                    step(tls.read, 65536)
                    tls.write(before)
                    raw.sendall(outgoing.read() + after)
                    raw.settimeout(60)
                    raw.recv(100)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.close()


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("before", BEFORE)
async def test_a_complete_answer_stays_complete(sender: Sender, before: str, after: str) -> None:
    with broken_after(BEFORE[before], AFTER[after]) as url:
        response = await sender(Policy(tls=Tls(verify=False)))(url)
        assert isinstance(response, Response), response


async def test_a_broken_record_inside_an_answer_is_a_failure(sender: Sender) -> None:
    with broken_after(BEFORE["length"][:-1], AFTER["a bad record"]) as url:
        failure = await sender(Policy(tls=Tls(verify=False)))(url)
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.remedy) == (ErrorKind.TRUNCATED, Remedy.LATER)
        assert failure.detail.endswith(" in the body")
        assert (failure.timings.appconnect > 0, failure.remote_ip) == (True, "127.0.0.1")
