"""A small scripted DNS server over UDP."""

import ipaddress
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

# A name -> the addresses to answer with; none is NXDOMAIN, None is silence.
Script = Callable[[str], tuple[str, ...] | None]
A, AAAA = 1, 28
SERVFAIL = 2


class DnsServer:
    """Answers A and AAAA as scripted.

    Attributes:
        families: what a family says instead of the script: None is silence, a number a response code.
        delays: seconds before the answers of a family.
        ttl: seconds for which answers may be kept.
        asked: name and type of every query, in the order they came.
        place: ``ADDRESS:PORT``.
    """

    def __init__(self, script: Script, address: str = "127.0.0.1", port: int = 0) -> None:
        self._script = script
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, port))
        self.families: dict[int, int | None] = {}
        self.delays: dict[int, float] = {}
        self.ttl = 0
        self.asked: list[tuple[str, int]] = []
        self.place = f"{address}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                query, sender = self._socket.recvfrom(4096)
                if (answer := self._answer(query)) is not None:
                    threading.Timer(self.delays.get(self.asked[-1][1], 0.0), self._send, (answer, sender)).start()
            except OSError:
                return

    def _send(self, answer: bytes, sender: object) -> None:
        with suppress(OSError):  # it was closed meanwhile
            self._socket.sendto(answer, sender)  # type: ignore[call-overload]

    def _answer(self, query: bytes) -> bytes | None:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question, (kind,) = query[12 : at + 5], struct.unpack("!H", query[at + 1 : at + 3])
        name = ".".join(labels).lower()
        self.asked.append((name, kind))
        addresses = self._script(name)
        if addresses is None or self.families.get(kind, 0) is None:
            return None
        if code := self.families.get(kind):
            return query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 0, 0, 0) + question
        records = b""
        count = 0
        for text in addresses:
            address = ipaddress.ip_address(text)
            if kind == (A if address.version == 4 else AAAA):
                records += struct.pack("!HHHIH", 0xC00C, kind, 1, self.ttl, len(address.packed)) + address.packed
                count += 1
        status = 0 if addresses else 3
        return query[:2] + struct.pack("!HHHHH", 0x8180 | status, 1, count, 0, 0) + question + records


@contextmanager
def dns_server(script: Script | Mapping[str, tuple[str, ...] | None]) -> Iterator[DnsServer]:
    server = DnsServer(script if callable(script) else lambda name: script.get(name, ()))
    try:
        yield server
    finally:
        server.close()
