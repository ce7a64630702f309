"""Quote words for a POSIX shell."""

from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.secrets import split_marks

_ESCAPED = {ord("\n"): "\\n", ord("'"): "\\047", ord("%"): "%%", ord("\\"): "\\\\"}
_SAFE = lazy_pattern(r"[A-Za-z0-9_@%+=:,./-]+")


def quote(text: str) -> str:
    """One word for a POSIX shell, on one line of printable characters.

    A mark of `request.secrets` becomes a reference to the environment variable.
    """
    parts = split_marks(text)
    if len(parts) > 1:
        return "".join(f'"${{{part}}}"' if at % 2 else _quoted(part) if part else "" for at, part in enumerate(parts))
    return _quoted(text)


def _quoted(text: str) -> str:
    if _SAFE.fullmatch(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    return f'"$({printf(text.encode("utf-8", "surrogateescape"))})"'


def printf(content: bytes) -> str:
    """The command that prints these bytes."""
    return f"printf -- '{''.join(map(_printf_char, content))}'"


def _printf_char(byte: int) -> str:
    if byte in _ESCAPED:
        return _ESCAPED[byte]
    return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"
