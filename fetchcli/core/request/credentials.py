"""Credentials that are not a header: digest logins and ``.netrc``."""

from base64 import b64encode

import msgspec

from fetchcli.core.request.redaction import Redactor


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A name and a password."""

    name: str
    password: str

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret parts: the password (of a login without one the name), and both as Basic writes them."""
        return (self.password or self.name, self.basic.partition(" ")[2])

    @property
    def basic(self) -> str:
        """Value of a Basic Authorization field (RFC 7617)."""
        return "Basic " + b64encode(f"{self.name}:{self.password}".encode("utf-8", "surrogateescape")).decode("ascii")


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials besides those of the request.

    Attributes:
        machines: Basic logins by host.
        default: Basic login for other hosts; not used after a redirect.
        digest: login for digest challenges (RFC 7616), or None.
        netrc: the file that the machines were read from, or None.
        redactor: replaces the secrets of the run in what is shown, and those of each row; None to show them.
    """

    machines: dict[str, Login] = {}
    default: Login | None = None
    digest: Login | None = None
    netrc: str | None = None
    redactor: Redactor | None = None

    def authorization(self, host: str, *, redirected: bool) -> str:
        """Value of the Authorization field for a host, or empty."""
        login = self.machines.get(host) or (None if redirected else self.default)
        return login.basic if login is not None else ""
