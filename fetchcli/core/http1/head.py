"""Parse the heads of HTTP/1.1 responses (RFC 9112).

Strict wherever a lenient parser can be misled about where a message ends. Lenient in three places
that RFC 9112 allows or requires, in every mode of Python: a bare LF ends a line of the header
section (section 2.2), an obs-fold counts as a space (section 5.2), and a status line may lack its
reason. A bare LF inside chunked framing, trailers included, is an error. As curl and browsers do, a
header line whose name is no token is skipped, unless it could be meant for the framing.
"""

from functools import lru_cache
from typing import Never

import msgspec

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.chunked import ChunkedBody
from fetchcli.core.pattern import lazy_pattern

MAX_HEAD = 300 * 1024  # bytes of the header section including interim responses, and of trailers (curl's limit)
MAX_LENGTH = 2**63 - 1
MAX_SKIPPED = 3
MAX_REMEMBERED = 128  # bytes of a line; longer ones are parsed each time
REMEMBERED = 1024  # lines: servers repeat most of theirs

# Numbers: to look for bytes in bytes, CPython first makes an exception, which costs more than all the rest.
NUL, CR, COMMA = b"\0\r,"

BODYLESS_STATUSES = frozenset({204, 304})  # statuses whose responses never have a body (RFC 9112 section 6.3)
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})  # statuses whose Location is followed
UNTIL_CLOSE = -1
_STATUS_LINE = lazy_pattern(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: .*)?")
_FRAMING = lazy_pattern(rb"(?i)contentlength|transferencoding")
_OBS_FOLD = lazy_pattern(rb"\n[ \t]+")
_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PUNCTUATION = bytes(byte for byte in range(256) if not (byte < 128 and chr(byte).isalnum()))

Fields = dict[bytes, list[bytes]]


class Head(msgspec.Struct, frozen=True):
    """Status line and header section of a response.

    Attributes:
        status: 100-999.
        minor: minor HTTP version, 0 or 1.
        fields: values by lower-case name, in order, without surrounding white space.
        skipped: the first `MAX_SKIPPED` lines without a valid name.
    """

    status: int
    minor: int
    fields: Fields
    skipped: tuple[str, ...] = ()

    def has_token(self, name: bytes, token: bytes) -> bool:
        """Whether a comma-separated field contains a token, in any case."""
        return any(
            token in (_remembered_tokens(value) if len(value) <= MAX_REMEMBERED else _tokens(value))
            for value in self.fields.get(name, ())
        )


def parse_head(block: bytes) -> Head:
    """Parse a status line and its header section, up to the line end before the empty line.

    Raises:
        TransportError: `protocol`: not a well-formed HTTP/1.0 or HTTP/1.1 response.
    """
    status_line, _, section = _plain_lines(block).partition(b"\n")
    parse = _remembered_status_line if len(status_line) <= MAX_REMEMBERED else _parse_status_line
    return Head(*parse(status_line), *parse_fields(section))


def parse_fields(section: bytes) -> tuple[Fields, tuple[str, ...]]:
    """Parse field lines (RFC 9112 section 5), each ended by LF; also return the first lines that were skipped.

    Raises:
        TransportError: `protocol`: a line is not a field line, or a skipped one could be meant for the framing.
    """
    if section[:1] in (b" ", b"\t"):
        refuse("white space before the first header")
    if section.find(b"\n ") >= 0 or section.find(b"\n\t") >= 0:
        section = _OBS_FOLD.sub(b" ", section)
    fields: Fields = {}
    skipped: tuple[str, ...] = ()
    for line in section.split(b"\n")[:-1]:
        name, value = _remembered_field(line) if len(line) <= MAX_REMEMBERED else _parse_field(line)
        if not name:
            if len(skipped) < MAX_SKIPPED:
                skipped += (excerpt(line),)
        elif name in fields:
            fields[name].append(value)
        else:
            fields[name] = [value]
    return fields, skipped


def _tokens(value: bytes) -> frozenset[bytes]:
    """The tokens of a comma-separated value, in lower case."""
    return frozenset(part.strip().lower() for part in value.split(b","))


def _parse_status_line(line: bytes) -> tuple[int, int]:
    """The status, and the minor version."""
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        refuse(f"not an HTTP/1.1 status line: {excerpt(line)}")
    return int(match[2]), match[1][0] - 48


def _parse_field(line: bytes) -> tuple[bytes, bytes]:
    """The name of a field in lower case, empty if it is invalid, and its value."""
    name, colon, value = line.partition(b":")
    if not colon:
        refuse(f"a header line without a colon: {excerpt(line)}")
    if not name.translate(None, _TOKEN):
        return name.lower(), value.strip(b" \t")
    if _FRAMING.search(name.translate(None, _PUNCTUATION)):
        refuse(f"an invalid header name: {excerpt(line)}")
    return b"", value


_remembered_tokens = lru_cache(maxsize=64)(_tokens)
_remembered_status_line = lru_cache(maxsize=64)(_parse_status_line)
_remembered_field = lru_cache(maxsize=REMEMBERED)(_parse_field)


def _plain_lines(block: bytes) -> bytes:
    """The block with LF as its only line end."""
    if NUL in block:
        refuse("a NUL in the header section")
    block = block.replace(b"\r\n", b"\n")
    if CR in block:
        refuse("a bare CR in the header section")
    return block


def body_framing(head: Head) -> int | ChunkedBody:
    """How the body ends (RFC 9112 section 6.3): a length, chunks, or `UNTIL_CLOSE`.

    Raises:
        TransportError: `protocol`: two parsers could disagree about where the body ends.
    """
    codings, lengths = head.fields.get(b"transfer-encoding"), head.fields.get(b"content-length")
    if codings is not None:
        if lengths is not None:
            refuse("both Content-Length and Transfer-Encoding")
        if head.minor == 0:  # section 6.1: treat it as if the framing is faulty
            refuse("Transfer-Encoding in an HTTP/1.0 response")
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            refuse(f"Transfer-Encoding is {excerpt(b', '.join(codings))}, not chunked alone")
        return ChunkedBody(parse_trailers, MAX_HEAD)
    if lengths is None:
        return UNTIL_CLOSE
    length = lengths[0]
    if len(lengths) > 1 or COMMA in length:
        distinct = {length.strip(b" \t") for value in lengths for length in value.split(b",")}
        length = distinct.pop()
        if distinct:
            refuse("Content-Length fields that differ")
    digits = length.lstrip(b"0") or b"0"
    if not length.isdigit() or len(digits) > 19 or int(digits) > MAX_LENGTH:
        refuse(f"Content-Length is {excerpt(length)}, not a number of bytes")
    return int(digits)


def parse_trailers(block: bytes) -> None:
    """Validate a trailer section; its fields are not used.

    Raises:
        TransportError: `protocol`: a line is not a field line ended by CRLF.
    """
    if block.count(b"\n") != block.count(b"\r\n"):
        refuse("a bare LF in the trailer section")
    parse_fields(_plain_lines(block))


def excerpt(data: bytes) -> str:
    """The start of received bytes, safe to show."""
    return repr(data if len(data) <= 60 else data[:57] + b"...")[1:]


def refuse(detail: str) -> Never:
    """Raise TransportError, `protocol`."""
    raise TransportError(ErrorKind.PROTOCOL, detail)
