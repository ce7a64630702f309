"""What is written down about a job and its shards, so that another run can go on with it."""

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How the list of a job is cut.

    Attributes:
        chains: number of chains.
        parallel: for how many workers the end of the list is cut.
        split: rows of one host may be fetched by several workers at once.
        columns: the columns of the results.
    """

    chains: int
    parallel: int
    split: bool
    columns: tuple[str, ...]


class CommitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A shard whose rows all have their outcomes.

    Attributes:
        shard: its number.
        fingerprint: a hash of its rows.
        rows: number of rows.
        results: name of the file of the outcomes.
    """

    shard: int
    fingerprint: str
    rows: int
    results: str


def parse_record(data: bytes, kind: type[T]) -> T | None:
    """The record, or None if it is none."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
