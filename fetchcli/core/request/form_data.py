"""Values of ``--data-urlencode``: ``NAME=TEXT`` in the form of HTML (application/x-www-form-urlencoded)."""

from collections.abc import Callable
from urllib.parse import quote_plus


def urlencoded(text: bytes, read: Callable[[str], bytes]) -> bytes:
    """Encode a value as curl does (man page, ``--data-urlencode``): the name stays as it is, what follows is encoded.

    Args:
        text: ``TEXT``, ``=TEXT``, ``NAME=TEXT``, ``@FILE`` or ``NAME@FILE``.
        read: returns the content of a file.
    """
    name, value = file_of(text)
    if value is not None:
        content = read(value)
    elif b"=" in text:
        name, _, content = text.partition(b"=")
    else:
        name, content = b"", text
    encoded = quote_plus(content, safe="").encode()
    return name + b"=" + encoded if name else encoded


def file_of(text: bytes) -> tuple[bytes, str | None]:
    """The name and the file of ``NAME@FILE``; the file is None if there is none."""
    name, at, path = text.partition(b"@")
    if not at or b"=" in name:
        return b"", None
    return name, path.decode("utf-8", "surrogateescape")
