r"""``-w`` templates: curl's ``%{name}`` over the columns, with ``%%``, ``\n``, ``\r`` and ``\t``."""

import re
from collections.abc import Callable

from fetchcli.core.errors import UsageError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.rows.columns import header_column
from fetchcli.core.rows.schema import Schema
from fetchcli.core.text import visible

_TOKEN = lazy_pattern(r"%(?P<header>header)?\{(?P<name>[^}]*)\}|%%|\\(?P<escape>[nrt\\])|%\{")
CURL_CODES = ("http_code", "response_code")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}


def compile_template(template: str, schema: Schema) -> Callable[[Outcome], str]:
    """Compile a template to a function from outcome to text.

    Raises:
        UsageError: an unknown name, or ``%{`` without ``}``.
    """
    parts: list[str | Callable[[Outcome], str]] = []
    position = 0
    for token in _TOKEN.finditer(template):
        parts.append(template[position : token.start()])
        parts.append(_part(token, template, schema))
        position = token.end()
    parts.append(template[position:])

    def render(outcome: Outcome) -> str:
        return "".join(part if isinstance(part, str) else part(outcome) for part in parts)

    return render


def _part(token: re.Match[str], template: str, schema: Schema) -> str | Callable[[Outcome], str]:
    if token["name"] is not None:
        column = header_column(token["name"]) if token["header"] else schema.find(token["name"])
        if token["name"] in CURL_CODES:  # as curl writes it where there is no response
            return lambda outcome: "000" if outcome.response is None else f"{outcome.response.status:03}"
        get = column.get
        return lambda outcome: visible(column.text(get(outcome)))
    if token["escape"]:
        return _ESCAPES[token["escape"]]
    if token[0] == "%%":
        return "%"
    raise UsageError(f"-w: '%{{' without '}}' at {template[token.start() : token.start() + 20]!r}")
