"""A body as text and as JSON, decoded at most once, for the checks that need it."""

import json
import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import msgspec

from fetchcli.core.model.attempt import Response
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.text import shorten, without_surrogates

# Encodings of web pages (WHATWG Encoding); Python knows others that do not encode text, or are slow.
_CHARSET = lazy_pattern(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_KNOWN = lazy_pattern(
    r"utf-?8|utf-?16(?:-?[lb]e)?|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|koi8-[ru]|macintosh"
    r"|shift[_-]jis|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5",
    re.IGNORECASE,
)
LONGEST_SECRET = 8192  # characters that are looked at beyond those that are shown
MAX_DIGITS = 4000  # Python converts at most this many digits to an integer
_BOM = b"\xef\xbb\xbf"


def _refused(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are Python's, not JSON's


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < MAX_DIGITS else float(digits)


class Content:
    """The body of a response.

    Args:
        response: the response.
        redact: replaces secrets in a text that is shown.

    Attributes:
        truncation_note: a clause saying that the body continues beyond what was kept, or empty.
    """

    def __init__(self, response: Response, redact: Callable[[str], str] = str) -> None:
        self._response = response
        self._redact = redact
        self._body = response.body or b""
        available = len(self._body)
        self._truncated = response.size_decoded > available
        self.cut = f"; only the first {available} bytes were checked (--max-check-body)" if self._truncated else ""

    @cached_property
    def text(self) -> str:
        """The body in the charset of its Content-Type, or UTF-8; undecodable bytes become U+FFFD."""
        charset_match = _CHARSET.search(self._response.content_type)
        encoding = charset_match[1] if charset_match and _KNOWN.fullmatch(charset_match[1]) else "utf-8"
        try:
            return self._body.removeprefix(_BOM).decode(encoding, "replace")
        except LookupError:  # Python lacks this member of a family
            return self._body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> tuple[Any, str]:
        """The JSON value, and why there is none."""
        if self._truncated:
            return None, f"a body of {self._response.size_decoded} bytes{self.cut}"
        if not self._body:
            return None, "an empty body"
        try:
            return msgspec.json.decode(self._body.removeprefix(_BOM)), ""
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
            pass  # other encodings, huge numbers and lone surrogates are JSON, too (RFC 8259)
        try:
            return json.loads(self.text, parse_constant=_refused, parse_int=_integer), ""
        except (ValueError, RecursionError):
            start = " ".join(self.start(400).split())
            kind = self._redact(self._response.content_type) or "no Content-Type"
            return None, f'not JSON: "{shorten(start, 80)}" ({shorten(kind, 40)})'

    def start(self, size: int) -> str:
        """The first characters without secrets; none is cut in two."""
        return self._redact(self.text[: size + LONGEST_SECRET])[:size]

    @staticmethod
    def as_json(value: object) -> str:
        """A JSON value on one line."""
        try:
            return msgspec.json.encode(without_surrogates(value)).decode()
        except (RecursionError, TypeError):
            return "a value that cannot be shown as JSON"
