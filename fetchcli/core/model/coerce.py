"""Check the types of settings that are made in Python, and convert what has only one meaning."""

from collections.abc import Callable
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

Converters = dict[str, tuple[tuple[type, ...], Callable[[Any], Any]]]


def coerce(struct: msgspec.Struct, converters: Converters | None = None) -> None:
    """Check every field of a struct against its annotation; call it from ``__post_init__``.

    Args:
        struct: the struct; a list becomes the tuple that its annotation asks for.
        converters: by field, other types of a value that have one meaning, and what converts them.

    Raises:
        TypeError: a value has another type; the message says which.
        UsageError: raised by a converter.
    """
    for name, types in _types(type(struct)):
        value = getattr(struct, name)
        if isinstance(value, types) and not (isinstance(value, bool) and bool not in types):
            continue
        if isinstance(value, list) and tuple in types:
            msgspec.structs.force_setattr(struct, name, tuple(value))
            continue
        others, convert = (converters or {}).get(name, ((), None))
        if convert is not None and isinstance(value, others) and not isinstance(value, bool):
            msgspec.structs.force_setattr(struct, name, convert(value))
        else:
            wanted = " or ".join("None" if one is type(None) else one.__name__ for one in (*types, *others))
            raise TypeError(f"{type(struct).__name__}: {name} must be {wanted}, not {type(value).__name__}")


@lru_cache(maxsize=64)
def _types(struct: type[msgspec.Struct]) -> tuple[tuple[str, tuple[type, ...]], ...]:
    """The runtime types that each field accepts."""
    return tuple((name, _accepted(hint)) for name, hint in get_type_hints(struct).items())


def _accepted(hint: Any) -> tuple[type, ...]:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return tuple(kind for part in get_args(hint) for kind in _accepted(part))
    kind: type = origin or hint
    return (float, int) if kind is float else (kind,)
