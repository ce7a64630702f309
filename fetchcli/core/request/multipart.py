"""``--form``: multipart/form-data (RFC 7578), as curl reads and writes it."""

import re
from collections.abc import Callable, Sequence

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

MULTIPART = "multipart/form-data"
# The types that curl knows by extension; others are application/octet-stream.
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
_WORD = lazy_pattern(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))\s*')  # quoted, or up to a semicolon
_PARAMETER = lazy_pattern(r"\s*(type|filename|headers|encoder)=", re.IGNORECASE)
_ESCAPES = {'"': "%22", "\r": "%0D", "\n": "%0A"}  # as browsers and curl since 7.81 do


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a form.

    Attributes:
        name: name of the field.
        content: its value.
        filename: file name of an upload, or None for a plain field.
        content_type: its type, or empty.
    """

    name: str
    content: bytes
    filename: str | None = None
    content_type: str = ""


def parse_part(text: str, read: Callable[[str], bytes]) -> Part:
    """Parse ``NAME=TEXT``, ``NAME=@FILE`` or ``NAME=<FILE``, with ``;type=`` and ``;filename=``.

    Args:
        text: value of the option.
        read: reads a file.

    Raises:
        UsageError: the text has another form.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--form: expected NAME=TEXT or NAME=@FILE, got {text!r}")
    kind = value[:1] if value[:1] in ("@", "<") else ""
    content, parameters = _parameters(value[len(kind) :])
    content_type = parameters.get("type", "")
    if kind == "@":
        if "," in content and not value.startswith('@"'):
            raise UsageError(f"--form: {content!r} would be several files; use one --form for each")
        extension = re.search(r"\.[^./\\]+$", content)
        known = _TYPES.get(extension[0].lower() if extension else "", "application/octet-stream")
        base = content.rpartition("/")[2]
        return Part(
            name=name,
            content=read(content),
            filename=parameters.get("filename", base),
            content_type=content_type or known,
        )
    data = read(content) if kind else content.encode("utf-8", "surrogateescape")
    return Part(
        name=name, content=data, filename=None if kind else parameters.get("filename"), content_type=content_type
    )


def form_files(form: Sequence[str]) -> list[str]:
    """The files that these values of ``--form`` read.

    Raises:
        UsageError: a value has another form.
    """
    files: list[str] = []

    def note(path: str) -> bytes:
        files.append(path)
        return b""

    for text in form:
        parse_part(text, note)
    return files


def form_string(text: str) -> str:
    """The value of ``--form`` that means the same as this value of ``--form-string``: its text has no special marks."""
    name, equals, value = text.partition("=")
    return name + equals + '"' + re.sub(r'([\\"])', r"\\\1", value) + '"' if equals else text


def _parameters(text: str) -> tuple[str, dict[str, str]]:
    """The first word, and the parameters after semicolons; a type keeps its own parameters."""
    content, position = _read_word(text, 0)
    parameters: dict[str, str] = {}
    last = ""
    while position < len(text):
        match = _PARAMETER.match(text, position + 1)
        start = match.end() if match else position + 1
        word, end = _read_word(text, start)
        if match:
            last = match[1].lower()
            if last in ("headers", "encoder"):
                raise UsageError(f"--form: ;{last}= is not supported; ;type= and ;filename= are")
            parameters[last] = text[start:end].strip() if last == "type" else word
        elif last == "type":
            parameters["type"] += f";{text[start:end].rstrip()}"
        position = end
    return content, parameters


def _read_word(text: str, position: int) -> tuple[str, int]:
    """A word, and the position of the semicolon after it."""
    match = next(_WORD.finditer(text, position))  # the pattern matches any text, also an empty one
    word = match[2].rstrip() if match[1] is None else re.sub(r'\\([\\"])', r"\1", match[1])
    end = text.find(";", match.end())
    return word, len(text) if end < 0 else end


def boundary_of(token: str) -> str:
    """The boundary of a form, as curl makes it from 22 random letters or digits."""
    return "-" * 24 + token


def label_form(headers: tuple[tuple[str, str], ...], boundary: str) -> tuple[tuple[str, str], ...]:
    """The headers of a form: its Content-Type, that of the user or our own, gets the boundary, as in curl."""
    given = next((value for name, value in headers if name.lower() == "content-type" and value not in ("", ";")), "")
    others = tuple(field for field in headers if field[0].lower() != "content-type")
    return (*others, ("Content-Type", f"{given or MULTIPART}; boundary={boundary}"))


def encode_form(parts: Sequence[Part], boundary: str) -> bytes:
    """Encode the content."""
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
