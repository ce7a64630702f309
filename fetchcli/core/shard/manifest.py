"""What is kept about a part of a list, beside its results: ``FILE.shard.json``."""

import msgspec

SUFFIX = ".shard.json"


class PartManifest(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a list.

    Attributes:
        shard: number of the part, from 1.
        of: number of parts.
        dealing: how the rows were dealt: ``size``, ``size, hosts split`` or ``hash``.
        fingerprint: a hash of the rows of the whole list; None if the list was not read to its end.
        list_rows: number of rows of the whole list, or None.
        rows: number of rows of the part, or None.
        complete: the run came to its end.
    """

    shard: int
    of: int
    dealing: str
    fingerprint: str | None = None
    list_rows: int | None = None
    rows: int | None = None
    complete: bool = False

    @property
    def name(self) -> str:
        """``part 2/5``."""
        return f"part {self.shard}/{self.of}"

    def is_of_list(self, other: "PartManifest") -> bool:
        """Whether both may be parts of one list; unknown is not different."""
        mine, theirs = (self.fingerprint, self.list_rows), (other.fingerprint, other.list_rows)
        return all(here == there or None in (here, there) for here, there in zip(mine, theirs, strict=True))


def parse_manifest(data: bytes) -> PartManifest | None:
    """The manifest, or None if it is none."""
    try:
        found = msgspec.json.decode(data, type=PartManifest)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    counts = (found.list_rows, found.rows)
    valid = 1 <= found.shard <= found.of and all(count is None or count >= 0 for count in counts)
    return found if valid else None


def conflict(first: PartManifest, first_name: str, other: PartManifest, other_name: str) -> str:
    """Why two results files cannot be merged, as a message; empty if they can."""
    if not first.is_of_list(other):
        return f"{first_name} and {other_name} are parts of different lists"
    if first.of != other.of:
        return f"{first_name} is {first.name}, but {other_name} is {other.name}"
    if first.dealing != other.dealing:
        return f"{first_name} and {other_name} were dealt differently: by {first.dealing}, and by {other.dealing}"
    if first.shard == other.shard:
        return f"{first_name} and {other_name} are both {first.name}"
    return ""


def row_ranges(numbers: list[tuple[int, int]], *, more: bool) -> str:
    """``3, 7-9 and more``: row numbers as text.

    Args:
        numbers: first and last number of each range.
        more: there are more.
    """
    shown = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in numbers)
    return f"{shown} and more" if more else shown


def missing_ranges(seen: bytes | bytearray, most: int) -> tuple[list[tuple[int, int]], bool]:
    """The ranges of rows that are missing, and whether there are more than these.

    Args:
        seen: for each row of the list, 1 if it is there; row 1 comes first.
        most: number of ranges.
    """
    found: list[tuple[int, int]] = []
    at = seen.find(0)
    while at >= 0 and len(found) < most:
        end = seen.find(1, at)
        found.append((at + 1, end if end >= 0 else len(seen)))
        at = seen.find(0, end) if end >= 0 else -1
    return found, at >= 0


def imbalance(sizes: list[int]) -> str:
    """How unequal the parts are of a list that was dealt by hash, as a message.

    Args:
        sizes: number of rows of each part.
    """
    return (
        f"the list can be read only once, so its hosts were dealt by hash: {len(sizes):,} parts of {min(sizes):,} to "
        f"{max(sizes):,} rows; the parts of a file have about the same size"
    )
