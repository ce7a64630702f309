"""TLS over any asyncio transport, through memory buffers.

The TLS of uvloop loses the end of a body if the connection ends while reading is paused, and asyncio's loses
what it decrypted if a broken record follows in the same segment. Here every byte that was authenticated reaches
the protocol, whatever comes after it; and pausing stops the socket below, so that its end is seen last.
"""

import asyncio
import ssl
from collections.abc import Hashable
from ipaddress import ip_address
from typing import Any, cast

from fetchcli.transport.tls_sessions import TlsSessions

MAX_RECORD = 16 * 1024  # bytes of one TLS record (RFC 8446 section 5.1)


class ResumptionError(Exception):
    """A handshake failed that offered a session; without it may be fine.

    Attributes:
        reason: the error.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class TlsStream(asyncio.Transport, asyncio.Protocol):
    """The client's side of one TLS connection: the protocol of the transport below, and the transport of the one above.

    An end of the connection without close_notify is an end like any other (curl does the same): only framing
    proves a body complete.

    Args:
        context: the settings of TLS.
        hostname: for SNI, and for the certificate if the context verifies it.
        protocol: the protocol above; its ``connection_made`` is called once the handshake is done.
        peer: what sessions are shared by, besides these.
        sessions: the sessions of the run; one of an open connection to the same host is resumed.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        hostname: str,
        protocol: asyncio.Protocol,
        peer: Hashable,
        sessions: TlsSessions,
    ) -> None:
        super().__init__()
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._key, self._sessions = (context, hostname, peer), sessions
        session = sessions.find(self._key)
        self._tls = context.wrap_bio(self._received, self._to_send, server_hostname=hostname, session=session)
        self._offered_session = session is not None
        self._requires_name = context.check_hostname and not is_address(hostname)
        self._certificate: dict[str, Any] = {}
        self._protocol = protocol
        self._open = self._ended = False
        self._transport: asyncio.Transport
        self._unsent = b""  # what TLS does not take in the middle of a renegotiation
        self._established: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # It may fail before it is awaited.
        self._established.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def handshake(self) -> None:
        """Wait for the end of the handshake.

        Raises:
            ResumptionError: it failed, and offered a session, which is dropped.
            OSError: it failed; `ssl.SSLError` if TLS is the cause.
        """
        try:
            await self._established
        except OSError as error:
            if self._offered_session:
                self._sessions.drop(self._key)
                raise ResumptionError(error) from error
            raise
        except asyncio.CancelledError:
            self._transport.abort()
            raise

    @property
    def met_resumption(self) -> bool | None:
        """See `tls_sessions.Resumable`."""
        return bool(self._tls.session_reused) if self._offered_session else None

    @property
    def session(self) -> ssl.SSLSession | None:
        """See `tls_sessions.Resumable`; in TLS 1.3 the server sends the ticket after the handshake."""
        session = self._tls.session
        is_resumable = session is not None and (session.has_ticket or self._tls.version() != "TLSv1.3")
        return session if is_resumable else None

    # The protocol of the transport below.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._shake_hands()

    def data_received(self, data: bytes) -> None:
        """Decrypt a segment, and hand over what it contains."""
        if not self._ended:
            self._received.write(data)
            if self._open or self._shake_hands():
                self._hand_over()

    def eof_received(self) -> None:
        """The transport closes itself; what it has not sent by now is not wanted."""
        self._end_below()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Pass the end of the connection on, once."""
        if self._ended:
            return
        self._ended = True
        self._sessions.ended(self._key, self)
        if self._open:
            self._protocol.connection_lost(exc if isinstance(exc, Exception) else None)
        elif not self._established.done():
            self._established.set_exception(exc or ConnectionResetError("connection closed"))

    def _shake_hands(self) -> bool:
        """Continue the handshake; True when it is done."""
        try:
            self._tls.do_handshake()
            self._check_certificate()
        except ssl.SSLWantReadError:
            self._send()
        except ssl.SSLError as error:
            self._send()  # the alert
            self._transport.close()
            self.connection_lost(error)
        else:
            self._send()
            self._open = True
            self._sessions.opened(self._key, self)
            if not self._established.done():
                self._established.set_result(None)
            self._protocol.connection_made(self)
        return self._open

    def _check_certificate(self) -> None:
        """Refuse a certificate that names the host only in its subject (RFC 9525 section 2)."""
        problem = ""
        try:
            self._certificate = dict(self._tls.getpeercert() or {})
        except ValueError:
            problem = "the certificate contains text that is not UTF-8"
        if not problem and self._requires_name and "DNS" not in dict(self._certificate.get("subjectAltName", ())):
            problem = "the certificate has no host name in subjectAltName"
        if problem:
            error = ssl.SSLCertVerificationError(problem)
            error.verify_message = problem
            raise error

    def _hand_over(self) -> None:
        """Hand decrypted bytes to the protocol above, all that came before an error first."""
        pieces: list[bytes] = []
        error: ssl.SSLError | None = None
        closed = False
        try:
            while piece := self._tls.read(MAX_RECORD):
                pieces.append(piece)
            closed = True  # by close_notify
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as raised:
            error = raised
        if pieces:
            self._protocol.data_received(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        if error is not None:
            self._transport.abort()
            self.connection_lost(error)
        elif closed:
            self._end_below()
        elif self._unsent:
            self._encrypt(b"")
        elif self._to_send.pending:  # an answer of TLS itself, as to a key update
            self._send()

    def _end_below(self) -> None:
        if self.get_write_buffer_size():  # closing would wait for a server that reads no more
            self._transport.abort()
        else:
            self._transport.close()

    # The transport of the protocol above.

    def write(self, data: Any) -> None:
        """Encrypt and send."""
        self._encrypt(data)

    def writelines(self, list_of_data: Any) -> None:
        """Encrypt and send in one go."""
        self._encrypt(b"".join(list_of_data))

    def _encrypt(self, data: Any) -> None:
        view = memoryview(self._unsent + data if self._unsent else data)
        try:
            while view:
                view = view[self._tls.write(view) :]
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:  # the protocol hears of it from what is read
            view = view[:0]
        self._unsent = bytes(view)
        self._send()

    def _send(self) -> None:
        if self._to_send.pending:
            self._transport.write(self._to_send.read())

    def get_write_buffer_size(self) -> int:
        """Bytes that the socket has not taken yet."""
        return self._transport.get_write_buffer_size() + len(self._unsent)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """``ssl_object``, ``peercert``, and what the transport below knows."""
        if name == "ssl_object":
            return self._tls
        return self._certificate if name == "peercert" else self._transport.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Replace the protocol above."""
        self._protocol = cast("asyncio.Protocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """The protocol above."""
        return self._protocol

    def pause_reading(self) -> None:
        """Stop reading from the socket."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read from the socket again."""
        self._transport.resume_reading()

    def is_closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close once everything is sent; a close_notify is not waited for."""
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
