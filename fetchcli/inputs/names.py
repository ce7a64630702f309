"""The names of columns and keys: ours in any case, and a hint where a name is nearly one of them."""

from collections.abc import Iterable
from functools import lru_cache

from fetchcli.core.rows.columns import NAMES
from fetchcli.inputs.expect import NAME as EXPECT
from fetchcli.inputs.expect import expectation_key

OURS = ("url", "method", "headers", "body", "body_file", "json", "tag")
# What other tools call the same.
OTHERS = {
    "header": "headers",
    "http_headers": "headers",
    "request_headers": "headers",
    "data": "body",
    "payload": "body",
    "post_data": "body",
    "request_body": "body",
    "verb": "method",
    "http_method": "method",
    "request_method": "method",
    "body_json": "json",
    "json_body": "json",
}
_LONG = 7  # letters from which on two mistakes are still a mistake


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Our name for a column, or the name as it is; case is ignored, and ``_``, ``-`` and blanks are equal."""
    plain = _plain(name)
    return plain if plain in OURS or plain in NAMES else name


def is_result(names: Iterable[str]) -> bool:
    """Whether these are the names of our own results: only they have both."""
    return {"seq", "request"}.issubset(names)


def misnamed(names: Iterable[str], exempt: Iterable[str] = ()) -> str:
    """What is wrong with the first name that is nearly one of ours, or that other tools use for the same; or empty.

    Args:
        names: the columns or keys of a list.
        exempt: names that the user asks for.
    """
    exempt = set(exempt)
    for name in names:
        if name not in exempt and (ours := _meant(name)):
            return f"unknown column {name!r}; the name is {ours!r} (--keep {name} copies it)"
    return ""


@lru_cache(maxsize=4096)
def _meant(name: str) -> str:
    """Our name that is probably meant, or empty."""
    plain = _plain(name)
    if plain in OURS or plain in NAMES or expectation_key(name) is not None:
        return ""
    if plain in OTHERS:
        return OTHERS[plain]
    first = plain.partition("_")[0]
    if len(first) > 3 and _distance(first, EXPECT) <= 1:
        return plain.replace(first, EXPECT, 1)
    for ours in OURS:
        allowed = 2 if len(ours) >= _LONG else 1
        if len(ours) > 3 and abs(len(plain) - len(ours)) <= allowed and _distance(plain, ours) <= allowed:
            return ours
    return ""


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _distance(left: str, right: str) -> int:
    """Letters to insert, delete, replace or swap (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            best = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            current.append(best)
        before, row = row, current
    return row[-1]
