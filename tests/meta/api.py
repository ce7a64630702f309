"""The names that programs can import: described for people, and written down so that a change shows."""

import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from textwrap import wrap
from types import UnionType
from typing import Any, get_args

import msgspec

import fetchcli

WIDTH = 76
_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_ITEM = re.compile(r"    (\w+): (.*)")


def described() -> str:
    """Every public name with its docstring: functions first, then what they take and give, then all settings."""
    first = ("fetch", "fetch_all", "fetch_sync", "Client", "Request", "Options", "FetchOutcome", "ResponseHeaders")
    rest = [name for name in fetchcli.__all__ if name not in first and name != "__version__"]
    return "\n\n".join("\n".join(_described(name)) for name in (*first, *rest))


def _described(name: str) -> Iterator[str]:
    thing = getattr(fetchcli, name)
    if isinstance(thing, UnionType):
        yield from wrap(f"{name}: {_union(thing)}", WIDTH, subsequent_indent="    ")
        return
    if not isinstance(thing, type):
        yield from wrap(f"{name}{_parameters(thing)}", WIDTH, subsequent_indent=" " * (len(name) + 1))
        yield from _indented(inspect.getdoc(thing) or "")
        return
    yield f"class {name}"
    yield from _indented(inspect.getdoc(thing) or "")
    if issubclass(thing, Enum):
        yield from wrap(", ".join(str(member.value) for member in thing), WIDTH, initial_indent="    ",
                        subsequent_indent="    ")  # fmt: skip
        return
    for own, member in _own_members(thing):
        yield ""
        if isinstance(member, property):
            yield f"    .{own}"
        else:
            yield from wrap(f".{own}{_parameters(member)}", WIDTH, initial_indent="    ", subsequent_indent=" " * 8)
        yield from (f"    {line}" if line else "" for line in _indented(inspect.getdoc(member) or ""))


def _union(thing: UnionType) -> str:
    return " or ".join(_short(inspect.formatannotation(one)) for one in get_args(thing))


def _short(annotation: str) -> str:
    """Without the modules of names: where they live is nobody's business."""
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", annotation)


def _own_members(thing: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class of ours defines, in order."""
    for name, member in vars(thing).items():
        if name.startswith("_") or name in msgspec_fields(thing):
            continue
        plain = getattr(thing, name) if isinstance(member, classmethod | staticmethod) else member
        if isinstance(plain, property) or inspect.isroutine(plain):
            yield name, plain


def msgspec_fields(thing: type) -> tuple[str, ...]:
    return tuple(getattr(thing, "__struct_fields__", ()))


def _parameters(thing: Callable[..., Any]) -> str:
    """Parameters as they are written, without types."""
    signature = inspect.signature(thing)
    shown = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for name, parameter in signature.parameters.items()
        if name not in ("self", "cls")
    ]
    return str(signature.replace(parameters=shown, return_annotation=inspect.Signature.empty))


def _indented(doc: str) -> Iterator[str]:
    """A docstring, wrapped again to the width of a help page."""
    for line in _reflowed(doc.replace("``", "`")):
        yield f"    {line}" if line else ""


def _reflowed(doc: str) -> Iterator[str]:
    for at, paragraph in enumerate(doc.strip().split("\n\n")):
        if at:
            yield ""
        lines = paragraph.splitlines()
        if not _SECTION.fullmatch(lines[0]):
            yield from wrap(" ".join(line.strip() for line in lines), WIDTH - 8)
            continue
        yield lines[0]
        items: list[str] = []
        for line in lines[1:]:
            if _ITEM.fullmatch(line) or not items:
                items.append(line.strip())
            else:
                items[-1] += f" {line.strip()}"
        for item in items:
            yield from wrap(item, WIDTH - 8, initial_indent="    ", subsequent_indent="        ")


def contract() -> str:
    """What programs may rely on, a line each: names, parameters, fields and their types, members."""
    lines = [f"version {fetchcli.__version__.rpartition('.')[0]}"]
    for name in fetchcli.__all__:
        lines += _contract_of(name, getattr(fetchcli, name))
    return "\n".join(lines) + "\n"


def _contract_of(name: str, thing: Any) -> Iterator[str]:
    if name == "__version__":
        yield name
    elif isinstance(thing, UnionType):
        yield f"{name} = {_union(thing)}"
    elif not isinstance(thing, type):
        yield f"{name}{_short(str(inspect.signature(thing)))}"
    elif issubclass(thing, Enum):
        yield from (f"{name}.{member.name} = {member.value!r}" for member in thing)
    else:
        bases = ", ".join(base.__name__ for base in thing.__bases__)
        yield f"class {name}({bases})"
        if issubclass(thing, msgspec.Struct):
            for field in msgspec.structs.fields(thing):
                default = "" if field.required else " = ..."
                yield f"{name}.{field.name}: {_type_text(thing, field.name)}{default}"
        else:
            yield from (
                f"{name}.{field}: {_type_text(thing, field)}" for field in vars(thing).get("__annotations__", {})
            )
        for own, member in _own_members(thing):
            yield f"{name}.{own}{'' if isinstance(member, property) else _short(str(inspect.signature(member)))}"


def _type_text(thing: type, field: str) -> str:
    for base in thing.__mro__:
        if field in vars(base).get("__annotations__", {}):
            annotation = vars(base)["__annotations__"][field]
            return _short(annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))
    return "?"
