"""What the store answers, in words."""

import asyncio
import os

import pytest

from fetchcli.core.errors import InputError, UsageError
from fetchcli.core.object_url import parse_object_url
from fetchcli.object_stores.client import FIRST_RANGE, Bucket
from fetchcli.object_stores.object_list import ObjectFile
from fetchcli.object_stores.problems import translated
from tests.support.command import fetchcli
from tests.support.object_store import Bucket as Seen
from tests.support.recorder import ok, recorder


@pytest.fixture
def opened(bucket: Seen, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    for name, value in bucket.env.items():
        monkeypatch.setenv(name, value)
    return Bucket(parse_object_url(bucket.url("any")))


def test_a_list_that_is_replaced_is_not_mixed_with_the_new_one(bucket: Seen, opened: Bucket) -> None:
    bucket.put("urls.txt", b"a" * (FIRST_RANGE + 1))
    blocks = ObjectFile(bucket.url("urls.txt")).blocks()
    assert next(blocks)[:1] == b"a"
    bucket.put("urls.txt", b"b" * (FIRST_RANGE + 1))
    with pytest.raises(InputError, match=r"urls.txt: the object was replaced meanwhile; start again"):
        b"".join(blocks)


def test_ranges_are_the_whole(bucket: Seen, opened: Bucket) -> None:
    data = os.urandom(5 * FIRST_RANGE + 7)
    bucket.put("data", data)
    blocks = list(opened.read("data"))
    assert b"".join(blocks) == data
    assert max(map(len, blocks)) <= 65536


async def test_two_that_write_the_same_do_not_overwrite_each_other(bucket: Seen, opened: Bucket) -> None:
    put = [asyncio.to_thread(opened.put, "one", bytes([number]) * 1000, create=True) for number in range(8)]
    results = await asyncio.gather(*put, return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert all(result is None or isinstance(result, FileExistsError) for result in results)
    assert bucket.get("one") == bytes([results.index(None)]) * 1000


def test_an_upload_whose_content_fails_is_aborted(bucket: Seen, opened: Bucket) -> None:
    def blocks() -> object:
        yield os.urandom(9_000_000)
        raise OSError(5, "bad disk")

    with pytest.raises(OSError, match="bad disk"):
        opened.put_blocks("x", blocks())  # type: ignore[arg-type]
    assert (bucket.keys(), bucket.uploads()) == ([], [])


def test_who_may_write_and_not_abort_may_write(bucket: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    started = b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
    denied = ok(b"<Error><Code>AccessDenied</Code></Error>", status="403 Forbidden")
    with recorder(lambda request: ok(started) if request.startswith(b"POST") else denied) as server:
        for name, value in {**bucket.env, "AWS_ENDPOINT_URL": server.url().rstrip("/")}.items():
            monkeypatch.setenv(name, value)
        Bucket(parse_object_url("s3://bucket/x")).check_writable("x")
        assert [request.split()[0] for request in server.requests] == [b"POST", b"DELETE"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("400 Bad Request", "the store answers 400 Bad Request (AuthorizationHeaderMalformed); check the address, AWS"),
        ("403 Forbidden", "access denied (AuthorizationHeaderMalformed); check the credentials and what they may do"),
    ],
)
def test_statuses(status: str, message: str, bucket: Seen) -> None:
    body = b"<Error><Code>AuthorizationHeaderMalformed</Code></Error>"
    with recorder(ok(body, status=status)) as server:
        env = {**bucket.env, "AWS_ENDPOINT_URL": server.url().rstrip("/")}
        result = fetchcli("http://127.0.0.1:1/", "-o", "s3://bucket/x.csv", env=env)
    assert (result.code, f"s3://bucket/x.csv: {message}" in result.err) == (8, True), result.err


@pytest.mark.parametrize(
    ("scheme", "error", "text"),
    [
        (
            "gs",
            Exception("Error performing GET http://u:pw@h/x - HTTP error: x"),
            "check the network, the GOOGLE",
        ),
        ("az", Exception("Error performing GET http://h/x - status code: 503 Busy: x"), "answers 503 Busy; try again"),
        ("az", Exception("Generic MicrosoftAzure error: Account must be specified"), "^.Errno 11[23]. Account must be"),
        ("s3", Exception("Generic S3 error: see http://u:pw@h/x\nDebug"), "see .address.$"),
        (
            "s3",
            Exception("Generic S3 error: Error getting create multipart response body: x"),
            "the store does not answer",
        ),
        ("s3", ValueError("Could not parse path"), "Could not parse path"),
        ("s3", OSError("Writer already closed."), "Writer already closed."),
    ],
)
def test_texts(scheme: str, error: Exception, text: str) -> None:
    with pytest.raises(OSError, match=text) as raised, translated(scheme):
        raise error
    assert "pw" not in str(raised.value)


def test_azure_needs_an_account(bucket: Seen) -> None:
    result = fetchcli("az://container/urls.txt")
    assert (result.code, result.err) == (3, "fetchcli: az://container/urls.txt: Account must be specified\n")


def test_an_option_of_the_client_is_still_read(bucket: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**bucket.env, "AWS_TIMEOUT": "nonsense"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises((OSError, UsageError)):
        Bucket(parse_object_url("s3://bucket/x"))
