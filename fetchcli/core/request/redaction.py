"""Replace secrets in texts that are shown, also where a server echoed them in another encoding."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.secrets import MASK

MIN_LENGTH = 6  # characters; shorter values would be replaced all over the place
FEW_FORMS = 16  # that are searched for one by one
CACHED_TEXTS = 1024
_PERCENT = rb"%(?P<percent>[0-9a-fA-F]{2})"
_JSON = (
    rb"\\x(?P<byte>[0-9a-fA-F]{2})|\\u(?P<unit>[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?)"
    rb"|\\(?P<letter>[\"'\\/bfnrt])"
)
# A secret may itself contain what looks like an escape of the other kind, so each kind is undone alone as well.
_ONLY_PERCENT = lazy_pattern(rb"(?P<byte>)(?P<unit>)(?P<letter>)" + _PERCENT)
_ONLY_JSON = lazy_pattern(rb"(?P<percent>)(?:" + _JSON + rb")")
_ESCAPE = lazy_pattern(_PERCENT + rb"|" + _JSON)
_CONTINUATIONS = frozenset(bytes([byte]) for byte in range(0x80, 0xC0))  # bytes inside a character of UTF-8
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_CUT = lazy_pattern(rb"\Z|\.\.\.|\xe2\x80\xa6")  # what follows a text that was cut off: the last is an ellipsis

Span = tuple[int, int]


class Redactor:
    """Replaces secrets by ``***``.

    A secret is found raw, percent-encoded (RFC 3986 section 2.1) and JSON-escaped (RFC 8259 section 7), in any
    mixture of these, in Latin-1 as well as in UTF-8, and where a text was cut off inside it.

    Args:
        secrets: the secrets that are known; values shorter than `MIN_LENGTH` are left out.
        base: a redactor whose secrets are replaced as well.
    """

    def __init__(self, secrets: Iterable[str] = (), base: "Redactor | None" = None) -> None:
        self._base = base
        self._secrets: frozenset[str] = frozenset()
        self._forms: tuple[_Forms, ...] = ()  # none, or one for all of them
        self._replaced = lru_cache(maxsize=CACHED_TEXTS)(_replaced)
        self.update(secrets)

    def __reduce__(self) -> "tuple[type[Redactor], tuple[Iterable[str], Redactor | None]]":
        """For `pickle`, which cannot keep the cache."""
        return Redactor, (tuple(sorted(self._secrets)), self._base)

    def with_more(self, secrets: Iterable[str]) -> "Redactor":
        """A redactor for these, too; it shares what is known of the others."""
        return Redactor(secrets, base=self)

    def add(self, secret: str) -> None:
        """Replace this from now on. Only one thread may add; others may replace meanwhile."""
        self.update((secret,))

    def update(self, secrets: Iterable[str]) -> None:
        """Replace these from now on; see `add`."""
        stripped = (secret.strip() for secret in secrets)  # as header values are
        if new := {secret for secret in stripped if len(secret) >= MIN_LENGTH and secret not in self._secrets}:
            self._secrets |= new
            # One assignment: whoever replaces sees the forms of before or of now.
            known = self._forms[0].all if self._forms else ()
            self._forms = (_Forms({*known, *(form for secret in new for form in _forms(secret))}),)

    @property
    def forms(self) -> "tuple[_Forms, ...]":
        """The forms of all secrets, those of the base included."""
        return self._forms if self._base is None else self._base.forms + self._forms

    @property
    def any(self) -> bool:
        """True if there is anything to replace."""
        return bool(self.forms)

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        groups = self.forms
        return self._replaced(text, groups) if text and groups else text


class _Forms:
    """The bytes that secrets may be echoed as; compared by identity.

    Attributes:
        all: the forms, the longest first.
        by_beginning: the forms by their first bytes, if there are many.
    """

    def __init__(self, forms: Iterable[bytes]) -> None:
        self.all = tuple(sorted(forms, key=len, reverse=True))
        self.by_beginning: dict[bytes, list[bytes]] = {}
        for form in self.all if len(self.all) > FEW_FORMS else ():
            self.by_beginning.setdefault(form[:MIN_LENGTH], []).append(form)


def _forms(secret: str) -> Iterator[bytes]:
    """The bytes that a secret may be echoed as, once escapes are undone."""
    utf8 = secret.encode("utf-8", "surrogateescape")
    yield utf8
    yield utf8.replace(b" ", b"+")
    if secret.isascii():
        return
    with suppress(UnicodeEncodeError):
        yield secret.encode("latin-1")
    yield utf8.decode("latin-1").encode()  # UTF-8 that was taken for Latin-1
    if sum(char.isascii() for char in secret) >= MIN_LENGTH:  # else any unreadable text would be one
        yield utf8.decode("ascii", "replace").encode()
        yield "".join(char if char.isascii() else "\ufffd" for char in secret).encode()
        yield secret.encode("ascii", "replace")


def _replaced(text: str, groups: tuple[_Forms, ...]) -> str:
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate is no part of a secret
        data = text.encode("utf-8", "replace")
    spans = [span for forms in groups for span in _spans(data, forms)]
    for escape in _escapes(data):
        plain, starts, sources = _unescaped(data, escape)
        for start, end in (span for forms in groups for span in _spans(plain, forms)):
            spans.append((_source(start, starts, sources), _source(end, starts, sources)))
    if not spans:
        return text
    pieces, position = [], 0
    for start, end in _merged(spans):
        pieces += [data[position:start], MASK.encode()]
        position = end
    return b"".join([*pieces, data[position:]]).decode("utf-8", "surrogateescape")


def _spans(data: bytes, forms: _Forms) -> Iterator[Span]:
    """Find secrets, and beginnings of secrets where the text was cut off."""
    for at, form in _candidates(data, forms):
        if data.startswith(form, at):
            yield at, at + len(form)
        elif _CUT.match(data, end := at + _common(form, data, at)):
            yield at, end


def _candidates(data: bytes, forms: _Forms) -> Iterator[tuple[int, bytes]]:
    """Find where forms may begin; the effort does not grow with the number of forms."""
    if forms.by_beginning:
        for at in range(len(data) - MIN_LENGTH + 1):
            for form in forms.by_beginning.get(data[at : at + MIN_LENGTH], ()):
                yield at, form
        return
    for form in forms.all:
        at = data.find(form[:MIN_LENGTH])
        while at >= 0:
            yield at, form
            at = data.find(form[:MIN_LENGTH], at + 1)


def _common(form: bytes, data: bytes, at: int) -> int:
    """Count the bytes of a form that stand at a position."""
    length = MIN_LENGTH
    while length < len(form) and data[at + length : at + length + 1] == form[length : length + 1]:
        length += 1
    while length > MIN_LENGTH and data[at + length : at + length + 1] in _CONTINUATIONS:
        length -= 1  # an ellipsis may begin as the next character of the secret
    return length


def _escapes(data: bytes) -> tuple[re.Pattern[bytes], ...]:
    """The kinds of escapes to undo, one after another."""
    if b"\\" not in data:
        return (_ONLY_PERCENT,) if b"%" in data else ()
    return (_ONLY_PERCENT, _ONLY_JSON, _ESCAPE) if b"%" in data else (_ONLY_JSON,)


def _unescaped(data: bytes, escape: re.Pattern[bytes]) -> tuple[bytes, list[int], list[int]]:
    """The bytes with escapes undone, and where each of their stretches starts, there and in ``data``."""
    pieces: list[bytes] = []
    starts, sources = [0], [0]
    position = size = 0
    for match in escape.finditer(data):
        between, char = data[position : match.start()], _character(match)
        pieces += [between, char]
        starts += [size + len(between), size := size + len(between) + len(char)]
        sources += [match.start(), position := match.end()]
    return b"".join([*pieces, data[position:]]), starts, sources


def _character(match: re.Match[bytes]) -> bytes:
    """The bytes that an escape stands for."""
    if digits := match["percent"] or match["byte"]:
        return bytes([int(digits, 16)])
    if units := match["unit"]:
        return bytes.fromhex(units.decode().replace("\\u", "")).decode("utf-16-be", "replace").encode()
    return _LETTERS.get(match["letter"], match["letter"])


def _source(position: int, starts: list[int], sources: list[int]) -> int:
    """Map a position in the unescaped bytes to the escaped ones."""
    at = bisect_right(starts, position) - 1
    return sources[at] + position - starts[at]


def _merged(spans: list[Span]) -> Iterator[Span]:
    """The spans in order, those that overlap as one."""
    first, *others = sorted(spans)
    start, end = first
    for other_start, other_end in others:
        if other_start >= end:
            yield start, end
            start = other_start
        end = max(end, other_end)
    yield start, end
