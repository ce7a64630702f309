"""Attempts without the secrets that a server echoed."""

import msgspec

from fetchcli.core.errors import Failure
from fetchcli.core.model.attempt import Attempt, FailedCheck
from fetchcli.core.request.redaction import Redactor


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
