"""Templates of names: ``{host}/{seq:06}{ext}``. The table of their fields is `FIELDS`."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.http1.disposition import file_name
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.target import Target
from fetchcli.core.naming import layout
from fetchcli.core.naming.clean import clean_path, split_extension
from fetchcli.core.naming.media_types import extension_of
from fetchcli.core.pattern import lazy_pattern

_TOKEN = lazy_pattern(r"\{\{|\}\}|\{(?P<name>[^{}:]*)(?::(?P<spec>[^{}]*))?\}|[{}]")
_SLICE = lazy_pattern(r"(?P<start>\d+)?(?P<colon>:)?(?P<end>\d+)?")
_ESCAPED_SLASH = "%2F"
Redact = Callable[[str], str]


class Context(NamedTuple):
    """What a name is made of.

    Attributes:
        row: the row.
        response: its response, or None before there is one.
        redact: replaces secrets.
        date: the date of the run, ``2026-11-26``.
    """

    row: Target
    response: Response | None
    redact: Redact
    date: str


class Field(NamedTuple):
    """One field of templates.

    Attributes:
        name: as templates write it.
        doc: its meaning, for documentation.
        get: its value.
        late: it is known only with the response.
        paths: its value may contain ``/``.
    """

    name: str
    doc: str
    get: Callable[[Context], object]
    late: bool = False
    paths: bool = False


def _name(context: Context) -> str:
    return layout.path_names(context.row.url)[-1]


def _path(context: Context) -> str:
    url = context.row.url
    return layout.plain_path(url) or _joined(layout.path_names(url))


def _page(context: Context) -> str:
    url = context.row.url
    return layout.plain_path(url) or _joined(layout.page_names(url))


def _joined(names: list[str]) -> str:
    """Components as a path; those that contain a slash keep it as an escape."""
    text = "/".join(names)
    if text.count("/") < len(names):
        return text
    return "/".join(name.replace("/", _ESCAPED_SLASH) for name in names)


def _extension(context: Context) -> str:
    response = context.response
    known = "" if response is None else extension_of(response.content_type)
    return known or split_extension(_name(context))[1]


def _proposed(context: Context) -> str:
    response = context.response
    return ("" if response is None else file_name(response.headers)) or _name(context)


FIELDS: tuple[Field, ...] = (
    Field("seq", "number of the row, from 1", lambda c: c.row.seq),
    Field("line", "line number in the list, from 1; 0 without lines", lambda c: c.row.line),
    Field("round", "number of the round, from 1", lambda c: c.row.round),
    Field("host", "host; with a port that is not the default, `host+8080`", lambda c: layout.host_name(c.row.url)),
    Field("port", "port", lambda c: c.row.url.port),
    Field("path", "path of the URL; `index.html` at the end of a folder", _path, paths=True),
    Field("name", "last part of the path", _name),
    Field("stem", "the name without its extension", lambda c: split_extension(_name(c))[0]),
    Field("query", "query of the URL", lambda c: layout.query(c.row.url)),
    Field("tag", "tag of the row", lambda c: c.row.tag),
    Field("date", "date of the start of the run, UTC: `2026-11-26`", lambda c: c.date),
    Field("ext", "extension for the content type, else that of the URL, with its dot", _extension, late=True),
    Field("sha256", "SHA-256 of the body", lambda c: c.response and c.response.sha256, late=True),
    Field("status", "status of the response", lambda c: c.response and c.response.status, late=True),
)
PAGE = Field("page", "path and query, as `wget -x` names them", _page, paths=True)
PROPOSED = Field("proposed", "the name in Content-Disposition, else the last part of the path", _proposed, late=True)
_FIELDS = {field.name: field for field in (*FIELDS, PAGE, PROPOSED)}


class Template:
    """A compiled template.

    Attributes:
        late: a field is known only with the response.
        hashed: the hash of the body, or a part of it, is part of the name.
        addressed: the whole hash of the body is part of the name, so equal names mean equal bodies.
        numbered: the number of the row is part of the name, so no two rows have one name.
    """

    def __init__(self, text: str, keep: Sequence[str] = ()) -> None:
        """Compile a template.

        Args:
            text: the template; ``{{`` and ``}}`` stand for braces.
            keep: names of the carried columns.

        Raises:
            UsageError: a field is unknown or malformed.
        """
        self._parts: list[str | tuple[Field, Callable[[str], str]]] = []
        self.late = self.hashed = self.addressed = self.numbered = False
        position = 0
        for token in _TOKEN.finditer(text):
            self._parts.append(text[position : token.start()])
            position = token.end()
            if token["name"] is None:
                if len(token[0]) == 1:
                    raise UsageError(f"{token[0]!r} alone in {text!r}; write {token[0] * 2} for a brace in a name")
                self._parts.append(token[0][0])
                continue
            field = _field(token["name"], keep)
            self.late |= field.late
            self.hashed |= field.name == "sha256"
            self.numbered |= field.name == "seq"
            self.addressed |= field.name == "sha256" and not token["spec"]
            self._parts.append((field, _format(field, token["spec"] or "")))
        self._parts.append(text[position:])

    def name(self, context: Context) -> str:
        """The name for a row: components joined by ``/``, each of them safe."""
        text = self._joined(context)
        if context.redact is not str:
            text = "/".join([context.redact(part) for part in text.split("/")])
        return clean_path(text)

    def _joined(self, context: Context) -> str:
        text = ""
        for part in self._parts:
            if isinstance(part, str):
                text += part
                continue
            field, format_ = part
            if field.late and context.response is None:
                text += f"({field.name})"
                continue
            value = field.get(context)
            value = value if isinstance(value, str) else _text(value)
            if context.redact is not str:  # before a part is taken of it
                value = context.redact(value)
            value = format_(value)
            text += value if field.paths or "/" not in value else value.replace("/", _ESCAPED_SLASH)
        return text


def _field(name: str, keep: Sequence[str]) -> Field:
    if name in keep:
        at = keep.index(name)
        return Field(name, "", lambda c: c.row.carried[at] if at < len(c.row.carried) else None)
    field = _FIELDS.get(name)
    if field is None:
        from difflib import get_close_matches  # only an error needs it

        known = [field.name for field in FIELDS]
        near = get_close_matches(name, [*known, *keep], n=1)
        hint = f"did you mean {{{near[0]}}}?" if near else f"known: {', '.join(known)}, and the columns of --keep"
        raise UsageError(f"no field is named {{{name}}}; {hint}")
    return field


def _text(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def _format(field: Field, spec: str) -> Callable[[str], str]:
    """The function for what follows the colon: a width for numbers, the part of a text as Python slices it."""
    if not spec:
        return str
    if field.name in ("seq", "line", "round", "port", "status"):
        if not spec.isdigit() or not 0 < int(spec) <= 20:
            raise UsageError(f"{{{field.name}:{spec}}}: expected a width such as {{{field.name}:06}}")
        width = int(spec)
        return lambda text: text.zfill(width)
    match = _SLICE.fullmatch(spec)
    if match is None or len(spec) > 9:
        raise UsageError(f"{{{field.name}:{spec}}}: expected a length such as {{{field.name}:2}}, or a part: :2:4")
    start, end = (int(match[group]) if match[group] else None for group in ("start", "end"))
    part = slice(start, end) if match["colon"] else slice(start)
    return lambda text: text[part]
