r"""Words of a POSIX shell: taken apart as browsers write them (``$'...'`` included), and quoted."""

import re

_PIECE = re.compile(
    r"""
    '(?P<single>[^']*)'
  | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
  | "(?P<double>(?:[^"\\]|\\.)*)"
  | (?P<continued>\\\n)
  | \\(?P<escaped>.)
  | (?P<plain>(?:[^\s'"\\;&|$]|\$(?!'))+)
    """,
    re.VERBOSE | re.DOTALL,
)
PIPE = "\0|"  # no word: a shell's words hold no NUL
_END = re.compile(r"[;&\n]+")
_BLANK = re.compile(r"[ \t\r]+")
_IN_DOUBLE = re.compile(r'\\([$`"\\])|\\\n')
_ANSI = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
_ANSI_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


class Unfinished(ValueError):  # noqa: N818 - no error yet: more may come
    """A quote is open, or a backslash is the last character."""


def split_commands(text: str) -> list[list[str]]:
    """The words of every command; they end at a line end, ``;`` or ``&``. A pipe is the word `PIPE`.

    Raises:
        Unfinished: more must come.
    """
    commands: list[list[str]] = [[]]
    word: str | None = None
    position = 0
    while position < len(text):
        if match := _PIECE.match(text, position):
            kind = match.lastgroup or ""
            if kind != "continued":
                word = (word or "") + _UNQUOTE[kind](match[kind])
        else:
            if word is not None:
                commands[-1].append(word)
                word = None
            if match := _END.match(text, position):
                commands.append([])
            elif text[position] == "|":
                commands[-1].append(PIPE)
                position += 1
                continue
            elif not (match := _BLANK.match(text, position)):
                raise Unfinished
        position = match.end()
    if word is not None:
        commands[-1].append(word)
    return [command for command in commands if command]


def _ansi(text: str) -> str:
    def decode(match: re.Match[str]) -> str:
        for group, base in ((1, 16), (2, 16), (3, 16), (4, 8)):
            if match[group]:
                code = int(match[group], base)
                return chr(code) if code < 0x80 or group in (2, 3) else chr(0xDC00 + (code & 0xFF))
        return _ANSI_LETTERS.get(match[5], match[5] if match[5] in "\\'\"?" else match[0])

    # Bytes that are written one by one may make up characters together.
    return _ANSI.sub(decode, text).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


_UNQUOTE = {
    "single": lambda text: text,
    "plain": lambda text: text,
    "escaped": lambda text: text,
    "double": lambda text: _IN_DOUBLE.sub(lambda match: match[1] or "", text),
    "ansi": _ansi,
}


def quote(text: str, secrets: dict[str, str] | None = None) -> str:
    """One word for a POSIX shell.

    Args:
        text: without NUL.
        secrets: values by the name of the environment variable that they came from; where one
            stands in the text, the shell is told to put it there.
    """
    found = [(value, name) for name, value in (secrets or {}).items() if value and value in text]
    if not found:
        return text if _SAFE.fullmatch(text) else "'" + text.replace("'", "'\\''") + "'"
    value, name = max(found, key=lambda pair: len(pair[0]))
    pieces = text.split(value)
    return f'"${{{name}}}"'.join(quote(piece, secrets) if piece else "" for piece in pieces)
