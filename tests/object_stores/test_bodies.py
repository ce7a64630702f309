"""Bodies in object stores through the real command: what a row says is saved is in the store."""

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from fetchcli.object_stores.object_bodies import MAX_PUT
from tests.support.command import Result, fetchcli
from tests.support.faults import FaultServer
from tests.support.object_store import Bucket, MotoServer
from tests.support.recorder import ok, recorder

HTML = "Content-Type: text/html"
LARGE = os.urandom(MAX_PUT + 1)


def rows_of(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.lines]


def check(bucket: Bucket, result: Result) -> list[str]:
    """The names of rows; each is in the store with the content that the row has."""
    names = []
    for row in rows_of(result):
        key = str(row["saved_as"]).removeprefix(bucket.url())
        data = bucket.get(key)
        assert (len(data), sha256(data).hexdigest()) == (row["size_saved"], row["sha256"])
        names.append(key)
    return names


def test_equal_bodies_are_one_object_also_the_second_time(bucket: Bucket) -> None:
    with recorder(lambda request: ok(b"same" if b"/same" in request else request.split()[1], HTML)) as server:
        urls = [server.url(path) for path in ["/same"] * 20 + ["/a", "/b"]]
        arguments = ("-", "-o", "jsonl", "--save", bucket.url("pages/{sha256}{ext}"))
        for _ in range(2):
            result = fetchcli(*arguments, stdin="\n".join(urls).encode(), env=bucket.env)
            assert result.code == 0, result.err
            names = check(bucket, result)
            assert len(names) == 22
            assert set(names) == set(bucket.keys())
            expected = {f"pages/{sha256(body).hexdigest()}.html" for body in (b"same", b"/a", b"/b")}
            assert set(names) == expected


@pytest.mark.parametrize("template", ["{sha256}", "{seq}"])
def test_a_large_body_goes_in_parts(template: str, bucket: Bucket) -> None:
    with recorder(ok(LARGE)) as server:
        arguments = (server.url("/1"), server.url("/2"), "--save", bucket.url(f"x/{template}"), "-o", "jsonl")
        names = [sorted(check(bucket, fetchcli(*arguments, env=bucket.env))) for _ in range(2)]
    digest = sha256(LARGE).hexdigest()
    assert names[0] == names[1] == ([f"x/{digest}"] * 2 if template == "{sha256}" else ["x/1", "x/2"])
    assert bucket.uploads() == []


@pytest.mark.parametrize("size", [10, MAX_PUT + 1])
def test_an_older_object_is_replaced_or_kept_or_its_row_is_skipped(size: int, bucket: Bucket) -> None:
    bucket.put("site/page", b"older")
    body = LARGE[:size]
    with recorder(ok(body)) as server:
        arguments = (server.url("/page"), "--save", bucket.url("site/{path}"), "-o", "jsonl")
        skipped = fetchcli(*arguments, "--skip-existing", env=bucket.env)
        assert (skipped.code, server.requests) == (0, [])
        assert rows_of(skipped)[0]["note"] == f"{bucket.url('site/page')} exists (--skip-existing)"
        kept = check(bucket, fetchcli(*arguments, "--no-clobber", env=bucket.env))
        assert kept[0].startswith("site/page-")
        assert bucket.get("site/page") == b"older"
        again = check(bucket, fetchcli(*arguments, "--no-clobber", env=bucket.env))
        assert again[0] not in ("site/page", kept[0])
        replaced = check(bucket, fetchcli(*arguments, env=bucket.env))
    assert (replaced, bucket.get("site/page")) == (["site/page"], body)
    assert len(bucket.keys()) == 3


def test_an_object_with_the_name_but_another_size_is_told(bucket: Bucket) -> None:
    name = f"{sha256(b'hello').hexdigest()}"
    bucket.put(name, b"something else")
    with recorder() as server:
        result = fetchcli(server.url(), "--save", bucket.url("{sha256}"), "-o", "jsonl", env=bucket.env)
    (row,) = rows_of(result)
    assert (result.code, row["error"]) == (8, "write")
    assert row["error_detail"] == f"cannot write {bucket.url(name)}: an object of this name has another size; remove it"
    assert bucket.get(name) == b"something else"


@pytest.mark.parametrize(
    ("save", "path", "key"),
    [
        ("", "/a/b?c=d", "127.0.0.1+{port}/a/b@c=d"),
        ("in/", "/a%2Fb/é%23~x[1].txt", "in/127.0.0.1+{port}/a%2Fb/é#~x[1].txt"),
        ("one.html", "/", "one.html"),
        ("{host:3}/{name}", "/x%25y", "127/x%y"),
    ],
)
def test_names_are_those_of_a_folder(save: str, path: str, key: str, bucket: Bucket) -> None:
    with recorder() as server:
        result = fetchcli(server.url(path), "--save", bucket.url(save), "-o", "jsonl", env=bucket.env)
        dry = fetchcli(server.url(path), "--save", bucket.url(save), "--dry-run", env=bucket.env)
        expected = key.format(port=server.port)
    assert result.code == 0, result.err
    assert check(bucket, result) == [expected] == bucket.keys()
    assert dry.lines[0].split("\t")[0] == bucket.url(expected)


def test_remote_names(bucket: Bucket) -> None:
    with recorder(ok(b"x", 'Content-Disposition: attachment; filename="proposed.txt"')) as server:
        arguments = (server.url("/dir/name.txt"), "-O", "--output-dir", bucket.url("d"), "-o", "jsonl")
        assert check(bucket, fetchcli(*arguments, env=bucket.env)) == ["d/name.txt"]
        assert check(bucket, fetchcli(*arguments, "-J", env=bucket.env)) == ["d/proposed.txt"]


def test_a_failed_row_saves_nothing(bucket: Bucket, faults: FaultServer) -> None:
    fetchcli(faults.url("stall-in-body"), "-m", "0.5", "--save", bucket.url("{seq}"), env=bucket.env)
    assert (bucket.keys(), bucket.uploads()) == ([], [])


def test_a_resumed_run_fetches_only_the_rest(bucket: Bucket, here: Path) -> None:
    with recorder() as server:
        arguments = ("-", "--save", bucket.url("{sha256}"), "-o", "rows.jsonl", "--resume", "-q")
        first = fetchcli(*arguments, stdin=server.url("/1").encode(), env=bucket.env)
        both = fetchcli(*arguments, stdin=f"{server.url('/1')}\n{server.url('/2')}".encode(), env=bucket.env)
        assert (first.code, both.code, server.targets) == (0, 0, ["/1", "/2"]), both.err
    rows = [json.loads(line) for line in Path("rows.jsonl").read_text().splitlines()]
    assert [row["saved_as"] for row in rows] == [bucket.url(sha256(b"hello").hexdigest())] * 2


def test_a_missing_bucket_is_refused_before_the_first_request(bucket: Bucket) -> None:
    with recorder() as server:
        result = fetchcli(server.url(), "--save", "s3://no-such-bucket/{sha256}", env=bucket.env)
        assert server.requests == []
    text = "--save s3://no-such-bucket: no such bucket; create it, or check its name, AWS_ENDPOINT_URL and AWS_REGION"
    assert (result.code, result.err) == (8, f"fetchcli: {text}\n")


def test_a_server_that_dies_fails_rows_and_ends_the_run(here: Path) -> None:
    server = MotoServer()
    bucket = server.bucket()
    killed: list[bool] = []

    def answer(request: bytes) -> bytes:
        if b"GET /20 " in request and not killed:
            killed.append(True)
            server.kill()
        return ok(request.split()[1])

    with recorder(answer) as site:
        urls = "\n".join(site.url(f"/{number}") for number in range(5000))
        arguments = ("-", "-c", "4", "--save", bucket.url("{sha256}"), "-o", "jsonl")
        result = fetchcli(*arguments, stdin=urls.encode(), env=bucket.env)
        assert len(site.requests) < 5000
    rows = rows_of(result)
    ends = {(row["error"], row["skip_cause"]) for row in rows if row["verdict"] != "OK"}
    assert (result.code, ends) == (8, {("write", None), (None, "halt")}), ends
    assert len(rows) == 5000
    assert sum(row["verdict"] == "OK" for row in rows) >= 10
    assert "s3cr3t" not in result.err + result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--save", "s3://bucket/x.zip"), "s3://bucket/x.zip: a container is written to a file; save to a file and"),
        (("--save", "s3://bucket/x/../{sha256}"), "a name in a store has no empty part, no '.' or '..'"),
        (("--save", "s3://{host}/{sha256}"), "s3://: expected a bucket, as in s3://bucket/name"),
        (("--save", "s3://bucket"), "s3://bucket: expected the name of an object"),
        (("--save", "s3://bucket/{seq}", "-R"), "--remote-time and --continue-at require files or a container, not"),
        (("--save", "s3://bucket/{seq}", "-C", "-"), "--remote-time and --continue-at require files or a container"),
        (("--save", "s3://bucket/{sha256}", "--skip-existing"), "--skip-existing requires names that are known before"),
    ],
)
def test_destinations_that_make_no_sense(arguments: tuple[str, ...], message: str, bucket: Bucket) -> None:
    result = fetchcli("http://127.0.0.1:1/", *arguments, env=bucket.env)
    assert (result.code, result.err.count("\n"), message in result.err) == (2, 1, True), result.err


def test_workers_save_what_one_process_saves(bucket: Bucket) -> None:
    with recorder(lambda request: ok(request.split()[1])) as server:
        bucket.put("list.txt", "\n".join(server.url(f"/{number % 40}") for number in range(200)).encode())
        arguments = (bucket.url("list.txt"), "--save", bucket.url("pages/{sha256}"), "--processes", "2")
        result = fetchcli(*arguments, "-o", "jsonl", "-o", bucket.url("rows.csv"), env=bucket.env)
    assert result.code == 0, result.err
    assert len(check(bucket, result)) == 200
    assert len(bucket.keys()) == 42
    assert bucket.get("rows.csv").count(b"\n") == 201
