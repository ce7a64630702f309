"""Split what was pasted from a POSIX shell into simple commands and their words (POSIX.1-2024, Shell Command Language).

Redirections are read and left out. What the shell would substitute is not known here, so a command that
contains it is marked.
"""

import re
from typing import NamedTuple

from fetchcli.core.pattern import lazy_pattern

_PIECE = lazy_pattern(
    r"""
    '(?P<single>[^']*)'
  | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
  | "(?P<double>(?:[^"\\]|\\.)*)"
  | (?P<continued>\\\n)
  | \\(?P<escaped>.)
  | (?P<expansion>
        `(?:[^`\\]|\\.)*+`
      | \$\((?:[^()'"]|'[^']*'|"(?:[^"\\]|\\.)*+"|\([^()]*\))*+\)
      | \$"(?:[^"\\]|\\.)*+" | \$\{[^}]{0,200}\} | \$[A-Za-z0-9_]+ | [<>]\( | ` | \$[{(@*\#?$!-]
    )
  | (?P<redirection><<<|<<-?|<>|<&|<|&>>|&>|>>|>\||>&|>)
  | (?P<plain>(?:[^ \t\r\n'"\\;&|$`<>]|\$(?!['"A-Za-z0-9_{(@*\#?$!-]))+)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPERATOR = lazy_pattern(r"[\n;]+|&&|&|\|\||\|&?")
_BLANK = lazy_pattern(r"[ \t\r]+")
_COMMENT = lazy_pattern(r"#[^\n]*")
_IN_DOUBLE = lazy_pattern(r'\\([$`"\\])|\\\n')
_ANSI = lazy_pattern(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
_HALVES = lazy_pattern("[\ud800-\udbff][\udc00-\udfff]")
_ANSI_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_LITERAL = lazy_pattern(
    r"(?:[^\\$`]|\\.|\$(?![A-Za-z0-9_{(@*#?$!-]))*\Z", re.DOTALL
)  # the inside of double quotes without expansions
_NO_URL = frozenset(("", " ", "\t", "\r", "\n", "'", '"'))  # what stands before an operator if no URL was cut
_ASSIGNED = lazy_pattern(r"[^\s=]+=|[^\s=]+\Z")


class Unfinished(ValueError):  # noqa: N818 - no error yet: more may come
    """A quote is open, or the last character is a backslash."""


class Command(NamedTuple):
    """A simple command.

    Attributes:
        words: the words, quotes removed.
        expands: the shell would substitute a variable or a command in it.
        has_document: a here-document is its input.
        cut: what follows it directly, behind an unquoted ``&`` or ``;``, looks like the rest of a URL.
    """

    words: list[str]
    expands: bool = False
    has_document: bool = False
    cut: bool = False


def split_commands(text: str) -> list[Command]:
    """The commands of a list (``a; b && c || d | e``), in order.

    Raises:
        Unfinished: the text ends inside a word.
        ValueError: an escape stands for no character, or a redirection has no target.
    """
    splitter = _Splitter(text)
    position = 0
    while position < len(text):
        position = splitter.step(position)
    splitter.end_command()
    return splitter.commands


class _Splitter:
    """The commands so far, and the one that is being read."""

    def __init__(self, text: str) -> None:
        self.commands: list[Command] = []
        self._text = text
        self._words: list[str] = []
        self._word: str | None = None
        self._number = False  # the word consists of unquoted digits: before < or > it is a descriptor
        self._redirection = ""  # the operator whose target is the next word
        self._word_expands = self._expands = self._has_document = False

    def step(self, at: int) -> int:
        """Read one piece of a word, a blank, a comment or an operator; return where it ends."""
        match = _PIECE.match(self._text, at)
        if match is None or match.lastgroup in ("redirection", "expansion"):
            return self._syntax(at, match)
        kind = match.lastgroup or ""
        if kind == "plain" and self._word is None and match[kind].startswith("#"):
            match = _COMMENT.match(self._text, at) or match
        elif kind != "continued":
            self._number = kind == "plain" and match[kind].isdecimal() and (self._word is None or self._number)
            self._word_expands = self._word_expands or (kind == "double" and not _LITERAL.match(match[kind]))
            self._word = (self._word or "") + _UNQUOTE[kind](match[kind])
        return match.end()

    def _syntax(self, at: int, match: re.Match[str] | None) -> int:
        if match is None:
            if not (match := _BLANK.match(self._text, at)):
                return self._operator(at)
            self._end_word()
        elif match.lastgroup == "expansion":
            self._word_expands, self._word, self._number = True, self._word or "", False
        else:
            if self._number:
                self._word = None
            self._end_word()
            self._redirection = match[0]
        return match.end()

    def _operator(self, at: int) -> int:
        match = _OPERATOR.match(self._text, at)
        if match is None:
            raise Unfinished  # an open quote, or a backslash at the end
        end = match.end()
        followed = re.match(r"[^\s;&|]+", self._text[end : end + 80])
        glued = match[0] in ("&", ";") and self._text[at - 1 : at] not in _NO_URL and followed is not None
        rest = followed[0] if followed is not None else ""
        self.end_command(cut=glued and _ASSIGNED.match(rest) is not None and (match[0] == "&" or "=" in rest))
        return end

    def _end_word(self) -> None:
        word, self._word, self._number = self._word, None, False
        expands, self._word_expands = self._word_expands, False
        if word is None:
            return
        if self._redirection:  # where the output of this command would go is of no interest
            self._has_document = self._has_document or self._redirection in ("<<", "<<-")
            self._redirection = ""
        else:
            self._words.append(word)
            self._expands = self._expands or expands

    def end_command(self, *, cut: bool = False) -> None:
        """The command ends here."""
        self._end_word()
        if self._redirection:
            raise ValueError(f"nothing follows the redirection {self._redirection}")
        if self._words or self._expands:
            self.commands.append(Command(self._words, self._expands, self._has_document, cut))
        self._words, self._expands, self._has_document = [], False, False


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
