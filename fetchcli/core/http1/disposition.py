"""The file name in a Content-Disposition field (RFC 6266, RFC 8187)."""

import re

from fetchcli.core.http1.head import Fields
from fetchcli.core.pattern import lazy_pattern

_PARAMETER = lazy_pattern(
    r";\s*(?P<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<token>[^;\s\"]*))"
)
_CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}


def file_name(fields: Fields) -> str:
    """The file name that a server proposes, without folders; empty if it proposes none.

    ``filename*`` is preferred (RFC 6266 section 4.3). The name is not safe yet.
    """
    values = fields.get(b"content-disposition")
    if not values:
        return ""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(f";{_text(values[0]).partition(';')[2]}" if b";" in values[0] else ""):
        value = match["token"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
        found.setdefault(match["name"].lower(), value)
    name = _extended(found.get("filename*", "")) or found.get("filename", "")
    return re.split(r"[/\\]", name)[-1]


def _text(value: bytes) -> str:
    """Servers send UTF-8 as well as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _extended(value: str) -> str:
    """``UTF-8'en'na%C3%AFve.txt`` decoded (RFC 8187 section 3.2); empty if it is malformed."""
    charset, quote, rest = value.partition("'")
    _language, second, encoded = rest.partition("'")
    codec = _CHARSETS.get(charset.lower())
    if not (quote and second and codec):
        return ""
    from urllib.parse import unquote_to_bytes

    try:
        return unquote_to_bytes(encoded).decode(codec)
    except UnicodeDecodeError:
        return ""
