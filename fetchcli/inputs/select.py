"""Select rows: patterns, sample, limit, duplicates, shuffle."""

import random
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import islice

import msgspec

from fetchcli.core.expect.expressions import compile_regex
from fetchcli.core.model.target import Rejected, Row, SkipCause, Skipped, Target
from fetchcli.core.settings import Selection

PATTERN_SECONDS = 0.5  # processor time of one pattern over one URL
WINDOW = 10_000  # rows of the shuffling window
DUPLICATE = "the same URL, method and expectations as an earlier row (--dedupe)"


def chosen(url: str, selection: Selection) -> bool:
    """Whether ``--include`` and ``--exclude`` accept a URL.

    Raises:
        TimeoutError: a pattern takes more than `PATTERN_SECONDS`.
    """
    return _any(selection.include, url, none=True) and not excluded(url, selection)


def excluded(text: str, selection: Selection) -> bool:
    """Whether ``--exclude`` leaves a text out, a URL or what is none; raises TimeoutError as `chosen`."""
    return _any(selection.exclude, text, none=False)


def _any(patterns: tuple[str, ...], url: str, *, none: bool) -> bool:
    if not patterns:
        return none
    # Other threads run on, the one that handles signals among them.
    return any(compile_regex(text).search(url, timeout=PATTERN_SECONDS, concurrent=True) for text in patterns)


def select(
    batches: Iterable[list[Row]],
    selection: Selection,
    divide: Callable[[Iterable[list[Row]]], Iterable[list[Row]]] = iter,
) -> Iterator[list[Row]]:
    """Sample, limit, mark duplicates, take a part (``divide``) and shuffle, in that order."""
    if selection.sample is not None:
        batches = _sampled(batches, selection)
    if selection.limit is not None:
        batches = _limited(batches, selection.limit)
    if selection.dedupe:
        batches = _mark_duplicates(batches)
    batches = divide(batches)
    if selection.shuffle:
        batches = _shuffled(batches, random.Random(selection.seed))  # noqa: S311 - no secret
    return iter(batches)


def _limited(batches: Iterable[list[Row]], maximum: int) -> Iterator[list[Row]]:
    """Yield the first rows, and read no further."""
    left = maximum
    if left:
        for batch in batches:
            yield batch[:left]
            left -= min(left, len(batch))
            if not left:
                return


def _sampled(batches: Iterable[list[Row]], selection: Selection) -> Iterator[list[Row]]:
    """Reservoir sampling (Vitter's algorithm R): equal chances, and memory for the sample only."""
    rng, size = random.Random(selection.seed), selection.sample or 0  # noqa: S311 - no secret
    reservoir: list[Row] = []
    for seen, row in enumerate((row for batch in batches for row in batch), 1):
        if len(reservoir) < size:
            reservoir.append(row)
        elif (at := rng.randrange(seen)) < size:
            reservoir[at] = row
    reservoir.sort(key=lambda row: row.seq)
    renumbered: Iterator[Row] = (msgspec.structs.replace(row, seq=seq) for seq, row in enumerate(reservoir, 1))
    while batch := list(islice(renumbered, 1000)):
        yield batch


def _mark_duplicates(batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
    seen: set[bytes] = set()
    for batch in batches:
        rows: list[Row] = []
        for row in batch:
            if isinstance(row, Rejected):
                rows.append(row)
                continue
            key = identity(row)
            rows.append(Skipped.from_target(row, DUPLICATE, SkipCause.DUPLICATE) if key in seen else row)
            seen.add(key)
        yield rows


def identity(row: Target) -> bytes:
    """A hash of what makes two rows duplicates, 16 bytes."""
    url = row.url
    row_expectations = row.expect.as_written if row.expect is not None else ""
    text = f"{row_expectations} {row.method} {url.scheme} {url.authorization} {url.host} {url.port} {url.target}"
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def _shuffled(batches: Iterable[list[Row]], rng: random.Random) -> Iterator[list[Row]]:
    """Shuffle in a window: once it is full, each new row replaces a random one."""
    window: list[Row] = []
    for batch in batches:
        leaving: list[Row] = []
        for row in batch:
            if len(window) < WINDOW:
                window.append(row)
            else:
                at = rng.randrange(WINDOW)
                leaving.append(window[at])
                window[at] = row
        if leaving:
            yield leaving
    rng.shuffle(window)
    if window:
        yield window
