"""Classify every exception of the operating system and TLS as a `Failure`."""

import errno
import os
import ssl

from fetchcli.core.errors import ErrorKind, Failure, Remedy, TransportError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.transport.aiohttp.exchange import Exchange

# A lack of resources on this machine is not the URL's fault.
_NUMBERS = lazy_pattern(r"\[Errno (\d+)\]")
LOCAL_ERRNOS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})

RESET_ERRNOS = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})


class ConnectionEndedError(OSError):
    """The server has closed the connection in good order."""


def classify(error: BaseException, exchange: Exchange) -> Failure:
    """Classify an exception; the phase of the exchange decides where the exception alone cannot.

    `internal` is left for what is not the network's fault: a bug, or a resource of this machine.
    """
    if isinstance(error, TransportError):
        return error.failure
    if isinstance(error, ssl.SSLError):
        reason = _tls_reason(error)
        # After the handshake, an alert is the server's refusal (of a client certificate); the rest is damage.
        damaged = exchange.sent and "ALERT" not in str(getattr(error, "reason", ""))
        if damaged and exchange.first_byte:
            return _cut_off(error, exchange, reason)
        return Failure(ErrorKind.TLS, reason, remedy=Remedy.LATER if damaged else Remedy.NONE)
    if isinstance(error, OSError) and (error.errno in LOCAL_ERRNOS or _only_local_errors(error)):
        # Ports can run out, too, but an unavailable address may also belong to a network that does not exist.
        remedy = Remedy.LATER if error.errno == errno.EADDRNOTAVAIL else Remedy.LESS
        return Failure(ErrorKind.INTERNAL, f"this machine: {_reason(error)}", remedy=remedy)
    if isinstance(error, OSError):
        return _cut_off(error, exchange)
    return Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")


def _only_local_errors(error: OSError) -> bool:
    """Whether an error without a number reports several, all of this machine (Happy Eyeballs)."""
    numbers = [int(number) for number in _NUMBERS.findall(str(error))] if error.errno is None else []
    return bool(numbers) and LOCAL_ERRNOS.issuperset(numbers)


def _cut_off(error: BaseException, exchange: Exchange, reason: str = "") -> Failure:
    """There is no connection, or it ended before the response was complete."""
    reason = reason or (_reason(error) if isinstance(error, OSError) and error.args else "connection closed")
    if not exchange.sent:
        if exchange.connected and exchange.route.scheme == "https":
            return Failure(ErrorKind.TLS, f"{reason} in the TLS handshake", remedy=Remedy.LATER)
        return Failure(ErrorKind.CONNECT, reason, remedy=Remedy.LATER)
    if exchange.reader.head is not None:
        return Failure(ErrorKind.TRUNCATED, f"{reason} in the body", remedy=Remedy.LATER)
    if exchange.first_byte:
        detail = f"{reason} before the header section was complete"
        return Failure(ErrorKind.TRUNCATED, detail, remedy=Remedy.LATER)
    kind = ErrorKind.RESET if isinstance(error, OSError) and error.errno in RESET_ERRNOS else ErrorKind.EMPTY
    return Failure(kind, f"{reason} {exchange.phase}", remedy=Remedy.LATER)


def _tls_reason(error: ssl.SSLError) -> str:
    """``certificate has expired`` instead of OpenSSL's whole sentence."""
    reason = str(getattr(error, "verify_message", "") or getattr(error, "reason", "") or error)
    return reason.replace("_", " ").lower() if reason.isupper() else reason


def _reason(error: OSError) -> str:
    number = error.errno or 0
    text = os.strerror(number) if number in errno.errorcode else str(error.strerror or error)
    return text[0].lower() + text[1:] if text[1:2].islower() else text
