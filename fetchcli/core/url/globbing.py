"""curl's URL globbing: ``{one,two}``, ``[1-100]``, ``[001-100:2]``, ``[a-z]``.

Source: curl's man page, "URL". A backslash escapes ``{}[],-``; an IPv6 address in brackets is not a glob.
"""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address
from math import prod

from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern

_ESCAPED = lazy_pattern(r"\\([{}\[\],\-\\])")
_NUMBERS = lazy_pattern(r"(\d{1,18})-(\d{1,18})(?::(\d{1,18}))?")
_LETTERS = lazy_pattern(r"([A-Za-z])-([A-Za-z])(?::(\d{1,18}))?")


_LONGEST_ADDRESS = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]")


class _Numbers:
    """``[1-10:3]``, zero-padded if the first number is."""

    def __init__(self, first: str, last: str, step: int) -> None:
        self._range = range(int(first), int(last) + 1, step)
        self._width = len(first) if first.startswith("0") else 0

    def __len__(self) -> int:
        return len(self._range)

    def __iter__(self) -> Iterator[str]:
        return (str(number).zfill(self._width) for number in self._range)


Part = list[str] | _Numbers


def parse_glob(text: str) -> list[Part]:
    """Split a URL into parts; fixed text is a part with one alternative.

    Raises:
        UsageError: a brace or a bracket is invalid; the message says where.
    """
    parts: list[Part] = []
    fixed, position = "", 0
    while position < len(text):
        char = text[position]
        end = position + 1
        if char == "\\" and (match := _ESCAPED.match(text, position)):
            fixed, end = fixed + match[1], match.end()
        elif char in "}]":
            raise UsageError(f"glob: unmatched {char!r} at character {position + 1}")
        elif char == "{" or (char == "[" and not _is_address(text, position)):
            end = _closing(text, position)
            parts += [[fixed], (_alternatives if char == "{" else _range)(text[position + 1 : end - 1], position + 1)]
            fixed = ""
        elif char == "[":
            end = text.index("]", position) + 1
            fixed += text[position:end]
        else:
            fixed += char
        position = end
    return [*parts, [fixed]]


def expand(parts: list[Part]) -> Iterator[str]:
    """Every URL; the last glob changes fastest, as in curl."""
    texts: list[str] = []
    levels = [iter(parts[0])]
    while levels:
        text = next(levels[-1], None)
        if text is None:
            levels.pop()
            if texts:
                texts.pop()
        elif len(levels) == len(parts):
            yield "".join(texts) + text
        else:
            texts.append(text)
            levels.append(iter(parts[len(levels)]))


def count(parts: list[Part]) -> int:
    """Number of URLs that `expand` yields."""
    return prod(len(part) for part in parts)


def _is_address(text: str, position: int) -> bool:
    literal, bracket, _ = text[position + 1 : position + 1 + _LONGEST_ADDRESS].partition("]")
    try:
        return bool(bracket) and bool(IPv6Address(literal))
    except AddressValueError:
        return False


def _closing(text: str, position: int) -> int:
    """Position after the bracket that closes this one; brackets do not nest."""
    close = "}" if text[position] == "{" else "]"
    at = position + 1
    while at < len(text) and text[at] != close:
        if text[at] in "{[":
            raise UsageError(f"glob: {text[at]!r} inside another at character {at + 1}")
        at += 2 if text[at] == "\\" else 1
    if at >= len(text):
        raise UsageError(f"glob: unclosed {text[position]!r} at character {position + 1}")
    return at + 1


def _alternatives(inside: str, at: int) -> Part:
    if not inside:
        raise UsageError(f"glob: empty braces at character {at}")
    pieces = re.split(r"(?<!\\),", inside)
    return [_ESCAPED.sub(r"\1", piece) for piece in pieces]


def _range(inside: str, at: int) -> Part:
    if match := _NUMBERS.fullmatch(inside):
        first, last, step = match[1], match[2], int(match[3] or 1)
        if int(first) <= int(last) and step:
            return _Numbers(first, last, step)
    if match := _LETTERS.fullmatch(inside):
        start, stop, step = ord(match[1]), ord(match[2]), int(match[3] or 1)
        if start <= stop and step and match[1].islower() == match[2].islower():
            return [chr(code) for code in range(start, stop + 1, step)]
    raise UsageError(f"glob: expected a range like [1-10], [01-10:2] or [a-z] at character {at}")
