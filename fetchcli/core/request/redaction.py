"""Replace secrets in texts that are shown, also where a server echoed them in another encoding."""

import re
from collections.abc import Iterable

from fetchcli.core.request.secrets import MASK

MIN_LENGTH = 6  # characters; shorter values would be replaced all over the place
_JSON_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CUT = re.compile(r"$|[\"'…)]|\.\.\.")  # what follows a text that was cut off


class Redactor:
    """Replaces secrets by ``***``.

    A secret is found raw, percent-encoded (RFC 3986 section 2.1) and JSON-escaped (RFC 8259 section 7), in any
    mixture of the three, and where a text was cut off inside it.

    Args:
        secrets: the secrets that are known; shorter ones than `MIN_LENGTH` are left out.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Replace this from now on; may be called by any thread."""
        secret = secret.strip()  # as header values are
        if len(secret) >= MIN_LENGTH and secret not in self._secrets:
            self._secrets = tuple(sorted((*self._secrets, secret), key=len, reverse=True))  # the longest match wins
            self._pattern = None

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        secrets, pattern = self._secrets, self._pattern
        if not secrets or not text:
            return text
        if pattern is None:
            pattern = self._pattern = re.compile("|".join(map(_pattern, secrets)))
        return _without_beginnings(pattern.sub(MASK, text), secrets)


def _pattern(secret: str) -> str:
    """A pattern for a secret in any mixture of encodings."""
    return "".join(map(_encodings, secret))


def _encodings(character: str) -> str:
    raw = character.encode("utf-8", "surrogateescape")
    forms = ["".join(f"%{_any_case(f'{byte:02x}')}" for byte in raw)]
    units = character.encode("utf-16-be", "surrogatepass")
    forms.append("".join(rf"\\u{_any_case(units[at : at + 2].hex())}" for at in range(0, len(units), 2)))
    if character in _JSON_ESCAPES:
        forms.append(re.escape(_JSON_ESCAPES[character]))
    if character == " ":
        forms.append(r"\+")
    if not character.isascii():
        forms += _misread(character, raw)
    forms.append(re.escape(character))  # last: a backslash begins an escaped one, too
    return f"(?:{'|'.join(forms)})"


def _misread(character: str, raw: bytes) -> list[str]:
    """What becomes of a character between programs that do not agree on its encoding."""
    latin = character.encode("latin-1", "ignore")
    escaped = ["".join(rf"\\x{_any_case(f'{byte:02x}')}" for byte in data) for data in (raw, latin) if data]
    return [*escaped, "[^\x00-\x7f]{1,4}", r"\?"]


def _any_case(digits: str) -> str:
    """A pattern for hexadecimal digits in either case."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _without_beginnings(text: str, secrets: Iterable[str]) -> str:
    """Replace beginnings of secrets where the text was cut off: at its end, or before a quote or an ellipsis."""
    for secret in secrets:
        at = text.find(secret[:MIN_LENGTH])
        while at >= 0:
            end = at + MIN_LENGTH
            while end < len(text) and text[at : end + 1] == secret[: end + 1 - at]:
                end += 1
            if _CUT.match(text, end):
                text = f"{text[:at]}{MASK}{text[end:]}"
            at = text.find(secret[:MIN_LENGTH], at + 1)
    return text
