"""Lists in object stores through the real command."""

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
from backports import zstd

from tests.support.command import COMMAND, environment, fetchcli
from tests.support.faults import FaultServer
from tests.support.object_store import Bucket
from tests.support.recorder import ok, recorder


@pytest.mark.parametrize(
    ("key", "pack"),
    [("lists/urls.csv.gz", gzip.compress), ("lists/urls.csv", bytes), ("lists/with space", zstd.compress)],
)
def test_a_list_is_recognized_as_a_file_is(key: str, pack: object, bucket: Bucket) -> None:
    assert callable(pack)
    with recorder(lambda _: ok()) as server:
        bucket.put(key, pack(f"url,tag\n{server.url('/a')},one\n{server.url('/b')},two\n".encode()))
        result = fetchcli(bucket.url(key), "-o", "jsonl", "--ordered", env=bucket.env)
    rows = [json.loads(line) for line in result.lines]
    assert (result.code, [row["tag"] for row in rows]) == (0, ["one", "two"]), result.err
    assert {row["source"] for row in rows} == {bucket.url(key)}


def test_a_list_larger_than_one_range_is_whole(bucket: Bucket) -> None:
    urls = [f"http://127.0.0.1:1/{number:07}/{os.urandom(20).hex()}" for number in range(30_000)]
    bucket.put("urls.txt", "\n".join(urls).encode())
    result = fetchcli(bucket.url("urls.txt"), "--limit", "30000", "--dry-run", env=bucket.env)
    assert result.lines[0].startswith("30,000 rows: 30,000 to fetch from 1 host, 0 duplicates"), result.out


def test_every_round_reads_it_again(bucket: Bucket, faults: FaultServer) -> None:
    bucket.put("urls.txt", faults.url("ok").encode())
    result = fetchcli(bucket.url("urls.txt"), "--repeat", "2", "-w", "%{round}\n", env=bucket.env)
    assert (result.code, result.lines) == (0, ["1", "2"]), result.err


def test_results_are_a_list_again(bucket: Bucket, faults: FaultServer) -> None:
    rows = fetchcli(faults.url("ok"), "http://127.0.0.1:1/", "--accept", "404", "-o", "jsonl").out
    bucket.put("rows.jsonl", rows.replace("127.0.0.1:1/", faults.url("ok").partition("://")[2]).encode())
    result = fetchcli(bucket.url("rows.jsonl"), "--only-failed", "-w", "%{url}\n", env=bucket.env)
    assert (result.code, result.lines) == (0, [faults.url("ok")] * 2), result.err


def test_an_empty_list_is_an_empty_input(bucket: Bucket) -> None:
    bucket.put("empty.txt", b"")
    result = fetchcli(bucket.url("empty.txt"), env=bucket.env)
    assert (result.code, result.err) == (3, "fetchcli: the input contains no URL (--allow-empty accepts that)\n")


@pytest.mark.parametrize("option", [(), ("--dry-run",)])
def test_what_is_missing_is_named(option: tuple[str, ...], bucket: Bucket) -> None:
    result = fetchcli(bucket.url("none.csv"), *option, env=bucket.env)
    assert (result.code, result.out, result.err) == (3, "", f"fetchcli: {bucket.url('none.csv')}: no such object\n")
    result = fetchcli("s3://no-such-bucket/none.csv", *option, env=bucket.env)
    text = "s3://no-such-bucket/none.csv: no such bucket; create it, or check its name, AWS_ENDPOINT_URL and AWS_REGION"
    assert (result.code, result.err) == (3, f"fetchcli: {text}\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (files of "),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (files of "),
        ({"AWS_ALLOW_HTTP": ""}, "the endpoint is not https; AWS_ALLOW_HTTP=true allows that"),
        ({"AWS_ENDPOINT_URL": "http://user:pw@127.0.0.1:1"}, "the store does not answer; check the network, AWS_END"),
    ],
)
def test_an_environment_that_lacks_something(change: dict[str, str], message: str, bucket: Bucket) -> None:
    bucket.put("urls.txt", b"http://127.0.0.1:1/")
    env = {name: value for name, value in {**bucket.env, **change}.items() if value}
    result = fetchcli(bucket.url("urls.txt"), env=env)
    assert (result.code, result.err.count("\n"), message in result.err) == (3, 1, True), result.err
    assert "pw" not in result.err
    assert bucket.env["AWS_SECRET_ACCESS_KEY"] not in result.err


def test_access_is_denied(bucket: Bucket) -> None:
    denied = b"<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>AKIDTEST</AWSAccessKeyId></Error>"
    with recorder(lambda _: ok(denied, status="403 Forbidden")) as server:
        env = {**bucket.env, "AWS_ENDPOINT_URL": server.url().rstrip("/")}
        result = fetchcli("s3://bucket/urls.txt", env=env)
    assert (result.code, result.err.count("\n"), "access denied (" in result.err) == (3, 1, True), result.err
    assert "AKIDTEST" not in result.err


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://", "s3://: expected a bucket, as in s3://bucket/name; credentials are taken from the environment"),
        ("s3://key:secret@bucket/x", "s3://: expected a bucket, as in s3://bucket/name; credentials are taken from"),
        ("s3://bucket", "s3://bucket: expected the name of an object: s3://bucket/NAME"),
        ("s3://bucket/a/../b", "a name in a store has no empty part, no '.' or '..'"),
        ("s3://bucket/x.parquet", "s3://bucket/x.parquet: a Parquet file is read from a disk; copy it there first"),
    ],
)
def test_addresses_that_are_none(address: str, message: str, bucket: Bucket) -> None:
    result = fetchcli(address, env=bucket.env)
    assert (result.code, result.err.count("\n"), message in result.err) == (2, 1, True), result.err
    assert "secret" not in result.err


def test_a_missing_extra_is_named(bucket: Bucket, here: Path) -> None:
    Path("stubs").mkdir()
    Path("stubs/obstore.py").write_text("raise ImportError")
    for arguments in (
        ("s3://bucket/x",),
        ("http://127.0.0.1:1/", "-o", "s3://bucket/x.jsonl"),
        ("http://127.0.0.1:1/", "--save", "s3://bucket/{sha256}"),
    ):
        command = [*COMMAND, *arguments]
        env = environment(PYTHONPATH="stubs", **bucket.env)
        ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        message = "fetchcli: An object store requires obstore; install fetchcli[s3]\n"
        assert (ran.returncode, ran.stderr) == (2, message)
