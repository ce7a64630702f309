"""Attempts without the secrets that a server echoed."""

from base64 import b64decode

import msgspec

from fetchcli.core.errors import Failure
from fetchcli.core.model.attempt import Attempt, FailedCheck
from fetchcli.core.model.target import Target
from fetchcli.core.request.redaction import Redactor
from fetchcli.core.request.secrets import secret_parts

BASIC = "Basic "


def row_secrets(row: Target) -> list[str]:
    """The secrets that a row brings: the credentials in its URL, and headers whose names speak of secrets."""
    secrets = [] if not row.url.authorization else _of_basic(row.url.authorization)
    if row.request is None or row.row_request is None:
        return secrets
    own = {name for name, _ in row.row_request.headers}
    for name, value in row.request.headers:  # where references to the environment are expanded
        parts = secret_parts(name, value) if name in own else []
        secrets += _of_basic(value) if parts and value.startswith(BASIC) else parts
    return secrets


def redactor_of(row: Target, redactor: Redactor | None) -> Redactor | None:
    """What replaces the secrets of the run and of a row; None if there are none, or they may be shown."""
    if redactor is None:
        return None
    if (row.url.authorization or row.row_request is not None) and (secrets := row_secrets(row)):
        return redactor.with_more(secrets)
    return redactor if redactor.any else None


def _of_basic(authorization: str) -> list[str]:
    """The password in Basic credentials, and the credentials as they are sent."""
    token = authorization.removeprefix(BASIC)
    try:
        name, _, password = b64decode(token, validate=True).decode("utf-8", "surrogateescape").partition(":")
    except ValueError:
        return [token]
    return [token, password or name]


def redacted(attempt: Attempt, redact: Redactor) -> Attempt:
    """The attempt with secrets replaced in everything that is shown of it; the body stays as received."""
    result = attempt.result
    changes: dict[str, object] = {
        "url": redact(result.url),
        "redirects": tuple(msgspec.structs.replace(hop, url=redact(hop.url)) for hop in result.redirects),
    }
    if isinstance(result, Failure):
        changes["detail"] = redact(result.detail)
    else:
        changes |= {
            "content_type": redact(result.content_type),
            "unknown_coding": redact(result.unknown_coding),
            "skipped_headers": tuple(map(redact, result.skipped_headers)),
            "headers": {
                name: [_redacted(value, redact) for value in values] for name, values in result.headers.items()
            },
        }
    failed = tuple(
        FailedCheck(item.check, redact(item.expected), redact(item.actual)) for item in attempt.failed_checks
    )
    return msgspec.structs.replace(attempt, result=msgspec.structs.replace(result, **changes), failed_checks=failed)


def _redacted(value: bytes, redact: Redactor) -> bytes:
    return redact(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
