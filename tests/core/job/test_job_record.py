"""What is written down about a job."""

import msgspec
import pytest

from fetchcli.core.job.job_record import CommitRecord, JobRecord, parse_record

JOB = JobRecord(chains=8, parallel=2, split=False, columns=("seq", "url"))
COMMIT = CommitRecord(shard=3, fingerprint="ab", rows=10, results="shard-3.jsonl")


@pytest.mark.parametrize("record", [JOB, COMMIT])
def test_records_come_back(record: JobRecord | CommitRecord) -> None:
    assert parse_record(msgspec.json.encode(record), type(record)) == record


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"shard": "x"}'])
def test_what_is_no_record_is_none(data: bytes) -> None:
    assert parse_record(data, JobRecord) is None
    assert parse_record(data, CommitRecord) is None
