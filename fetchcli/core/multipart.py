"""``-F``: multipart/form-data (RFC 7578), read and written as curl does."""

import re
from collections.abc import Callable

import msgspec

from fetchcli.core.errors import UsageError

# The types that curl knows by extension; the others are bytes.
_TYPES = {
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".htm": "text/html",
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".xml": "application/xml",
}
_OPTION = re.compile(r';\s*(type|filename)=("(?:[^"\\]|\\.)*"|[^;]*)')
_ESCAPES = {'"': "%22", "\r": "%0D", "\n": "%0A"}  # as browsers and curl 7.81 and later do


class Part(msgspec.Struct, frozen=True):
    """One field of a form.

    Attributes:
        name: of the field.
        content: its value.
        filename: the name that an uploaded file is given, or None for a plain field.
        content_type: its type, or empty for none.
    """

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = ""


def parse_part(text: str, read: Callable[[str], bytes]) -> Part:
    """``NAME=TEXT``, ``NAME=@FILE`` or ``NAME=<FILE``, then ``;type=`` and ``;filename=``.

    Args:
        text: the value of the option.
        read: gives the content of a file.

    Raises:
        UsageError: there is no ``=``.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"-F: write NAME=TEXT or NAME=@FILE, not {text!r}")
    said = {match[1]: _unquoted(match[2]) for match in _OPTION.finditer(value)}
    value = _unquoted(_OPTION.sub("", value))
    content_type = said.get("type", "")
    if value.startswith("@"):
        path = value[1:]
        extension = re.search(r"\.[^./\\]+$", path)
        known = _TYPES.get(extension[0].lower() if extension else "", "application/octet-stream")
        base = path.replace("\\", "/").rpartition("/")[2]
        return Part(name, read(path), said.get("filename", base), content_type or known)
    content = read(value[1:]) if value.startswith("<") else value.encode("utf-8", "surrogateescape")
    return Part(name, content, said.get("filename"), content_type)


def _unquoted(value: str) -> str:
    value = value.strip() if value.startswith('"') else value
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def encode_form(parts: list[Part], boundary: str) -> bytes:
    """The content of a request; its type is ``multipart/form-data; boundary=BOUNDARY``."""
    chunks: list[bytes] = []
    for part in parts:
        disposition = f'form-data; name="{_escaped(part.name)}"'
        if part.filename is not None:
            disposition += f'; filename="{_escaped(part.filename)}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        if part.content_type:
            head += f"Content-Type: {part.content_type}\r\n"
        chunks += [f"{head}\r\n".encode("utf-8", "surrogateescape"), part.content, b"\r\n"]
    return b"".join([*chunks, f"--{boundary}--\r\n".encode()])


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)
