"""One request and what happened to it: the bytes to send, and when each phase was over."""

from fetchcli.core.urls import HttpUrl
from fetchcli.transport.decode import ACCEPT_ENCODING


class Exchange:
    """One hop: the bytes to send, and when what happened (`time.monotonic`, 0.0 for not at all).

    Attributes:
        head: request line and header section.
        head_received: bytes that came before the header section was complete.
        fresh: take no connection that was used before.
        peer: the address that the request went to.
        reused: the connection had answered another request before.
        tls: the connection is to be secured.
        resolved: the name was looked up.
        connected: TCP was connected.
        secured: TLS was established.
        sent: the request was handed to the socket.
        first_byte: the first byte of the answer came.
        body_began: the header section of the final response was complete.
    """

    __slots__ = (
        "body_began",
        "connected",
        "first_byte",
        "fresh",
        "head",
        "head_received",
        "peer",
        "resolved",
        "reused",
        "secured",
        "sent",
        "tls",
    )

    def __init__(self, url: HttpUrl, user_agent: str, *, fresh: bool = False) -> None:
        authorization = url.authorization
        credentials = f"Authorization: {authorization}\r\n" if authorization else ""
        self.head = (
            f"GET {url.target} HTTP/1.1\r\nHost: {url.authority}\r\nUser-Agent: {user_agent}\r\n"
            f"Accept: */*\r\nAccept-Encoding: {ACCEPT_ENCODING}\r\n{credentials}\r\n"
        ).encode("ascii")
        self.fresh = fresh
        self.tls = url.scheme == "https"
        self.reused = False
        self.head_received = 0
        self.peer = ""
        self.resolved = self.connected = self.secured = self.sent = self.first_byte = self.body_began = 0.0

    @property
    def phase(self) -> str:
        """What was going on last, for messages."""
        if not self.sent:
            if self.connected and self.tls:
                return "in the TLS handshake"
            return "while connecting" if self.resolved else "while looking the name up"
        if not self.first_byte:
            return "while waiting for the first byte"
        return "in the body" if self.body_began else "in the header section"
