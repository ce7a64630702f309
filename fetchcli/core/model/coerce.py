"""Check the types of settings that are made in Python, and convert what has only one meaning."""

from collections.abc import Callable
from functools import lru_cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

Types = tuple[type, ...]
Converters = dict[str, tuple[Types, Callable[[Any], Any]]]


class _Field(NamedTuple):
    """What a field accepts: runtime types, and those of the elements of a tuple (none: any)."""

    name: str
    types: Types
    elements: Types


def coerce(struct: msgspec.Struct, converters: Converters | None = None) -> None:
    """Check every field of a struct against its annotation; call it from ``__post_init__``.

    Args:
        struct: the struct; a list becomes the tuple that its annotation asks for.
        converters: by field, other types of a value that have one meaning, and what converts them.

    Raises:
        TypeError: a value has another type; the message says which.
        UsageError: raised by a converter.
    """
    for field in _fields(type(struct)):
        value = getattr(struct, field.name)
        if isinstance(value, list) and tuple in field.types:
            value = tuple(value)
            msgspec.structs.force_setattr(struct, field.name, value)
        if _is(value, field.types):
            _check_elements(struct, field, value)
            continue
        others, convert = (converters or {}).get(field.name, ((), None))
        if convert is None or not _is(value, others):
            raise _wrong(struct, field.name, "be", (*field.types, *others), value)
        msgspec.structs.force_setattr(struct, field.name, convert(value))


def _check_elements(struct: msgspec.Struct, field: _Field, value: Any) -> None:
    if field.elements and isinstance(value, tuple):
        for element in value:
            if not isinstance(element, field.elements):
                raise _wrong(struct, field.name, "contain", field.elements, element)


def _is(value: object, types: Types) -> bool:
    """Whether a value has one of the types; True is no number."""
    return isinstance(value, types) and not (isinstance(value, bool) and bool not in types)


def _wrong(struct: msgspec.Struct, name: str, verb: str, types: Types, value: object) -> TypeError:
    wanted = " or ".join("None" if one is type(None) else one.__name__ for one in types)
    return TypeError(f"{type(struct).__name__}: {name} must {verb} {wanted}, not {type(value).__name__}")


@lru_cache(maxsize=64)
def _fields(struct: type[msgspec.Struct]) -> tuple[_Field, ...]:
    return tuple(_Field(name, _accepted(hint), _elements(hint)) for name, hint in get_type_hints(struct).items())


def _accepted(hint: Any) -> Types:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return tuple(kind for part in get_args(hint) for kind in _accepted(part))
    kind: type = origin or hint
    return (float, int) if kind is float else (kind,)


def _elements(hint: Any) -> Types:
    """The types of the elements of ``tuple[X, ...]``."""
    arguments = get_args(hint)
    return _accepted(arguments[0]) if get_origin(hint) is tuple and arguments[1:] == (...,) else ()
