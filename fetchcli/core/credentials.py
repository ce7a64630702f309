"""Who asks, where that is not said by a header: digest logins, and the machines of a ``.netrc``."""

from base64 import b64encode

import msgspec


class Login(msgspec.Struct, frozen=True):
    """A name and a password."""

    name: str
    password: str

    @property
    def basic(self) -> str:
        """The value of an Authorization field (RFC 7617)."""
        return "Basic " + b64encode(f"{self.name}:{self.password}".encode("utf-8", "surrogateescape")).decode("ascii")


class Credentials(msgspec.Struct, frozen=True):
    """What is known besides the request.

    Attributes:
        machines: logins by host, for Basic.
        default: the login for hosts that are not named; no redirect leads to it.
        digest: the login that answers challenges (RFC 7616), or None.
        netrc: the file that the machines came from, or None.
    """

    machines: dict[str, Login] = {}
    default: Login | None = None
    digest: Login | None = None
    netrc: str | None = None

    def authorization(self, host: str, *, redirected: bool) -> str:
        """The Authorization field for a host, or nothing."""
        login = self.machines.get(host) or (None if redirected else self.default)
        return login.basic if login is not None else ""
