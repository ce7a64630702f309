"""Read the files that a request sends."""

from pathlib import Path

import msgspec

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.request.multipart import boundary_of, encode_form, label_form, parse_part
from fetchcli.core.request.request import RequestOptions


def with_content(request: RequestOptions) -> RequestOptions:
    """The request with the content of its files; raises TransportError (`read`)."""
    if request.content_file is not None:
        content = _read("body_file", request.content_file)
        return msgspec.structs.replace(request, content=content, content_file=None)
    import secrets  # few runs need it

    boundary = boundary_of(secrets.token_hex(11))
    parts = [parse_part(text, lambda path: _read("--form", path)) for text in request.form]
    headers = label_form(request.headers, boundary)
    return msgspec.structs.replace(request, content=encode_form(parts, boundary), headers=headers, form=())


def _read(where: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise TransportError(ErrorKind.READ, f"{where} {path}: {error.strerror}") from None
