"""What responses are expected to be: as people write it, and as `checks` evaluates it.

A row says it under the names of `KEYS`, the command line by the options of the same name.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from fetchcli.core.errors import InvalidUrl, UsageError
from fetchcli.core.status import parse_status_set
from fetchcli.core.units import parse_duration, parse_size
from fetchcli.core.urls import parse_url

MATCHES, CONTAINS, EXISTS, ABSENT = "~", "contains", "exists", "absent"
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BOUND = re.compile(r"(==|!=|<=|>=|<|>|)\s*(\S.*)")
_DAYS = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_COUNT = re.compile(r"\d{1,6}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# Quoted parts of a JMESPath expression (literals and raw strings), brackets, and our operators.
_JSON_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`)|(?P<open>[\[({])|(?P<close>[\])}])"""
    r"""|(?P<op>==|!=|<=|>=|<|>|~|(?<=\s)(?:contains|exists|absent)(?!\S))""",
    re.DOTALL,
)


class Check(msgspec.Struct, frozen=True):
    """One thing that is expected of a response.

    Attributes:
        kind: which of `KEYS`.
        text: as it was written.
        op: how to compare: ``== != < <= > >= ~ contains exists absent``; empty where the kind says it all.
        value: what to compare with.
        subject: the header, or the JMESPath expression, that is looked at.
    """

    kind: str
    text: str
    op: str
    value: Any = None
    subject: str = ""


class Expected(msgspec.Struct, frozen=True):
    """What is expected of a row that says something of that itself.

    Attributes:
        checks: all that hold for it, those of the run included.
        said: what the row says, by key, as written.
    """

    checks: tuple[Check, ...]
    said: Mapping[str, tuple[str, ...]]


def _status(text: str) -> Check:
    return Check("status", text, "", parse_status_set(text, ""))


def _header(text: str) -> Check:
    match = _TOKEN.match(text)
    name = match[0].lower() if match else ""
    rest = text[len(name) :]
    said = rest.removeprefix(":").strip()
    if not name or not said or not (rest.startswith(":") or rest[:1].isspace()):
        raise UsageError(f"{text!r}: write 'NAME: VALUE', 'NAME: ~ REGEX', 'NAME: exists' or 'NAME: absent'")
    if said in (EXISTS, ABSENT):
        return Check("header", text, said, None, name)
    if said.startswith("~"):
        return Check("header", text, MATCHES, _regex(said[1:].strip()), name)
    if not rest.startswith(":"):
        raise UsageError(f"{text!r}: no colon after the name; write 'NAME: VALUE'")
    return Check("header", text, "==", said, name)


def _body(text: str) -> Check:
    if text.startswith("~"):
        return Check("body", text, MATCHES, _regex(text[1:].strip()))
    if not text:
        raise UsageError("an empty text is in every body; --expect-size '>0' wants one that is not empty")
    return Check("body", text, CONTAINS, text)


def _json(text: str) -> Check:
    """``PATH OP VALUE``: the first operator outside of quotes and brackets parts them."""
    depth, text = 0, text.strip()
    for token in _JSON_TOKEN.finditer(text):
        depth += bool(token["open"]) - bool(token["close"])
        if token["op"] and not depth:
            break
    else:
        raise UsageError(f"{text!r}: write PATH OP VALUE, such as 'status == \"ok\"', or 'PATH exists'")
    path, op, rest = text[: token.start()].strip(), token["op"], text[token.end() :].strip()
    compile_path(path)
    if op in (EXISTS, ABSENT):
        if rest:
            raise UsageError(f"{text!r}: nothing comes after {op}")
        return Check("json", text, op, None, path)
    if not rest:
        raise UsageError(f"{text!r}: no value after {op}")
    try:
        value = msgspec.json.decode(rest)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        if op != MATCHES:
            raise UsageError(f'{text!r}: {rest!r} is no JSON value; text stands in quotes: "ok"') from None
        value = rest
    if op == MATCHES:
        value = _regex(value if isinstance(value, str) else rest)
    if op in ("<", "<=", ">", ">=") and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        raise UsageError(f"{text!r}: {op} compares numbers or texts")
    return Check("json", text, op, value, path)


def _sha256(text: str) -> Check:
    if not _SHA256.fullmatch(text.strip()):
        raise UsageError(f"{text!r} is not a SHA-256; expected 64 hexadecimal digits")
    return Check("sha256", text, "==", text.strip().lower())


def _final_url(text: str) -> Check:
    if text.startswith("~"):
        return Check("final_url", text, MATCHES, _regex(text[1:].strip()))
    try:
        url = parse_url(text.strip())
    except InvalidUrl as error:
        raise UsageError(f"{text!r}: {error}") from None
    return Check("final_url", text, "==", f"{url.scheme}://{url.authority}{url.target}")


def _redirects(text: str) -> Check:
    return _bound("redirects", text, _COUNT, "a number of redirects", "0")


def _cert_days(text: str) -> Check:
    return _bound("cert_days", text, _DAYS, "a number of days", ">14")


def _bound(kind: str, text: str, number: re.Pattern[str], what: str, example: str) -> Check:
    match = _BOUND.fullmatch(text.strip())
    if match is None or not number.fullmatch(match[2]):
        raise UsageError(f"{text!r} is not {what}; write it as {example}")
    return Check(kind, text, match[1] or "==", float(match[2]))


def _size(text: str) -> Check:
    match = _BOUND.fullmatch(text.strip())
    try:
        size = parse_size(match[2]) if match else None
    except UsageError:
        size = None
    if match is None or size is None:
        raise UsageError(f"{text!r} is not a size; write it as '>1K', '<=2M' or 512")
    return Check("size", text, match[1] or "==", size)


def _max_latency(text: str) -> Check:
    seconds = parse_duration(text)
    if seconds is None:
        raise UsageError(f"{text!r} is no limit; write a duration such as 800ms")
    return Check("max_latency", text, "<=", seconds)


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
OF_BODIES = frozenset({"body", "json"})


def parse_checks(kind: str, texts: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of one key.

    Raises:
        UsageError: a text is malformed; the message says how to write it.
    """
    return tuple(KEYS[kind](text) for text in texts)


def merged(base: tuple[Check, ...], said: Mapping[str, tuple[str, ...]]) -> Expected:
    """What holds for a row: what it says itself takes the place of what the run says under the same key.

    Raises:
        UsageError: as `parse_checks`; the message begins with the key.
    """
    own: list[Check] = []
    for kind, texts in said.items():
        try:
            own += parse_checks(kind, texts)
        except UsageError as error:
            raise UsageError(f"{kind}: {str(error).removeprefix(': ')}") from None
    return Expected((*(check for check in base if check.kind not in said), *own), said)


@lru_cache(maxsize=256)
def compile_path(path: str) -> Any:
    """A compiled JMESPath expression.

    Raises:
        UsageError: it is none.
    """
    from jmespath import compile as compile_expression  # only who looks into JSON waits for it
    from jmespath.exceptions import JMESPathError
    from jmespath.functions import Functions

    try:
        compiled = compile_expression(path)
    except RecursionError:
        raise UsageError("a JMESPath expression that is nested too deep") from None
    except JMESPathError as error:
        reason = str(error).partition(":")[0].strip() or "empty"
        raise UsageError(f"{path!r} is not a JMESPath expression: {reason}") from None
    # It would be found missing only by a response that gets so far.
    if unknown := set(_functions(compiled.parsed)) - set(Functions.FUNCTION_TABLE):
        raise UsageError(f"{path!r}: JMESPath has no function {min(unknown)}()")
    return compiled


def search(path: str, value: Any, steps: int) -> Any:
    """What an expression finds.

    Raises:
        TimeoutError: it takes more steps than that; nothing else could interrupt it.
        ValueError: a function was given what it does not take (any of jmespath's errors).
    """
    interpreter = _interpreter()()
    interpreter.left = steps
    return interpreter.visit(compile_path(path).parsed, value)


@lru_cache(maxsize=1)
def _interpreter() -> Any:
    """Jmespath's own, with its steps counted."""
    from jmespath.visitor import TreeInterpreter

    class Bounded(TreeInterpreter):
        left = 0

        def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise TimeoutError
            return super().visit(node, *args, **kwargs)

    return Bounded


def _functions(node: Mapping[str, Any]) -> Iterator[str]:
    """The names of the functions that an expression calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, Mapping):
            yield from _functions(child)


@lru_cache(maxsize=256)
def compile_regex(text: str) -> Any:
    """A compiled pattern of `regex`, which can be given a time limit.

    Raises:
        UsageError: it is none.
    """
    import regex  # only who asks for patterns waits for it

    try:
        return regex.compile(text)
    except RecursionError:
        raise UsageError("a regular expression that is nested too deep") from None
    except regex.error as error:
        raise UsageError(f"{text!r} is not a regular expression: {error}") from None


def _regex(text: str) -> str:
    """The text of a pattern that compiles."""
    if not text:
        raise UsageError("no regular expression after ~")
    compile_regex(text)
    return text
