"""The settings of one run: the command line builds them, `run` reads them."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from fetchcli.core.journal.final import RetryKinds
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.save import Save
from fetchcli.core.shard.part import Shard
from fetchcli.core.summary.breakdown import By
from fetchcli.core.summary.halt import Halt
from fetchcli.core.summary.rounds import Rounds
from fetchcli.core.summary.thresholds import Threshold

AUTO_PROCESSES = 0  # as many as there are cores, if the list is long
AUTO = "auto"  # value of `Reading.format` that detects the input format


SAVED_COLUMNS = ("saved_as", "size_saved")
VALIDATOR_COLUMNS = ("header:etag", "header:last-modified", "variant")
REVALIDATED_COLUMNS = ("not_modified", "from_cache", "changed")


class ProgressMode(StrEnum):
    """How progress is shown on stderr."""

    AUTO = "auto"
    BAR = "bar"
    PLAIN = "plain"
    NONE = "none"


class SchemaName(StrEnum):
    """The JSON Schemas that can be printed."""

    CONFIG = "config"
    ROW = "row"
    RESULT = "result"


class FailureScope(StrEnum):
    """Which failures decide the exit code."""

    ANY = "any"
    NEW = "new"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of the lists are fetched.

    Attributes:
        include: patterns of which at least one must match the URL; empty matches any URL.
        exclude: patterns of which none may match.
        only_failed: fetch only the rows of a results file that were not accepted.
        dedupe: skip rows that repeat URL, method and expectations.
        limit: maximum number of rows, or None.
        sample: number of rows to choose at random, or None.
        seed: seed of the random choice.
        shuffle: fetch in random order, within a window.
        shard: the part of what was selected that is fetched, or None for all of it.
        split_hosts: parts may share a host that has more rows than their mean.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only_failed: bool = False
    dedupe: bool = False
    limit: int | None = None
    sample: int | None = None
    seed: int | None = None
    shuffle: bool = False
    shard: Shard | None = None
    split_hosts: bool = False

    @property
    def partial(self) -> bool:
        """Whether any row may be left out."""
        return self.filters_content or self.limit is not None or self.sample is not None

    @property
    def filters_content(self) -> bool:
        """Whether rows may be left out because of their content."""
        return bool(self.include or self.exclude or self.only_failed)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How lists are read.

    Attributes:
        format: name of the input format, or AUTO to detect it.
        url_column: column or key of the URL.
        keep: columns to copy to the output; ``*`` stands for all that have no meaning of their own.
        keep_as: their names in the output, in the same order.
        base_url: relative URLs are resolved against it; empty to refuse them.
        url_query: what is added to the query of every URL.
        glob: expand ``{a,b}`` and ``[1-9]`` in URLs.
        query: the inputs are databases, and this is what they are asked; or None.
        strict: stop at the first invalid row.
        expand: replaces ``${NAME}`` in the headers of rows, or None.
        selection: which rows are fetched.
    """

    format: str = AUTO
    url_column: str = "url"
    keep: tuple[str, ...] = ()
    keep_as: tuple[str, ...] = ()
    base_url: str = ""
    url_query: str = ""
    glob: bool = False
    query: str | None = None
    strict: bool = False
    expand: Callable[[str], str] | None = None
    selection: Selection = Selection()

    @property
    def of_results(self) -> bool:
        """True if the lists are results files; a run that was cut off leaves a torn last row."""
        return self.selection.only_failed


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        inputs: files, ``-`` for stdin, or URLs, in order.
        reading: how lists are read.
        policy: how targets are fetched and judged.
        outputs: values of ``--output``.
        columns: value of ``--columns``, or empty for the default columns.
        write_out: the ``--write-out`` template, or None.
        csv_raw: leave CSV cells that a spreadsheet would run as they are.
        ordered: write rows in input order.
        progress: how progress is shown.
        quiet: data only: no progress, no summary, no messages except warnings and errors.
        verbose: report every outcome on stderr.
        color: None asks the terminal; False never.
        by: what the rows are summed up by at the end, too, or None.
        body: show the whole body of a single URL.
        allow_empty: accept an input without rows.
        thresholds: conditions on the whole run.
        halt: when to end the run early, or None.
        rounds: how often the lists are fetched.
        baseline: an earlier results file to compare with, or None.
        only_new: failures that are in the baseline do not decide the exit code.
        github: write annotations and a step summary in a GitHub workflow.
        exit_zero: outcomes do not decide the exit code.
        dry_run: print what would be fetched.
        print_curl: print a curl command for each row.
        demo: fetch from the built-in server.
        save: where bodies are saved, or None.
        revalidate: a results file; bodies are asked for only if they changed since; or None.
        max_age: seconds for which rows of that file are not asked for at all, or None.
        only_changed: rows whose body is the earlier one are neither written nor saved.
        resume: go on with the run that the outputs are from.
        continuing_command: the command that continues this run; empty if it must not be shown.
        retry_kinds: failed rows that a resumed run fetches again.
        from_results: the inputs are results files, whose rows are taken instead of fetching anything.
        processes: number of processes that send requests, or `AUTO_PROCESSES`.
        dask: address of the Dask scheduler whose workers fetch the rows, ``local``, or None.
        job: folder of the job of these workers; None for one beside the first output.
        files: other files that the options name and that were read.
    """

    inputs: tuple[str, ...] = ()
    reading: Reading = Reading()
    policy: Policy = Policy()
    outputs: tuple[str, ...] = ()
    columns: str = ""
    write_out: str | None = None
    csv_raw: bool = False
    ordered: bool = False
    progress: ProgressMode = ProgressMode.AUTO
    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
    by: By | None = None
    body: bool = False
    allow_empty: bool = False
    thresholds: tuple[Threshold, ...] = ()
    halt: Halt | None = None
    rounds: Rounds = Rounds()
    baseline: str | None = None
    only_new: bool = False
    github: bool = True
    exit_zero: bool = False
    dry_run: bool = False
    print_curl: bool = False
    demo: bool = False
    save: Save | None = None
    revalidate: str | None = None
    max_age: float | None = None
    only_changed: bool = False
    resume: bool = False
    continuing_command: str = ""
    retry_kinds: RetryKinds = RetryKinds()
    from_results: bool = False
    processes: int = 1
    dask: str | None = None
    job: str | None = None
    files: tuple[str, ...] = ()

    @property
    def more_columns(self) -> tuple[str, ...]:
        """Columns that are default ones because of other settings."""
        return (
            *(() if self.save is None else SAVED_COLUMNS),
            *(() if self.save is None and self.revalidate is None else VALIDATOR_COLUMNS),
            *(() if self.revalidate is None else REVALIDATED_COLUMNS),
        )

    @property
    def read(self) -> tuple[str, ...]:
        """Every file that the run reads besides its lists; it writes to none of them (cookie files apart)."""
        tls = self.policy.tls
        others = (self.baseline, tls.cacert, tls.cert, tls.key, self.policy.credentials.netrc)
        return (*self.files, *(name for name in others if name is not None))
