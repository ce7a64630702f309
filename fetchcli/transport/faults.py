"""Every exception of aiohttp, the operating system and TLS -> one `Failure`, in this one place."""

import errno
import os
import ssl

import aiohttp
from aiohttp import http_exceptions

from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.transport.exchange import Exchange

# What this machine ran out of is not the URL's fault.
LOCAL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})


def classify(error: BaseException, exchange: Exchange) -> Failure:
    """Name what went wrong; the phase of the exchange decides where the exception alone cannot.

    `internal` is left for what is no fault of the network: a bug, or this machine out of something.
    """
    if isinstance(error, TransportError):
        return error.failure
    for types, kind in _KINDS:
        # The protocol wraps what its parser raised.
        if isinstance(error, types) or isinstance(error.__cause__, types):
            return Failure(kind, _detail(error, exchange))
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error.os_error, exchange)
    if isinstance(error, (aiohttp.ServerDisconnectedError, OSError)):
        return _cut_off(error, exchange)
    if isinstance(error, aiohttp.ClientPayloadError):
        return _broken_body(error, exchange)
    if isinstance(error, (aiohttp.ClientError, http_exceptions.HttpProcessingError)):
        return Failure(ErrorKind.PROTOCOL, _detail(error, exchange))
    return Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")


# Checked in this order: the special before the general.
_KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], ErrorKind], ...] = (
    ((aiohttp.NonHttpUrlRedirectClientError, aiohttp.InvalidUrlRedirectClientError), ErrorKind.REDIRECT_INVALID),
    (aiohttp.InvalidURL, ErrorKind.INVALID_URL),
    (aiohttp.TooManyRedirects, ErrorKind.REDIRECT_LIMIT),
    (aiohttp.ClientConnectorDNSError, ErrorKind.DNS),
    ((aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch), ErrorKind.TLS),
    ((aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError), ErrorKind.CONNECT),
    (aiohttp.ConnectionTimeoutError, ErrorKind.TIMEOUT_CONNECT),
    (http_exceptions.LineTooLong, ErrorKind.TOO_LARGE),
)


def _not_connected(error: OSError, exchange: Exchange) -> Failure:
    if whatever_the_phase := _tls_or_local(error):
        return whatever_the_phase
    if exchange.connected and exchange.tls:
        return Failure(ErrorKind.TLS, f"{_reason(error)} in the TLS handshake")
    return Failure(ErrorKind.CONNECT, _reason(error))


def _tls_or_local(error: BaseException) -> Failure | None:
    """What an exception says by itself, whichever phase it came in."""
    if isinstance(error, ssl.SSLError):
        return Failure(ErrorKind.TLS, _tls_reason(error))
    if isinstance(error, OSError) and error.errno in LOCAL:
        return Failure(ErrorKind.INTERNAL, f"this machine: {_reason(error)}")
    return None


def _cut_off(error: BaseException, exchange: Exchange) -> Failure:
    """The connection ended, or fell silent, before the response was complete."""
    if isinstance(error, TimeoutError):
        kind = ErrorKind.TIMEOUT_IDLE if exchange.first_byte else ErrorKind.TIMEOUT_TTFB
        return Failure(
            kind if exchange.sent else ErrorKind.TIMEOUT_CONNECT,
            f"no data for as long as --read-timeout allows {exchange.phase}",
        )
    if whatever_the_phase := _tls_or_local(error):
        return whatever_the_phase
    reason = _reason(error) if isinstance(error, OSError) and error.errno else "connection closed"
    if exchange.body_began:
        return Failure(ErrorKind.TRUNCATED, f"{reason} in the body")
    if exchange.first_byte:
        return Failure(ErrorKind.PROTOCOL, f"{reason} before the header section was complete")
    return Failure(ErrorKind.EMPTY if exchange.sent else ErrorKind.CONNECT, f"{reason} {exchange.phase}")


def _broken_body(error: aiohttp.ClientPayloadError, exchange: Exchange) -> Failure:
    cause = error.__cause__
    if isinstance(cause, TimeoutError):
        return _cut_off(cause, exchange)
    return Failure(ErrorKind.TRUNCATED, _detail(cause or error, exchange))


def _detail(error: BaseException, exchange: Exchange) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"name lookup failed: {_reason(error.os_error)}"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _tls_reason(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _tls_reason(error.os_error)
    if isinstance(error, http_exceptions.HttpProcessingError):
        return " ".join(error.message.split()) or "malformed response"
    if isinstance(error, TimeoutError):
        return f"no connection within --connect-timeout ({exchange.phase})"
    return f"{str(error) or type(error).__name__}"


def _tls_reason(error: Exception) -> str:
    """``certificate has expired``, not OpenSSL's whole sentence with its source line."""
    reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
    return str(reason).replace("_", " ").lower() if str(reason).isupper() else str(reason)


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    known = isinstance(number, int) and number in errno.errorcode
    text = os.strerror(number) if known and number is not None else str(getattr(error, "strerror", "") or error)
    if not text:
        return type(error).__name__
    return text[0].lower() + text[1:] if text[1:2].islower() else text
