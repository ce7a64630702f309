"""What the command line asks for, as one value: the flags build it, `run` reads it."""

import re
from collections.abc import Callable
from enum import StrEnum

import msgspec

from fetchcli.core.halt import Halt
from fetchcli.core.policy import Policy
from fetchcli.core.rounds import Rounds
from fetchcli.core.thresholds import Threshold


class ProgressMode(StrEnum):
    """How progress is shown on stderr."""

    AUTO = "auto"
    BAR = "bar"
    PLAIN = "plain"
    NONE = "none"


class SchemaName(StrEnum):
    """What a JSON Schema may be asked for."""

    CONFIG = "config"
    ROW = "row"
    RESULT = "result"


class InputFormat(StrEnum):
    """How a list is written."""

    AUTO = "auto"
    LINES = "lines"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    JSON = "json"
    SITEMAP = "sitemap"
    CURL = "curl"


class FailureScope(StrEnum):
    """Which failures decide the exit code."""

    ANY = "any"
    NEW = "new"


class Selection(msgspec.Struct, frozen=True):
    """Which rows of the lists are fetched.

    Attributes:
        include: patterns of which one must be found in the URL; none of them means any URL.
        exclude: patterns of which none may be.
        only_failed: of a result file, the rows that were not accepted.
        dedupe: rows that ask for the same again (URL and method) are skipped.
        limit: the most rows; None is all.
        sample: so many rows, chosen at random; None is all.
        seed: makes the choice the same every time.
        shuffle: fetch in random order, as far as the look-ahead goes.
    """

    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    only_failed: bool = False
    dedupe: bool = False
    limit: int | None = None
    sample: int | None = None
    seed: int | None = None
    shuffle: bool = False

    @property
    def partial(self) -> bool:
        """Whether any row may be left out."""
        return self.chooses or self.limit is not None or self.sample is not None

    @property
    def chooses(self) -> bool:
        """Whether rows may be left out for what they hold."""
        return bool(self.include or self.exclude or self.only_failed)


class Reading(msgspec.Struct, frozen=True):
    """How lists are read.

    Attributes:
        format: how they are written; AUTO looks at the extension, then at the content.
        url_column: the column, or key, of the URL.
        keep: columns that are carried into the output.
        glob: whether ``{a,b}`` and ``[1-9]`` in URLs stand for many.
        strict: whether the first row that cannot be fetched ends the reading.
        expand: fills in ``${NAME}`` in the headers of rows; None leaves it alone.
        selection: which rows are fetched.
    """

    format: InputFormat = InputFormat.AUTO
    url_column: str = "url"
    keep: tuple[str, ...] = ()
    glob: bool = False
    strict: bool = False
    expand: Callable[[str], str] | None = None
    selection: Selection = Selection()


class Settings(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        inputs: files, ``-`` for stdin, or URLs, in order.
        reading: how lists are read.
        policy: how each target is fetched and judged.
        outputs: ``FORMAT[:PATH]`` texts, as given to ``-o``.
        write_out: the ``-w`` template, or None.
        ordered: outcomes in input order.
        progress: how progress is shown.
        quiet: data only: no progress, no messages but errors, no summary.
        verbose: every outcome is said on stderr as it ends, and so is what the run settled on.
        color: None asks the terminal; False never.
        allow_empty: an input without rows is fine.
        thresholds: what the run as a whole must come to.
        halt: when it is ended early, or None.
        rounds: how often the lists are fetched.
        baseline: an earlier result file to compare with, or None.
        only_new: what had failed in the baseline already does not decide the exit code.
        github: whether annotations and a step summary are written where a GitHub workflow runs.
        exit_zero: outcomes do not decide the exit code.
        dry_run: print the plan, request nothing.
        print_curl: print a curl command for each row, request nothing.
        demo: fetch from the embedded server instead of inputs.
    """

    inputs: tuple[str, ...] = ()
    reading: Reading = Reading()
    policy: Policy = Policy()
    outputs: tuple[str, ...] = ()
    write_out: str | None = None
    ordered: bool = False
    progress: ProgressMode = ProgressMode.AUTO
    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
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
