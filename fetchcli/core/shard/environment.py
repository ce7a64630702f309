"""``--shard auto``: the part that a scheduler has given to this job, from its environment variables."""

from collections.abc import Mapping
from typing import NamedTuple

from fetchcli.core.errors import UsageError

AUTO = "auto"
SLURM, GITLAB = "SLURM_ARRAY_TASK_ID", "CI_NODE_INDEX"
GITLAB_COUNT = "CI_NODE_TOTAL"
AWS_BATCH, KUBERNETES = "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"
AWS_BATCH_COUNT = "AWS_BATCH_JOB_ARRAY_SIZE"
_INDEXES = (SLURM, GITLAB, AWS_BATCH, KUBERNETES)


class _Found(NamedTuple):
    """What a scheduler says.

    Attributes:
        number: number of the part, from 1.
        parts: number of parts, or None if the scheduler does not tell it.
        source: the variable that the number of parts would stand in.
    """

    number: int
    parts: int | None
    source: str


def part_of_this_job(environment: Mapping[str, str], count: int | None) -> tuple[int, int]:
    """Number of the part, and number of parts.

    Args:
        environment: the environment variables.
        count: the number of parts that ``auto/N`` names, or None.

    Raises:
        UsageError: no scheduler is found, or several, or what one says is incomplete or contradictory.
    """
    set_here = [name for name in _INDEXES if name in environment]
    if not set_here:
        raise UsageError(_nothing_found(environment))
    if len(set_here) > 1:
        raise UsageError(f"{AUTO}: {' and '.join(set_here)} are set, and only one of them can say the part; write K/N")
    found = _READERS[set_here[0]](environment)
    parts = found.parts if count is None else count
    if parts is None:
        raise UsageError(f"{AUTO}: {found.source}; write {AUTO}/N")
    if found.parts not in (None, parts):
        raise UsageError(f"{AUTO}/{count}: {found.source} says that there are {found.parts} parts")
    if not 1 <= found.number <= parts:
        raise UsageError(f"{AUTO}: {set_here[0]}={environment[set_here[0]]} is none of {parts} parts")
    return found.number, parts


def _nothing_found(environment: Mapping[str, str]) -> str:
    if GITLAB_COUNT in environment:  # GitLab sets it to 1 for every job
        return f"{AUTO}: {GITLAB_COUNT} is set, but not {GITLAB}; the job needs the keyword parallel, with a number"
    return f"{AUTO}: no array job and no parallel job was found: none of {', '.join(_INDEXES)} is set; write K/N"


def _integer(environment: Mapping[str, str], name: str, default: int | None = None) -> int:
    text = environment.get(name)
    if text is None and default is not None:
        return default
    if text is None:
        raise UsageError(f"{AUTO}: {name} is not set")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{AUTO}: {name}={text!r} is not a number")
    return int(text)


def _slurm(environment: Mapping[str, str]) -> _Found:
    """``--array=MIN-MAX:STEP``: the identifiers begin anywhere, and need not be consecutive."""
    first, step = _integer(environment, "SLURM_ARRAY_TASK_MIN"), _integer(environment, "SLURM_ARRAY_TASK_STEP", 1)
    count, task = _integer(environment, "SLURM_ARRAY_TASK_COUNT"), _integer(environment, SLURM)
    last = first + (count - 1) * step
    if step < 1 or count < 1 or (task - first) % step or _integer(environment, "SLURM_ARRAY_TASK_MAX", last) != last:
        raise UsageError(
            f"{AUTO}: the SLURM array is no range with a fixed step (task {task}, {count} tasks from {first}, "
            f"step {step}); write K/N"
        )
    return _Found((task - first) // step + 1, count, "SLURM_ARRAY_TASK_COUNT")


def _gitlab(environment: Mapping[str, str]) -> _Found:
    return _Found(_integer(environment, GITLAB), _integer(environment, GITLAB_COUNT), GITLAB_COUNT)


def _aws_batch(environment: Mapping[str, str]) -> _Found:
    number = _integer(environment, AWS_BATCH) + 1
    if AWS_BATCH_COUNT not in environment:
        return _Found(number, None, f"{AWS_BATCH_COUNT} is not set")
    return _Found(number, _integer(environment, AWS_BATCH_COUNT), AWS_BATCH_COUNT)


def _kubernetes(environment: Mapping[str, str]) -> _Found:
    return _Found(_integer(environment, KUBERNETES) + 1, None, "Kubernetes does not tell a pod the number of pods")


_READERS = {SLURM: _slurm, GITLAB: _gitlab, AWS_BATCH: _aws_batch, KUBERNETES: _kubernetes}
