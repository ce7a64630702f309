"""Look names up with c-ares on the event loop: a thread of its own would cost a tenth of the time of a new host."""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

import pycares

from fetchcli.core.errors import UsageError

MAX_WAIT = 1.0  # seconds until c-ares is asked for its timeouts
_NO_SOCKET = pycares.ARES_SOCKET_BAD
_NO_NAME = frozenset({pycares.errno.ARES_ENOTFOUND, pycares.errno.ARES_ENODATA, pycares.errno.ARES_EBADNAME})
# c-ares has no server to ask, so it does not know whether the name exists.
_NO_SERVER = frozenset({pycares.errno.ARES_ECONNREFUSED, pycares.errno.ARES_EFILE, pycares.errno.ARES_ENOTINITIALIZED})


class AresError(Exception):
    """A lookup that failed.

    Attributes:
        reason: one clause for people.
        final: an authority has said that there is no such name, or no address.
        no_name: the name does not exist, in any family (NXDOMAIN).
        no_server: nobody could be asked.
    """

    def __init__(self, code: int) -> None:
        self.reason = str(pycares.errno.strerror(code))
        self.final, self.no_name = code in _NO_NAME, code == pycares.errno.ARES_ENOTFOUND
        self.no_server = code in _NO_SERVER
        super().__init__(self.reason)


class Ares:
    """One c-ares channel; create it inside a running event loop.

    Args:
        servers: ``ADDRESS[:PORT]`` of the DNS servers, or none for those of the system.

    Raises:
        pycares.AresError: c-ares is not available.
        UsageError: c-ares is not available, or a server is malformed.
    """

    def __init__(self, servers: tuple[str, ...] = ()) -> None:
        self._loop = asyncio.get_running_loop()
        self._watched: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        # The loop of Windows cannot watch sockets; there c-ares calls back from a thread.
        self._threaded = sys.platform == "win32"
        self._closed = False
        try:
            self._channel = pycares.Channel(servers=servers, sock_state_cb=None if self._threaded else self._watch)
        except pycares.AresError as error:
            if not servers:
                raise
            raise UsageError(f"--dns-servers: {error.args[-1]}") from None

    def look_up(self, host: str, family: socket.AddressFamily) -> asyncio.Future[tuple[str, ...]]:
        """The addresses of a host in one family; the future raises `AresError`."""
        future: asyncio.Future[tuple[str, ...]] = self._loop.create_future()

        def answered(result: pycares.AddrInfoResult | None, code: int | None) -> None:
            if future.done():  # nobody waits for it any more
                return
            if result is None:
                future.set_exception(AresError(code or pycares.errno.ARES_EFORMERR))
            else:
                future.set_result(tuple(dict.fromkeys(node.addr[0].decode("ascii") for node in result.nodes)))

        def answered_in_thread(result: pycares.AddrInfoResult | None, code: int | None) -> None:
            self._loop.call_soon_threadsafe(answered, result, code)

        callback: Callable[[Any, Any], None] = answered_in_thread if self._threaded else answered
        try:
            self._channel.getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM, callback=callback)
        except (pycares.AresError, UnicodeError):  # a label that is too long, for one
            callback(None, pycares.errno.ARES_EBADNAME)
        return future

    def close(self) -> None:
        """Stop all lookups."""
        self._channel.cancel()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for number in self._watched:
            self._loop.remove_reader(number)
            self._loop.remove_writer(number)
        self._channel.close()

    def _watch(self, number: int, readable: bool, writable: bool) -> None:
        """Watch a socket of c-ares for what it waits for."""
        if self._closed:  # its last words come from a thread
            return
        loop, channel = self._loop, self._channel
        if readable:
            loop.add_reader(number, channel.process_fd, number, _NO_SOCKET)
        else:
            loop.remove_reader(number)
        if writable:
            loop.add_writer(number, channel.process_fd, _NO_SOCKET, number)
        else:
            loop.remove_writer(number)
        (self._watched.add if readable or writable else self._watched.discard)(number)
        if self._watched and self._timer is None:
            self._timer = loop.call_later(self._wait(), self._time_out)

    def _wait(self) -> float:
        seconds: float = self._channel.timeout(MAX_WAIT)  # type: ignore[no-untyped-call]
        return max(0.01, min(seconds, MAX_WAIT))

    def _time_out(self) -> None:
        """Let c-ares ask again, or give up, what has had no answer for too long."""
        self._channel.process_fd(_NO_SOCKET, _NO_SOCKET)
        self._timer = self._loop.call_later(self._wait(), self._time_out) if self._watched else None
