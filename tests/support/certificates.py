"""An authority of our own, and servers that hold its certificates."""

import ssl
from functools import lru_cache
from pathlib import Path

import trustme

from fetchcli.core.model.policy import Tls


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """The context of a server at 127.0.0.1 and name.test, or with another certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (certificate or authority().issue_cert("127.0.0.1", "name.test")).configure_cert(context)
    return context


def trusting(folder: Path) -> Tls:
    """Options that trust the authority."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return Tls(cacert=str(path))
