"""What the command line asks for, as one value: the flags build it, `run` reads it."""

from enum import StrEnum

import msgspec

from fetchcli.core.policy import Policy


class ProgressMode(StrEnum):
    """How progress is shown on stderr."""

    AUTO = "auto"
    BAR = "bar"
    PLAIN = "plain"
    NONE = "none"


class Settings(msgspec.Struct, frozen=True):
    """One run.

    Attributes:
        inputs: files, ``-`` for stdin, or URLs, in order.
        policy: how each target is fetched and judged.
        outputs: ``FORMAT[:PATH]`` texts, as given to ``-o``.
        write_out: the ``-w`` template, or None.
        ordered: outcomes in input order.
        progress: how progress is shown.
        quiet: data only: no progress, no messages but errors, no summary.
        verbose: every outcome is said on stderr as it ends, and so is what the run settled on.
        color: None asks the terminal; False never.
        allow_empty: an input without rows is fine.
        exit_zero: outcomes do not decide the exit code.
        dry_run: print the plan, request nothing.
        demo: fetch from the embedded server instead of inputs.
    """

    inputs: tuple[str, ...] = ()
    policy: Policy = Policy()
    outputs: tuple[str, ...] = ()
    write_out: str | None = None
    ordered: bool = False
    progress: ProgressMode = ProgressMode.AUTO
    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
    allow_empty: bool = False
    exit_zero: bool = False
    dry_run: bool = False
    demo: bool = False
