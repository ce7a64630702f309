"""Make text from outside safe to show. Every renderer and sink uses it.

A server, a URL or an error message must not be able to control a terminal, a spreadsheet or the
next program in a pipe (CWE-150, CWE-1236).
"""

import re
from typing import Any

import msgspec

from fetchcli.core.pattern import lazy_pattern

# C0, DEL, C1, line and paragraph separators, bidi controls and isolates, zero-width and
# byte-order marks, tag characters, lone surrogates, and the soft hyphen.
_UNSAFE = lazy_pattern(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)


# Commands to CI runners: GitHub's ``::error::`` at the start of a line, Azure's ``##vso[``
# and ``##[`` anywhere. An IPv6 address (``::1``) is not one.
_CI_COMMAND = lazy_pattern(r"(?<!\S):(?=:[A-Za-z][A-Za-z-]*(?: [^:]*)?::)|#(?=#(?:vso)?\[)", re.IGNORECASE)


# ``-5``, ``+49 30 1``, and the ``-`` that stands for nothing.
_SIGNED_NUMBER = lazy_pattern(r"[+-][0-9 .,]*")

# JSON allows C1 controls, bidi controls and separators unescaped; a terminal would obey them.
_UNSAFE_IN_JSON = lazy_pattern("[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def visible(text: str) -> str:
    r"""Escape everything without a glyph, as ``\x1b`` or ``\u202e``, and workflow commands of CI systems."""
    if not (text.isascii() and text.isprintable()):
        text = _UNSAFE.sub(_escape, text)
    return _CI_COMMAND.sub(_escape, text) if "::" in text or "##" in text else text


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def inert_json(text: str) -> str:
    r"""JSON in which terminal controls and workflow commands are written as ``\u001b``; it decodes to the same."""
    text = _UNSAFE_IN_JSON.sub(_escape_in_json, text)
    return _CI_COMMAND.sub(_escape_in_json, text) if "::" in text or "##" in text else text


def _escape_in_json(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def without_surrogates(value: object) -> Any:
    """Replace lone surrogates, which have no UTF-8, by escapes as in `visible`."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, dict):
        return {without_surrogates(name): without_surrogates(item) for name, item in value.items()}
    return [without_surrogates(item) for item in value] if isinstance(value, list | tuple) else value


def cell(text: str) -> str:
    """Neutralise a CSV cell that a spreadsheet would run as a formula (OWASP: CSV injection); a number is none."""
    if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not _SIGNED_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def plain_cell(text: str) -> str:
    """A cell as it was before `cell` neutralised it."""
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@\t\r") else text


def shorten(text: str, width: int) -> str:
    """Shorten text to at most ``width`` characters, with an ellipsis in the middle."""
    if len(text) <= width:
        return text
    head = (width - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"
