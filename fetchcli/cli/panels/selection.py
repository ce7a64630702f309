"""Options that select rows."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fetchcli.cli.option import Found, Option, Panel, Values, parsed
from fetchcli.core.errors import UsageError
from fetchcli.core.expect.expressions import compile_regex
from fetchcli.core.shard.part import Shard, parse_shard


def _pattern(text: str) -> str:
    compile_regex(text)
    return text


def _shard(text: str) -> Shard:
    return parse_shard(text, os.environ)


def _build(values: Values) -> dict[str, Any]:
    """The patterns of --exclude and --exclude-from; refuse parts of random choices that differ from part to part."""
    if values["shard"] is not None and values["sample"] is not None and values["seed"] is None:
        raise UsageError("--shard: --sample requires --seed, so that all parts are of the same rows")
    given = [parsed("--exclude", _pattern, text) for text in values["exclude"] or ()]
    of_files = [pattern for name in values["exclude_from"] or () for pattern in _patterns_of(name)]
    return {"reading.selection.exclude": (*given, *of_files)}


def _patterns_of(name: str) -> Iterator[str]:
    """The patterns in a file; lines that are empty or begin with # are none."""
    try:
        lines = Path(name).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(f"--exclude-from: {name}: {reason}") from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                yield _pattern(line.strip())
            except UsageError as error:
                raise UsageError(f"--exclude-from: {name}:{number}: {error}") from None


PANEL = Panel(
    title="Selection",
    topic="selection",
    build=_build,
    options=(
        Option(
            flags="--include",
            found=Found.YES,
            help="Fetch only URLs that contain a match. Repeatable.",
            to="reading.selection.include",
            metavar="REGEX",
            parse=_pattern,
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--exclude",
            found=Found.YES,
            help="Fetch no URLs that contain a match. Repeatable.",
            metavar="REGEX",
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--exclude-from",
            found=Found.BELOW,
            help="Fetch no URLs that contain a match of a pattern in this file, one on a line. Repeatable.",
            metavar="FILE",
            multiple=True,
            lines=True,
        ),
        Option(
            flags="--only-failed",
            found=Found.YES,
            help="Fetch only the rows that were not accepted. The input is a results file.",
            to="reading.selection.only_failed",
            type=bool,
        ),
        Option(
            flags="--dedupe",
            found=Found.YES,
            help="Skip rows that repeat URL, method and expectations.",
            to="reading.selection.dedupe",
            type=bool,
        ),
        Option(
            flags="--limit",
            found=Found.YES,
            help="Fetch only the first N rows.",
            to="reading.selection.limit",
            type=int,
            metavar="N",
            minimum=0,
        ),
        Option(
            flags="--sample",
            found=Found.YES,
            help="Fetch N rows, chosen at random.",
            to="reading.selection.sample",
            type=int,
            metavar="N",
            minimum=0,
        ),
        Option(
            flags="--seed",
            found=Found.YES,
            help="Seed for --sample and --shuffle: the same seed, the same rows.",
            to="reading.selection.seed",
            type=int,
            metavar="N",
            requires=("sample", "shuffle"),
        ),
        Option(
            flags="--shuffle",
            found=Found.YES,
            help="Fetch in random order, within a window of 10,000 rows.",
            to="reading.selection.shuffle",
            type=bool,
            alternatives=("ordered",),
        ),
        Option(
            flags="--shard",
            found=Found.YES,
            help="Fetch part K of N, by host. auto takes K and N from the array job or parallel job, auto/N only K.",
            to="reading.selection.shard",
            metavar="K/N",
            parse=_shard,
            conflicts=("from_results", "demo"),
        ),
        Option(
            flags="--split-hosts",
            found=Found.YES,
            help="Let several parts (--shard) or workers (--dask) have rows of one host.",
            to="reading.selection.split_hosts",
            type=bool,
            requires=("shard", "dask"),
        ),
    ),
)
