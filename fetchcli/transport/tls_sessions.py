"""TLS sessions of earlier connections, so that the next one to the same host costs a third (RFC 8446 section 2.2)."""

import ssl
from collections import OrderedDict
from collections.abc import Hashable

MAX_SESSIONS = 2_000  # some 4 KB each
PER_PEER = 4  # sessions of one host that are kept


class TlsSessions:
    """Keeps sessions, those that were used the longest ago fewest; each is used once (RFC 8446 appendix C.4).

    The key holds all that a session must agree in: the context (authorities, client certificate, whether anything
    is verified), the name that was verified, and the port.
    """

    def __init__(self) -> None:
        self._by_key: OrderedDict[Hashable, list[ssl.SSLSession]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def take(self, key: Hashable) -> ssl.SSLSession | None:
        """The newest session, which is then no longer kept; None if there is none."""
        kept = self._by_key.get(key)
        if kept is None:
            return None
        self._count -= 1
        session = kept.pop()
        if not kept:
            del self._by_key[key]
        return session

    def add(self, key: Hashable, session: ssl.SSLSession) -> None:
        """Keep a session."""
        kept = self._by_key.setdefault(key, [])
        self._by_key.move_to_end(key)
        kept.append(session)
        if len(kept) > PER_PEER:
            del kept[0]
            return
        self._count += 1
        if self._count > MAX_SESSIONS:
            _, oldest = self._by_key.popitem(last=False)
            self._count -= len(oldest)
