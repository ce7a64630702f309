"""Parts as they are written, and as schedulers tell them."""

import pytest

from fetchcli.core.errors import UsageError
from fetchcli.core.shard.part import MAX_PARTS, Shard, parse_shard


def test_a_part() -> None:
    assert parse_shard("2/5", {}) == Shard(2, 5)
    assert parse_shard(f"{MAX_PARTS}/{MAX_PARTS}", {}) == Shard(MAX_PARTS, MAX_PARTS)
    assert str(Shard(2, 5)) == "2/5"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected K/N"),
        ("2", "expected K/N"),
        ("2/", "expected K/N"),
        ("/2", "expected K/N"),
        ("a/2", "expected K/N"),
        ("1/2/3", "expected K/N"),
        ("-1/2", "expected K/N"),
        ("1/\u0662", "expected K/N"),
        ("1/9999999999", "expected K/N"),
        ("auto/x", "expected K/N"),
        ("0/2", "the first part is 1/2, and the last one 2/2"),
        ("3/2", "the first part is 1/2, and the last one 2/2"),
        ("0/0", "the number of parts must be between 1 and 1,000,000"),
        ("1/1000001", "the number of parts must be between 1 and 1,000,000"),
        ("auto/0", "none of SLURM_ARRAY_TASK_ID"),
    ],
)
def test_what_is_no_part(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_shard(text, {})


def slurm(task: int, first: int, count: int, **more: int) -> dict[str, str]:
    names = {"ID": task, "MIN": first, "COUNT": count, **more}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in names.items()}


GITLAB = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "3"}
AWS = {"AWS_BATCH_JOB_ARRAY_INDEX": "4", "AWS_BATCH_JOB_ARRAY_SIZE": "5"}
KUBERNETES = {"JOB_COMPLETION_INDEX": "0"}


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("auto", slurm(0, 0, 4, MAX=3, STEP=1), Shard(1, 4)),
        ("auto", slurm(3, 0, 4, MAX=3, STEP=1), Shard(4, 4)),
        ("auto", slurm(5, 1, 4, MAX=7, STEP=2), Shard(3, 4)),
        ("auto", slurm(7, 7, 1), Shard(1, 1)),
        ("auto/4", slurm(2, 0, 4), Shard(3, 4)),
        ("auto", GITLAB, Shard(2, 3)),
        ("auto/3", GITLAB, Shard(2, 3)),
        ("auto", AWS, Shard(5, 5)),
        ("auto/5", {"AWS_BATCH_JOB_ARRAY_INDEX": "4"}, Shard(5, 5)),
        ("auto/2", KUBERNETES, Shard(1, 2)),
        ("auto", {**slurm(1, 1, 2), "CI_NODE_TOTAL": "1"}, Shard(1, 2)),  # a GitLab job without parallel, in SLURM
    ],
)
def test_the_part_of_a_job(text: str, environment: dict[str, str], expected: Shard) -> None:
    assert parse_shard(text, environment) == expected


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("auto", {}, "no array job and no parallel job was found"),
        ("auto", {"CI_NODE_TOTAL": "1"}, "the job needs the keyword parallel"),
        ("auto", {"CI_NODE_INDEX": "1"}, "CI_NODE_TOTAL is not set"),
        ("auto", {"CI_NODE_INDEX": "one", "CI_NODE_TOTAL": "2"}, "CI_NODE_INDEX='one' is not a number"),
        ("auto", {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "2"}, "CI_NODE_INDEX=3 is none of 2 parts"),
        ("auto", {"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "2"}, "CI_NODE_INDEX=0 is none of 2 parts"),
        ("auto/4", GITLAB, "auto/4: CI_NODE_TOTAL says that there are 3 parts"),
        ("auto", {**GITLAB, **AWS}, "CI_NODE_INDEX and AWS_BATCH_JOB_ARRAY_INDEX are set"),
        ("auto", KUBERNETES, "Kubernetes does not tell a pod the number of pods; write auto/N"),
        ("auto", {"AWS_BATCH_JOB_ARRAY_INDEX": "1"}, "AWS_BATCH_JOB_ARRAY_SIZE is not set; write auto/N"),
        ("auto/2", {"JOB_COMPLETION_INDEX": "2"}, "JOB_COMPLETION_INDEX=2 is none of 2 parts"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_MIN is not set"),
        ("auto", slurm(2, 1, 3, MAX=9, STEP=1), "the SLURM array is no range with a fixed step"),
        ("auto", slurm(2, 1, 3, MAX=5, STEP=2), "the SLURM array is no range with a fixed step"),
        ("auto", slurm(1, 1, 3, STEP=0), "the SLURM array is no range with a fixed step"),
        ("auto", slurm(1, 1, 0), "the SLURM array is no range with a fixed step"),
        ("auto", slurm(4, 1, 3), "SLURM_ARRAY_TASK_ID=4 is none of 3 parts"),
        ("auto", {"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "1000001"}, "must be between 1 and"),
    ],
)
def test_what_does_not_tell_the_part_is_one_error(text: str, environment: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_shard(text, environment)
    assert "\n" not in str(caught.value)
