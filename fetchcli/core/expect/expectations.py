"""Expectations: parse what users write into checks.

A row writes them under the names in `KEYS`, the command line in the options of the same names.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.expect.expressions import compile_path, compile_regex
from fetchcli.core.expect.status import parse_status_set
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.units import parse_duration, parse_size
from fetchcli.core.url.parse import parse_url

MATCHES, CONTAINS, EXISTS, ABSENT = "~", "contains", "exists", "absent"
_TOKEN = lazy_pattern(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BOUND = lazy_pattern(r"(==|!=|<=|>=|<|>|)\s*(\S.*)")
_DAYS = lazy_pattern(r"\d{1,6}(?:\.\d{1,6})?")
_COUNT = lazy_pattern(r"\d{1,6}")
_SHA256 = lazy_pattern(r"[0-9a-fA-F]{64}")
# Quoted parts of a JMESPath expression (literals and raw strings), brackets, and our operators.
_JSON_TOKEN = lazy_pattern(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|(?P<open>[\[({])|(?P<close>[\])}])"""
    r"""|(?P<op>==|!=|<=|>=|<|>|~|(?<=\s)(?:contains|exists|absent)(?!\S))""",
    re.DOTALL,
)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation.

    Attributes:
        kind: one of `KEYS`.
        text: as written.
        op: ``== != < <= > >= ~ contains exists absent``; empty if the kind implies it.
        value: what to compare with.
        subject: the header name, or the JMESPath expression.
    """

    kind: str
    text: str
    op: str
    value: Any = None
    subject: str = ""


class Expected(msgspec.Struct, frozen=True):
    """The expectations of a row that has its own.

    Attributes:
        checks: all checks of the row, including those of the run.
        as_written: what the row says, by key.
    """

    checks: tuple[Check, ...]
    as_written: Mapping[str, tuple[str, ...]]


def _status(text: str) -> Check:
    return Check(kind="status", text=text, op="", value=parse_status_set(text))


def _header(text: str) -> Check:
    match = _TOKEN.match(text)
    name = match[0].lower() if match else ""
    rest = text[len(name) :]
    as_written = rest.removeprefix(":").strip()
    if not name or not as_written or not (rest.startswith(":") or rest[:1].isspace()):
        raise UsageError(f"{text!r}: expected 'NAME: VALUE', 'NAME: ~ REGEX', 'NAME: exists' or 'NAME: absent'")
    if as_written in (EXISTS, ABSENT):
        return Check(kind="header", text=text, op=as_written, value=None, subject=name)
    if as_written.startswith("~"):
        return Check(kind="header", text=text, op=MATCHES, value=_regex(as_written[1:].strip()), subject=name)
    if not rest.startswith(":"):
        raise UsageError(f"{text!r}: no colon after the name; expected 'NAME: VALUE'")
    return Check(kind="header", text=text, op="==", value=as_written, subject=name)


def _body(text: str) -> Check:
    if text.startswith("~"):
        return Check(kind="body", text=text, op=MATCHES, value=_regex(text[1:].strip()))
    if not text:
        raise UsageError("an empty text matches every body; use --expect-size '>0'")
    return Check(kind="body", text=text, op=CONTAINS, value=text)


def _json(text: str) -> Check:
    """Parse ``PATH OP VALUE``; the first operator outside quotes and brackets separates them."""
    depth, text = 0, text.strip()
    for token in _JSON_TOKEN.finditer(text):
        depth += bool(token["open"]) - bool(token["close"])
        if token["op"] and not depth:
            break
    else:
        raise UsageError(f"{text!r}: expected PATH OP VALUE, such as 'status == \"ok\"', or 'PATH exists'")
    path, op, rest = text[: token.start()].strip(), token["op"], text[token.end() :].strip()
    compile_path(path)
    if op in (EXISTS, ABSENT):
        if rest:
            raise UsageError(f"{text!r}: expected nothing after {op}")
        return Check(kind="json", text=text, op=op, value=None, subject=path)
    if not rest:
        raise UsageError(f"{text!r}: expected a value after {op}")
    try:
        value = msgspec.json.decode(rest)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        if op != MATCHES:
            raise UsageError(f'{text!r}: {rest!r} is not a JSON value; put text in quotes: "ok"') from None
        value = rest
    if op == MATCHES:
        value = _regex(value if isinstance(value, str) else rest)
    if op in ("<", "<=", ">", ">=") and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        raise UsageError(f"{text!r}: {op} compares numbers or text")
    return Check(kind="json", text=text, op=op, value=value, subject=path)


def _sha256(text: str) -> Check:
    if not _SHA256.fullmatch(text.strip()):
        raise UsageError(f"{text!r} is not a SHA-256; expected 64 hexadecimal digits")
    return Check(kind="sha256", text=text, op="==", value=text.strip().lower())


def _final_url(text: str) -> Check:
    if text.startswith("~"):
        return Check(kind="final_url", text=text, op=MATCHES, value=_regex(text[1:].strip()))
    try:
        url = parse_url(text.strip())
    except InvalidUrl as error:
        raise UsageError(f"{text!r}: {error}") from None
    return Check(kind="final_url", text=text, op="==", value=url.public)


def _redirects(text: str) -> Check:
    return _comparison("redirects", text, _COUNT, "a number of redirects", "0")


def _cert_days(text: str) -> Check:
    return _comparison("cert_days", text, _DAYS, "a number of days", ">14")


def _comparison(kind: str, text: str, number: re.Pattern[str], noun: str, example: str) -> Check:
    match = _BOUND.fullmatch(text.strip())
    if match is None or not number.fullmatch(match[2]):
        raise UsageError(f"{text!r} is not {noun}; write it as {example}")
    return Check(kind=kind, text=text, op=match[1] or "==", value=float(match[2]))


def _size(text: str) -> Check:
    match = _BOUND.fullmatch(text.strip())
    try:
        size = parse_size(match[2]) if match else None
    except UsageError:
        size = None
    if match is None or size is None:
        raise UsageError(f"{text!r} is not a size; write it as '>1K', '<=2M' or 512")
    return Check(kind="size", text=text, op=match[1] or "==", value=size)


def _max_latency(text: str) -> Check:
    seconds = parse_duration(text)
    if seconds is None:
        raise UsageError(f"{text!r} is not a limit; expected a duration such as 800ms")
    return Check(kind="max_latency", text=text, op="<=", value=seconds)


KEYS: dict[str, Callable[[str], Check]] = {
    "status": _status,
    "header": _header,
    "body": _body,
    "json": _json,
    "sha256": _sha256,
    "final_url": _final_url,
    "redirects": _redirects,
    "size": _size,
    "cert_days": _cert_days,
    "max_latency": _max_latency,
}
BODY_KINDS = frozenset({"body", "json"})


def parse_checks(kind: str, texts: tuple[str, ...]) -> tuple[Check, ...]:
    """Parse the checks of one key.

    Raises:
        UsageError: a text is malformed; the message says how to write it.
    """
    return tuple(KEYS[kind](text) for text in texts)


def merged(base: tuple[Check, ...], as_written: Mapping[str, tuple[str, ...]]) -> Expected:
    """The expectations of a row: its own replace those of the run with the same key.

    Raises:
        UsageError: as `parse_checks`; the message starts with the key.
    """
    row_checks: list[Check] = []
    for kind, texts in as_written.items():
        try:
            row_checks += parse_checks(kind, texts)
        except UsageError as error:
            raise UsageError(f"{kind}: {error}") from None
    return Expected((*(check for check in base if check.kind not in as_written), *row_checks), as_written)


def _regex(text: str) -> str:
    """The text of a regular expression, which must compile."""
    if not text:
        raise UsageError("no regular expression after ~")
    compile_regex(text)
    return text
