"""TLS sessions of open connections, so that the next one to the same host makes a shorter handshake.

A connection is asked for its session only when another one to its host is made: Python copies sessions, which
takes a quarter of a handshake and 15 KB, and most hosts of a long list are met once.
"""

import ssl
from collections import OrderedDict
from collections.abc import Hashable
from typing import Protocol

MAX_SESSIONS = 500


class Resumable(Protocol):
    """A connection whose session may be resumed.

    Attributes:
        met_resumption: whether the server took the session that it was offered; None if it was offered none.
        session: what can be resumed, or None.
    """

    @property
    def met_resumption(self) -> bool | None: ...  # noqa: D102
    @property
    def session(self) -> ssl.SSLSession | None: ...  # noqa: D102


class TlsSessions:
    """The sessions of a run, bounded.

    The key holds all that a session must agree in: the context (authorities, client certificate, whether anything
    is verified), the name that was verified, the port, and the way there. A session serves several connections: what
    RFC 8446 appendix C.4 has against that, that observers can link them, their common address gives away.
    """

    def __init__(self) -> None:
        self._open: dict[Hashable, Resumable] = {}  # the newest connection
        self._sessions: OrderedDict[Hashable, ssl.SSLSession] = OrderedDict()

    def find(self, key: Hashable) -> ssl.SSLSession | None:
        """A session, or None if none is kept and the newest connection to there has none or has ended."""
        session = self._sessions.get(key)
        if session is None and key in self._open and (session := self._open[key].session):
            self._sessions[key] = session
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        elif session is not None:
            self._sessions.move_to_end(key)
        return session

    def opened(self, key: Hashable, connection: Resumable) -> None:
        """The handshake of a connection is done."""
        if connection.met_resumption is False:  # the server no longer knows it
            self.drop(key)
        self._open[key] = connection

    def drop(self, key: Hashable) -> None:
        """Forget a session that the server did not take, and the connection that it is from."""
        self._sessions.pop(key, None)
        self._open.pop(key, None)

    def ended(self, key: Hashable, connection: Resumable) -> None:
        """A connection has ended."""
        if self._open.get(key) is connection:
            del self._open[key]
