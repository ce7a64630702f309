"""URLs as people read them: decoded where nobody can be deceived by it, and shortened where it hurts least."""

import re
from collections.abc import Callable
from unicodedata import bidirectional, category, name, normalize
from urllib.parse import unquote_to_bytes

from fetchcli.core.pattern import lazy_pattern

_ENCODED = lazy_pattern(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")  # bytes beyond ASCII: all others stay as they are
_PARTS = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*)(.*)", re.DOTALL)
_LABEL = lazy_pattern(r"xn--[a-z0-9\-]+")
_READ_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
# Scripts that no letter of which looks like one of ASCII, by the first word of the names of their letters.
_DISTINCT = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "THAI", "DEVANAGARI", "TAMIL"})
ELLIPSIS = "…"


def shown_url(text: str) -> str:
    """A URL as people read it; ``text`` is ASCII, as `HttpUrl.text`.

    Letters and digits of the path and the query are decoded, except those that are read from right to left. A name of
    the host is decoded if all of it is written in one script that resembles no other, or in Latin letters with
    diacritics.
    """
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return text
    origin = _LABEL.sub(_shown_label, parts[1]) if "xn--" in parts[1] else parts[1]
    return origin + _ENCODED.sub(_shown_bytes, parts[2])


def _shown_bytes(match: re.Match[str]) -> str:
    """Percent-encoded bytes, decoded as far as they are letters and digits in UTF-8."""
    try:
        decoded = unquote_to_bytes(match[0]).decode()
    except UnicodeDecodeError:
        return match[0]
    return decoded if decoded == normalize("NFC", decoded) and all(map(_is_plain, decoded)) else match[0]


def _is_plain(character: str) -> bool:
    """Whether a character is a letter or a digit with a place of its own."""
    return category(character)[0] in "LN" and bidirectional(character) not in _READ_FROM_THE_RIGHT


def _shown_label(match: re.Match[str]) -> str:
    """An A-label (RFC 5890), decoded if it can be taken for no other."""
    try:
        decoded = match[0].removeprefix("xn--").encode().decode("punycode")
        again = f"xn--{decoded.encode('punycode').decode()}"
    except UnicodeError:
        return match[0]
    safe = again == match[0] and normalize("NFC", decoded) == decoded and (_is_latin(decoded) or _is_distinct(decoded))
    return decoded if safe else match[0]


def _is_latin(label: str) -> bool:
    """Whether a label is written in the letters of ASCII, some of them with diacritics."""
    bases = (normalize("NFD", character)[0] for character in label)
    return all(base.isascii() for base in bases) and all(map(_is_label_character, label))


def _is_distinct(label: str) -> bool:
    """Whether a label is written in one family of scripts that no letter of ASCII looks like."""
    scripts = {name(character, "").partition(" ")[0] for character in label if not _is_neutral(character)}
    japanese = scripts & {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}
    families = scripts - {"CJK"} if japanese or "HANGUL" in scripts else scripts
    return (
        scripts <= _DISTINCT and (len(families) == 1 or families == japanese) and all(map(_is_label_character, label))
    )


def _is_label_character(character: str) -> bool:
    return character == "-" or _is_plain(character)


def _is_neutral(character: str) -> bool:
    return character == "-" or (character.isascii() and character.isdigit())


def shorten_url(text: str, width: int, measure: Callable[[str], int] = len) -> str:
    """Shorten a URL to at most ``width``: in the middle of its path; scheme, host and port stay whole.

    A host that does not fit is not cut either: the result is then wider, and ends with it.

    Args:
        text: the URL.
        width: how much room there is.
        measure: how much room a text takes.
    """
    if measure(text) <= width:
        return text
    parts = _PARTS.fullmatch(text)
    origin, rest = (parts[1], parts[2]) if parts is not None else ("", text)
    return origin + _middle_cut(rest, width - measure(origin), measure)


def _middle_cut(text: str, width: int, measure: Callable[[str], int]) -> str:
    """The beginning and the end of a text, with an ellipsis between them."""
    if width < 1:
        return ""
    head = _beginning(text, width // 2, measure)
    tail = _beginning(text[::-1], width - 1 - measure(head), measure)[::-1]
    return f"{head}{ELLIPSIS}{tail}"


def _beginning(text: str, width: int, measure: Callable[[str], int]) -> str:
    """As much of a text as has room."""
    return text[: next((at for at in range(len(text)) if measure(text[: at + 1]) > width), len(text))]
