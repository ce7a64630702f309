"""Build TLS contexts."""

import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from fetchcli.core.errors import UsageError
from fetchcli.core.model.policy import Tls, TlsVersion
from fetchcli.transport.certificates import trusting_context

T = TypeVar("T")
_VERSIONS = {TlsVersion.V1_2: ssl.TLSVersion.TLSv1_2, TlsVersion.V1_3: ssl.TLSVersion.TLSv1_3}


def make_context(tls: Tls) -> ssl.SSLContext:
    """The TLS context for all connections of a run.

    Raises:
        UsageError: a file cannot be read or has the wrong content.
    """
    if tls.cacert is None:
        context = trusting_context()
    else:
        context = _load("--cacert", tls.cacert, lambda: ssl.create_default_context(cafile=tls.cacert))
    context.minimum_version = _VERSIONS[tls.minimum]
    context.set_alpn_protocols(("http/1.1",))
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    cert = tls.cert
    if cert is not None:
        key = tls.key if tls.key is not None else cert
        _load("--cert", cert, lambda: context.load_cert_chain(cert, key, _no_password))
    return context


@lru_cache(maxsize=1)
def default_context() -> ssl.SSLContext:
    """The TLS context where no option says anything; made when it is first needed."""
    return make_context(Tls())


def _load(option: str, path: str, load: Callable[[], T]) -> T:
    try:
        return load()
    except _PasswordNeededError:
        raise UsageError(f"{option} {path}: the key is encrypted; decrypt it first (openssl pkey)") from None
    except ssl.SSLError as error:
        reason = str(error.reason or error).replace("_", " ").lower()
        raise UsageError(f"{option} {path}: not valid PEM: {reason}") from None
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from None


class _PasswordNeededError(Exception):
    """OpenSSL would prompt at the terminal."""


def _no_password() -> str:
    raise _PasswordNeededError
