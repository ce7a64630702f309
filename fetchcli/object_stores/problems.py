"""What an object store answers when something fails, in words that say what to do.

Texts of the library contain addresses with whatever stands in them, so nothing of an address is taken from them.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from fetchcli.core.pattern import lazy_pattern

HOPELESS = errno.EHOSTUNREACH  # no other object will do better: `save.write_failure` ends the run
_CODE = lazy_pattern(r"<Code>(\w+)</Code>")
_ADDRESS = lazy_pattern(r"\S+://\S+")
_STATUS = lazy_pattern(r"status code: (\d{3}[ \w]*)")
_CREDENTIALS = ("/latest/api/token", "/latest/meta-data", "Missing SecretAccessKey", "Missing AccessKeyId")
_NO_ANSWER = ("Error performing", "HTTP error", "response body")  # none, or one that breaks off
NO_CREDENTIALS = "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (files of ~/.aws are not read)"
_VARIABLES = {"s3": "AWS_ENDPOINT_URL and AWS_REGION", "gs": "the GOOGLE_ variables", "az": "the AZURE_ variables"}


@contextmanager
def translated(scheme: str) -> Iterator[None]:
    """Raise OSError with a text for whatever the library raises, given the kind of store."""
    variables = _VARIABLES[scheme]
    try:
        yield
    except FileNotFoundError as error:
        raise _not_found(str(error), variables) from None
    except ValueError as error:
        raise OSError(errno.EINVAL, _first_line(str(error))) from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _failure(type(error).__name__, str(error), variables) from None


def _not_found(text: str, variables: str) -> OSError:
    if "NoSuchBucket" in text or "ContainerNotFound" in text:
        return OSError(HOPELESS, f"no such bucket; create it, or check its name, {variables}")
    return FileNotFoundError(errno.ENOENT, "no such object")


def _failure(kind: str, text: str, variables: str) -> OSError:
    shown = f" ({match[1]})" if (match := _CODE.search(text)) else ""
    if kind == "AlreadyExistsError":
        return FileExistsError(errno.EEXIST, "the object exists")
    if kind == "PreconditionError":
        return OSError(errno.ESTALE, "the object was replaced meanwhile; start again")
    if kind in ("PermissionDeniedError", "UnauthenticatedError"):
        return OSError(HOPELESS, f"access denied{shown}; check the credentials and what they may do")
    if any(sign in text for sign in _CREDENTIALS):
        return OSError(HOPELESS, NO_CREDENTIALS)
    if "builder error" in text:
        return OSError(HOPELESS, "the endpoint is not https; AWS_ALLOW_HTTP=true allows that")
    if match := _STATUS.search(text):
        remedy = "try again later" if match[1] >= "5" else f"check the address, {variables}"
        return OSError(HOPELESS, f"the store answers {match[1].strip()}{shown}; {remedy}")
    if any(sign in text for sign in _NO_ANSWER):
        return OSError(HOPELESS, f"the store does not answer; check the network, {variables}")
    return OSError(HOPELESS, _first_line(text))


def _first_line(text: str) -> str:
    """The first line of a text, without addresses."""
    line = text.strip().partition("\n")[0].rpartition(" error: ")[2]
    return _ADDRESS.sub("(address)", line)
