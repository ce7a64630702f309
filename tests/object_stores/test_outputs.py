"""Results in object stores through the real command."""

import asyncio
import base64
import csv
import gzip
import io
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.inputs.reader import RowReader
from fetchcli.object_stores.client import PART
from fetchcli.object_stores.object_output import ObjectOutput
from fetchcli.run.loop import RunLoop
from tests.support.command import COMMAND, environment, fetchcli, until
from tests.support.faults import FaultServer
from tests.support.object_store import Bucket, MotoServer
from tests.support.recorder import ok, recorder

LARGE = 100_000  # bytes that a row carries


def large_list(url: str, rows: int) -> bytes:
    """A list whose rows cannot be compressed much."""
    lines = [f"{url}{number},{base64.b64encode(os.urandom(LARGE * 3 // 4)).decode()}" for number in range(rows)]
    return "\n".join(["url,blob", *lines, ""]).encode()


def test_many_parts_become_one_object(bucket: Bucket, here: Path) -> None:
    with recorder() as server:
        Path("list.csv").write_bytes(large_list(server.url(), 260))
        output = f"jsonl:{bucket.url('run/part.jsonl.gz')}"
        result = fetchcli("list.csv", "--keep", "blob", "-o", output, "--ordered", env=bucket.env)
    assert result.code == 0, result.err
    assert bucket.keys() == ["run/part.jsonl.gz"]
    about = bucket.about("run/part.jsonl.gz")
    assert about["size"] > 2 * PART
    assert about["e_tag"].endswith('-3"')  # three parts
    rows = [json.loads(line) for line in gzip.decompress(bucket.get("run/part.jsonl.gz")).splitlines()]
    listed = list(csv.DictReader(io.StringIO(Path("list.csv").read_text())))
    assert [(row["url"], row["blob"]) for row in rows] == [(row["url"], row["blob"]) for row in listed]
    assert bucket.uploads() == []


@pytest.mark.parametrize("key", ["rows.csv", "rows.json", "rows.txt", "rows.jsonl.zst", "report.xml", "report.md"])
def test_every_format_of_a_file_is_one_of_an_object(key: str, bucket: Bucket, faults: FaultServer, here: Path) -> None:
    columns = () if key.startswith("report") else ("--columns", "seq,url,status")
    arguments = (faults.url("ok"), faults.url("ok"), "--ordered", "-q", *columns)
    one = fetchcli(*arguments, "-o", key, "-o", bucket.url("second.jsonl"), env=bucket.env)
    two = fetchcli(*arguments, "-o", bucket.url(key), env=bucket.env)
    assert (one.code, two.code) == (0, 0), one.err + two.err
    if key not in ("rows.txt", "report.xml", "report.md"):  # they say how long it took
        assert bucket.get(key) == Path(key).read_bytes()
    assert bucket.get(key).count(b"\n") == Path(key).read_bytes().count(b"\n")
    assert len(bucket.get("second.jsonl").splitlines()) == 2


def test_an_older_object_is_replaced_at_the_end(bucket: Bucket) -> None:
    bucket.put("rows.jsonl", b"older")
    seen: list[bytes] = []

    def answer(_: bytes) -> bytes:
        seen.append(bucket.get("rows.jsonl"))
        return ok()

    with recorder(answer) as server:
        result = fetchcli(server.url(), "-o", bucket.url("rows.jsonl"), env=bucket.env)
    assert (result.code, seen) == (0, [b"older"])
    assert json.loads(bucket.get("rows.jsonl"))["status"] == 200


@pytest.mark.parametrize("output", ["jsonl:s3://no-such-bucket/rows", "s3://no-such-bucket/report.md"])
def test_a_missing_bucket_is_refused_before_the_first_request(output: str, bucket: Bucket) -> None:
    with recorder() as server:
        result = fetchcli(server.url(), "-o", output, env=bucket.env)
        assert server.requests == []
    address = output.removeprefix("jsonl:")
    text = f"fetchcli: {address}: no such bucket; create it, or check its name, AWS_ENDPOINT_URL and AWS_REGION\n"
    assert (result.code, result.err) == (8, text)


def test_who_may_not_write_is_told_before_the_first_request(bucket: Bucket) -> None:
    denied = ok(b"<Error><Code>AccessDenied</Code></Error>", status="403 Forbidden")
    with recorder(denied) as store, recorder() as server:
        env = {**bucket.env, "AWS_ENDPOINT_URL": store.url().rstrip("/")}
        result = fetchcli(server.url(), "-o", "s3://bucket/rows.csv", env=env)
        assert server.requests == []
    text = "s3://bucket/rows.csv: access denied (AccessDenied); check the credentials and what they may do"
    assert (result.code, result.err) == (8, f"fetchcli: {text}\n")


def test_a_server_that_dies_makes_exit_code_8(here: Path) -> None:
    server = MotoServer()
    bucket = server.bucket()
    killed: list[bool] = []

    def answer(request: bytes) -> bytes:
        if b"GET /5 " in request and not killed:
            killed.append(True)
            server.kill()
        return ok()

    with recorder(answer) as site:
        Path("list.csv").write_bytes(large_list(site.url(), 10))
        output = bucket.url("rows.jsonl")
        result = fetchcli("list.csv", "-c", "1", "-q", "-o", output, "-o", "copy.jsonl", env=bucket.env)
    text = f"cannot write {output}: the store does not answer; check the network, AWS_ENDPOINT_URL and AWS_REGION"
    assert (result.code, result.err) == (8, f"fetchcli: {text}\n")
    assert len(Path("copy.jsonl").read_text().splitlines()) == 10


def test_a_server_that_dies_in_the_middle_of_an_upload_stops_the_run(here: Path) -> None:
    server = MotoServer()
    bucket = server.bucket()
    killed: list[bool] = []
    lock = Lock()

    def answer(_: bytes) -> bytes:
        with lock:
            if not killed and bucket.uploads():
                killed.append(True)
                server.kill()
        return ok()

    with recorder(answer) as site:
        Path("list.csv").write_bytes(large_list(site.url(), 600))
        output = bucket.url("rows.jsonl")
        result = fetchcli("list.csv", "--keep", "blob", "-c", "4", "-q", "-o", output, env=bucket.env)
        assert len(site.requests) < 600
    assert killed
    assert (result.code, result.err.count(f"cannot write {output}: the store does not answer")) == (8, 1), result.err


def test_an_interrupted_run_completes_the_object(bucket: Bucket, faults: FaultServer) -> None:
    command = [*COMMAND, "-", "-o", bucket.url("rows.jsonl"), "-w", "%{seq}\n"]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, env=environment(**bucket.env), **streams)  # type: ignore[call-overload]
    before = len(faults.requests)
    process.stdin.write("\n".join([*[faults.url("ok")] * 20, faults.url("stall-in-body"), ""]).encode())
    process.stdin.flush()
    for _ in range(20):
        process.stdout.readline()
    until(lambda: len(faults.requests) - before == 21, "every URL was requested", process)
    assert bucket.keys() == []
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    rows = [json.loads(line) for line in bucket.get("rows.jsonl").splitlines()]
    assert process.returncode == 130
    assert [row["verdict"] for row in rows].count("OK") == 20
    assert len(rows) == 21
    assert b"--resume" not in err  # nothing can go on with an object


def test_a_kill_leaves_nothing_under_the_name(bucket: Bucket, here: Path) -> None:
    with recorder(lambda request: ok() if b"GET /29" not in request else b"") as site:
        Path("list.csv").write_bytes(large_list(site.url(), 300))
        command = [*COMMAND, "list.csv", "--keep", "blob", "-c", "2", "-o", bucket.url("rows.jsonl")]
        process = subprocess.Popen(command, env=environment(**bucket.env))
        until(bucket.uploads, "a part was uploaded", process)
        process.kill()
        process.wait()
    assert bucket.keys() == []


async def test_what_crashes_is_aborted(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in bucket.env.items():
        monkeypatch.setenv(name, value)
    output = await asyncio.to_thread(ObjectOutput, bucket.url("rows.jsonl"), lambda _: None)
    output.begin()
    output.write(os.urandom(PART + 1))
    await asyncio.to_thread(until, bucket.uploads, "a part was uploaded")
    output.crashed = True
    await asyncio.to_thread(output.close)
    assert (bucket.keys(), bucket.uploads(), output.failure) == ([], [], "")


class _Fetcher:
    """Ends as it is told."""

    over = unread = stopped = False

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def run(self, rows: object) -> AsyncIterator[Any]:
        if self._error is not None:
            raise self._error
        rows_left: list[object] = []
        for row in rows_left:
            yield row


class _Closed:
    """Notes how it is closed."""

    def close(self, summary: object, **ends: bool) -> None:
        self.ends = ends


@pytest.mark.parametrize("error", [None, RuntimeError("a bug")])
async def test_outputs_are_told_that_a_run_has_crashed(error: Exception | None) -> None:
    outputs: Any = _Closed()
    run_loop = RunLoop(Settings(), Summary(), None, lambda _: RowReader(()), endless=False)
    fetcher: Any = _Fetcher(error)
    run_loop.fetcher = fetcher
    with suppress(RuntimeError):
        await run_loop.run(outputs)
    assert outputs.ends["crashed"] is (error is not None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "s3://bucket/x.jsonl", "--resume"), "--resume cannot continue s3://bucket/x.jsonl: an object does not"),
        (
            ("-o", "x.jsonl", "-o", "s3://bucket/x.md", "--resume"),
            "--resume cannot continue s3://bucket/x.md: an object does not grow; write to a file and copy it there",
        ),
        (("-o", "s3://bucket/x"), "-o s3://bucket/x: its name does not end in the extension of a format; write jsonl:"),
        (("-o", "s3://bucket/x.parquet"), "parquet is not written to an object store; write to a file and copy it"),
        (("-o", "sqlite:s3://bucket/x"), "sqlite is not written to an object store; write to a file and copy it"),
        (("-o", "jsonl:s3://bucket"), "s3://bucket: expected the name of an object: s3://bucket/NAME"),
        (("-o", "s3://b/x.csv", "-o", "s3://b/x.csv"), "two outputs (-o, -w, --save) write to s3://b/x.csv"),
    ],
)
def test_outputs_that_make_no_sense(arguments: tuple[str, ...], message: str, bucket: Bucket, here: Path) -> None:
    result = fetchcli("http://127.0.0.1:1/", *arguments, env=bucket.env)
    assert (result.code, result.err.count("\n"), message in result.err) == (2, 1, True), result.err


def test_what_is_read_is_not_written(bucket: Bucket) -> None:
    bucket.put("rows.jsonl", b'"http://127.0.0.1:1/"')
    result = fetchcli(bucket.url("rows.jsonl"), "-o", bucket.url("rows.jsonl"), env=bucket.env)
    text = f"fetchcli: {bucket.url('rows.jsonl')}: is also read by the run; write to another object\n"
    assert (result.code, result.err) == (8, text)
    assert bucket.get("rows.jsonl") == b'"http://127.0.0.1:1/"'


def test_a_file_that_was_found_cannot_name_an_object(here: Path, bucket: Bucket) -> None:
    for line in ('output = ["s3://evil/x.jsonl"]', 'output = ["csv:s3://evil/x"]', 'save = "s3://evil/{sha256}"'):
        Path("fetchcli.toml").write_text(line)
        result = fetchcli("http://127.0.0.1:1/", env={**bucket.env, "FETCHCLI_NO_CONFIG": ""})
        assert (result.code, "is not inside the folder of the file" in result.err) == (2, True), result.err
