"""Tell apart requests for one URL that may be answered by different representations (RFC 9110 section 12)."""

from collections.abc import Iterable
from hashlib import blake2b

from fetchcli.core.request.credentials import Credentials
from fetchcli.core.request.secrets import secret_parts

# Headers that say who asks, not what for.
_IGNORED = frozenset(("user-agent", "referer", "from", "connection", "dnt"))
_SECRET_BYTES = 2  # of the hash of a secret: enough to notice another one, too few to find it out


def variant_of(headers: Iterable[tuple[str, str]], credentials: Credentials) -> str:
    """A hash of the headers and credentials of a request that its answer may depend on; empty if there are none."""
    fields = [
        (name.lower(), _short_hash(value) if secret_parts(name, value) else value)
        for name, value in headers
        if name.lower() not in _IGNORED
    ]
    logins = (credentials.default, credentials.digest)
    fields += [("login", _short_hash(f"{login.name}:{login.password}")) for login in logins if login is not None]
    return blake2b(repr(sorted(fields)).encode("utf-8", "surrogatepass"), digest_size=4).hexdigest() if fields else ""


def _short_hash(secret: str) -> str:
    return blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=_SECRET_BYTES).hexdigest()
