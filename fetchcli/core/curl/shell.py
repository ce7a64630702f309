"""Words of a POSIX shell: split as browsers write them (including ``$'...'``), and quote."""

import re

from fetchcli.core.request.secrets import split_marks

_PIECE = re.compile(
    r"""
    '(?P<single>[^']*)'
  | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
  | "(?P<double>(?:[^"\\]|\\.)*)"
  | (?P<continued>\\\n)
  | \\(?P<escaped>.)
  | (?P<expansion>`|\$["A-Za-z0-9_{(@*\#?$!-])
  | (?P<plain>(?:[^ \t\r\n'"\\;&|$`]|\$(?!['"A-Za-z0-9_{(@*\#?$!-]))+)
    """,
    re.VERBOSE | re.DOTALL,
)
PIPE = "\0|"  # not a word: words of a shell contain no NUL
_END = re.compile(r"[;&\n]+(?:[ \t\r]*#[^\n]*)?")
_BLANK = re.compile(r"[ \t\r]+(?:#[^\n]*)?")  # including a comment
_IN_DOUBLE = re.compile(r'\\([$`"\\])|\\\n')
_ANSI = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ANSI_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_ESCAPED = {ord("\n"): "\\n", ord("'"): "\\047", ord("%"): "%%", ord("\\"): "\\\\"}
_SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_EXPANDED = re.compile(
    r"(?:[^\\$`]|\\.|\$(?![A-Za-z0-9_{(@*#?$!-]))*\Z", re.DOTALL
)  # the inside of double quotes without expansions


class Expansion(ValueError):  # noqa: N818 - named after the shell's term
    """The shell would substitute a variable or a command."""


class Unfinished(ValueError):  # noqa: N818 - no error yet: more may come
    """A quote is open, or the last character is a backslash."""


def split_commands(text: str) -> list[list[str]]:
    """The words of every command. Commands end at a line end, ``;`` or ``&``; a pipe is the word `PIPE`.

    Raises:
        Unfinished: the text ends inside a word.
        Expansion: the shell would substitute something.
        ValueError: an escape stands for no character.
    """
    commands: list[list[str]] = [[]]
    word: str | None = None
    position = 0
    while position < len(text):
        if match := _PIECE.match(text, position):
            kind = match.lastgroup or ""
            if kind == "expansion" or (kind == "double" and not _EXPANDED.match(match[kind])):
                raise Expansion
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
                raise Unfinished  # an open quote, or a backslash at the end
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

    # Browsers write characters beyond U+FFFF as surrogate pairs, and several bytes may form one character.
    halves = _HALVES.sub(_join_surrogates, _ANSI.sub(decode, text))
    return halves.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _join_surrogates(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


_UNQUOTE = {
    "single": lambda text: text,
    "plain": lambda text: text,
    "escaped": lambda text: text,
    "double": lambda text: _IN_DOUBLE.sub(lambda match: match[1] or "", text),
    "ansi": _ansi,
}


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
