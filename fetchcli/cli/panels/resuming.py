"""Options for going on with an earlier run, and for taking its results."""

from typing import Any

from fetchcli.cli.completion import failure_kinds, words
from fetchcli.cli.option import Found, Option, Panel, Values, parsed
from fetchcli.core.errors import UsageError
from fetchcli.core.journal.final import RetryKinds, parse_retry_kinds


def _build(values: Values) -> dict[str, Any]:
    """What is fetched again; a random choice must be the same one."""
    for name in ("sample", "shuffle"):
        if values["resume"] and values[name] not in (None, False) and values["seed"] is None:
            raise UsageError(f"--resume: --{name} requires --seed, so that the same rows are chosen again")
    kinds = values["retry_kinds"]
    retry = RetryKinds(every=values["retry_failed"])
    return {"retry_kinds": retry if kinds is None else parsed("--retry-kinds", parse_retry_kinds, kinds)}


PANEL = Panel(
    title="Resuming, and results",
    topic="resume",
    build=_build,
    options=(
        Option(
            flags="--resume",
            found=Found.YES,
            help="Fetch only the rows that the output file lacks.",
            to="resume",
            type=bool,
            conflicts=("repeat", "every", "for_", "demo", "dry_run", "print_curl", "revalidate", "only_changed"),
            common=True,
        ),
        Option(
            flags="--retry-failed",
            found=Found.YES,
            help="With --resume, fetch failed rows again, too.",
            type=bool,
            requires=("resume",),
        ),
        Option(
            flags="--retry-kinds",
            found=Found.YES,
            help="With --resume, fetch rows again that failed like this: connect,timeout_total,5xx,check.",
            metavar="KINDS",
            complete=words(failure_kinds, joined=True),
            requires=("resume",),
            alternatives=("retry_failed",),
        ),
        Option(
            flags="--from-results",
            found=Found.YES,
            help="Fetch nothing: the inputs are results files. Merges them, converts them, makes reports.",
            to="from_results",
            type=bool,
            conflicts=(
                *("resume", "save", "revalidate", "only_failed", "query", "demo", "dry_run", "print_curl"),
                *("include", "exclude", "dedupe", "limit", "sample", "shuffle", "repeat", "halt", "keep"),
            ),
        ),
    ),
)
