"""WARC files by the book, and as real readers take them."""

import asyncio
import gzip
import re
import zlib
from base64 import b32encode
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fetchcli import fetch
from fetchcli.core.errors import ErrorKind, OutputError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.model.save import Save
from fetchcli.core.request.request import RequestOptions
from fetchcli.save import body_spool, warc
from fetchcli.save.store import Store
from tests.support import warc_readers
from tests.support.command import fetchcli
from tests.support.recorder import ok, recorder, see
from tests.support.saving import failing, large, save

pytestmark = pytest.mark.usefixtures("in_folder")
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n5;x=1\r\nhello\r\n0\r\n\r\n"
)
PAGE = gzip.compress(b"<html><body>A page.</body></html>", mtime=0)
ANSWERS = {
    "/": b"front",
    "/gz": ok(PAGE, "Content-Encoding: gzip", "Content-Type: text/html"),
    "/chunked": CHUNKED,
    "/early": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok(b"late"),
    "/again": b"front",
    "/empty": ok(b"", status="204 No Content"),
    "/large": large(300_000),
    "/moved": see("/gz"),
}


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(settings: Save, policy: Policy | None = None, **answers: bytes) -> tuple[list[Outcome], Store[Any]]:
    table = {f"/{path}": reply for path, reply in answers.items()} or ANSWERS
    return asyncio.run(save(settings, table, policy or Policy(concurrency=1, retry=Retry(count=0))))


class Record(NamedTuple):
    fields: dict[str, str]
    block: bytes

    @property
    def kind(self) -> str:
        return self.fields["WARC-Type"]

    @property
    def payload(self) -> bytes:
        return self.block.partition(b"\r\n\r\n")[2]


def records(path: str) -> Iterator[Record]:
    data = Path(path).read_bytes()
    while data:
        if path.endswith(".gz"):
            stream = zlib.decompressobj(31)
            record = stream.decompress(data)
            assert stream.eof
            data = stream.unused_data
        else:
            head, _, rest = data.partition(b"\r\n\r\n")
            length = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]
            record, data = head + b"\r\n\r\n" + rest[: length + 4], rest[length + 4 :]
        head, _, rest = record.partition(b"\r\n\r\n")
        version, *lines = head.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        assert version == "WARC/1.1"
        assert len(rest) == int(fields["Content-Length"]) + 4
        assert rest.endswith(b"\r\n\r\n")
        yield Record(fields, rest[:-4])


def digest(data: bytes) -> str:
    return f"sha1:{b32encode(sha1(data, usedforsecurity=False).digest()).decode()}"


@pytest.mark.parametrize("path", ["p.warc", "p.warc.gz"])
def test_every_exchange_is_in_it_as_it_was_on_the_wire(path: str) -> None:
    outcomes, _ = run(Save(to=path))
    info, *pairs = records(path)
    assert info.kind == "warcinfo"
    assert info.fields["WARC-Filename"] == path
    assert b"software: fetchcli/" in info.block
    responses, requests = pairs[::2], pairs[1::2]
    assert [record.fields["WARC-Target-URI"] for record in responses] == [
        *(f"http://h{url}" for url in ANSWERS),
        "http://h/gz",
    ]
    assert {record.kind for record in requests} == {"request"}
    for response, request in zip(responses, requests, strict=True):
        assert request.fields["WARC-Concurrent-To"] == response.fields["WARC-Record-ID"]
        assert request.fields["WARC-Target-URI"] == response.fields["WARC-Target-URI"]
        for record in (response, request):
            assert record.fields["WARC-Block-Digest"] == digest(record.block)
            assert record.fields["WARC-IP-Address"] == "192.0.2.1"
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record.fields["WARC-Date"])
            if record.kind == "response":
                assert record.fields["WARC-Payload-Digest"] == digest(record.payload)
    by_url = {record.fields["WARC-Target-URI"][8:]: record for record in responses[:-1]}
    assert by_url["/gz"].payload == PAGE
    assert by_url["/chunked"].block == CHUNKED
    assert by_url["/early"].block == ok(b"late")
    assert by_url["/large"].payload == ANSWERS["/large"]
    assert by_url["/moved"].block == ANSWERS["/moved"]
    ids = [record.fields["WARC-Record-ID"] for record in (info, *pairs)]
    assert len(set(ids)) == len(ids)
    saved = [outcome.saved for outcome in outcomes]
    assert [f"<{body.name}>" for body in saved if body] == [
        *(record.fields["WARC-Record-ID"] for record in responses[:-2]),
        responses[-1].fields["WARC-Record-ID"],
    ]
    assert saved[0] is not None
    assert saved[0].size == 5


def test_a_body_that_came_before_is_not_written_again() -> None:
    run(Save(to="p.warc.gz"))
    again = [record for record in records("p.warc.gz") if record.kind == "revisit"]
    first = next(record for record in records("p.warc.gz") if record.kind == "response")
    assert [record.fields["WARC-Target-URI"] for record in again] == ["http://h/again", "http://h/gz"]
    fields = again[0].fields
    assert fields["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert fields["WARC-Refers-To-Target-URI"] == "http://h/"
    assert fields["WARC-Refers-To-Date"] == first.fields["WARC-Date"]
    assert fields["WARC-Refers-To"] == first.fields["WARC-Record-ID"]
    assert fields["WARC-Payload-Digest"] == first.fields["WARC-Payload-Digest"]
    assert again[0].block.endswith(b"\r\n\r\n")
    assert again[0].payload == b""


def test_what_is_remembered_of_bodies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "MAX_ORIGINALS", 1)
    run(Save(to="p.warc"), a=b"1", b=b"2", c=b"1")
    assert [record.kind for record in records("p.warc")][1::2] == ["response"] * 3


SECRETS = ("-H", "Authorization: Bearer abc", "-H", "X-Key: s3cretvalue", "-b", "a=bcdefg")


@pytest.mark.parametrize("shown", [False, True])
def test_secrets_in_requests_are_masked_unless_they_may_be_shown(shown: bool) -> None:
    with recorder(ok(b"x")) as server:
        more = ("--show-secrets",) if shown else ()
        done = fetchcli(server.url("/?token=s3cretvalue"), *SECRETS, "--save", "p.warc", "-q", *more)
        assert done.code == 0, done.err
    sent = next(record for record in records("p.warc") if record.kind == "request")
    text = sent.block.decode() + str(sent.fields)
    for secret in ("Bearer abc", "s3cretvalue", "a=bcdefg"):
        assert (secret in text) is shown
    assert ("Authorization: ***" in text) is not shown


def test_the_library_masks_them_too() -> None:
    with recorder(ok(b"x")) as server:
        asyncio.run(
            _fetch(server.url("/"), Policy(1, request=RequestOptions(headers=(("Authorization", "Bearer abc"),))))
        )
    sent = next(record for record in records("p.warc") if record.kind == "request")
    assert b"Authorization: ***\r\n" in sent.block


async def _fetch(url: str, policy: Policy) -> None:
    async for outcome in fetch([url], policy, save="p.warc"):
        assert outcome.saved is not None


def test_a_new_file_begins_after_its_size() -> None:
    run(Save(to="p.warc.gz", warc_size=500))
    names = sorted(path.name for path in Path().iterdir())
    assert names[0] == "p-00000.warc.gz"
    assert len(names) > 3
    found = [list(records(name)) for name in names]
    assert all(file[0].kind == "warcinfo" and len(file) > 1 for file in found)
    assert sum(len(file) - 1 for file in found) == 2 * (len(ANSWERS) + 1)
    run(Save(to="p.warc.gz", warc_size=10**6, resume=True), more=b"one")
    assert list(records(names[-1]))[-1].fields["WARC-Target-URI"] == "http://h/more"


def test_only_its_own_later_files_are_removed(tmp_path: Path) -> None:
    run(Save(to="p.warc.gz", warc_size=500))
    assert len(list(Path().glob("p-*"))) > 3
    Path("p-00002.warc.gz").write_bytes(b"notes")
    run(Save(to="p.warc.gz", warc_size=10**6))
    assert not Path("p-00001.warc.gz").exists()
    assert Path("p-00002.warc.gz").read_bytes() == b"notes"
    Path("p-00001.warc.gz").symlink_to("p-00000.warc.gz")
    run(Save(to="p.warc.gz", warc_size=10**6))
    assert Path("p-00001.warc.gz").is_symlink()


def test_only_rows_that_are_kept_are_in_it() -> None:
    run(Save(to="p.warc"), yes=b"1", no=ok(b"x", status="404 Not Found"), cut=ok(b"12345")[:-2])
    assert [record.fields["WARC-Target-URI"] for record in records("p.warc") if record.kind == "response"] == [
        "http://h/yes"
    ]


@pytest.mark.parametrize("path", ["p.warc", "p.warc.gz"])
def test_a_file_that_was_cut_off_anywhere_is_continued(path: str) -> None:
    run(Save(to=path, warc_level=9), a=b"1" * 100, b=b"2" * 100)
    whole = Path(path).read_bytes()
    before = list(records(path))
    for length in range(0, len(whole), 61):
        Path(path).write_bytes(whole[:length])
        run(Save(to=path, resume=True), c=b"3")
        *kept, response, _request = records(path)
        assert response.fields["WARC-Target-URI"] == "http://h/c"
        assert [record.fields["WARC-Type"] for record in kept] == [record.kind for record in before][: len(kept)]
        if len(kept) > 1:
            assert kept == before[: len(kept)]


def test_a_row_that_cannot_be_written_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    number = 2
    while True:
        number += 1
        with failing(monkeypatch, body_spool, "write", number, OSError(28, "No space left on device")) as calls:
            outcomes, _ = run(Save(to="p.warc.gz"))
        saved = {f"<{outcome.saved.name}>" for outcome in outcomes if outcome.saved}
        assert saved <= {record.fields["WARC-Record-ID"] for record in records("p.warc.gz")}
        if calls[0] < number:
            break
        failed = [outcome.failure.kind for outcome in outcomes if outcome.failure and outcome.attempts]
        assert set(failed) <= {ErrorKind.WRITE}


def test_a_record_that_could_not_be_written_is_not_referred_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with failing(monkeypatch, body_spool, "write", 2, OSError(5, "Input/output error")):
        outcomes, _ = run(Save(to="p.warc"), a=b"same", b=b"same")
    assert [outcome.saved is not None for outcome in outcomes] == [False, True]
    assert [record.kind for record in records("p.warc")] == ["warcinfo", "response", "request"]


def test_a_file_of_another_kind_is_not_cut() -> None:
    for path in ("p.warc", "p.warc.gz"):
        Path(path).write_bytes(b"WARC/1.0\r\nnotes")
        with pytest.raises(OutputError, match=r"not a WARC/1\.1 file"):
            run(Save(to=path, resume=True), a=b"x")


@pytest.mark.needs_warc_readers
@pytest.mark.skipif(not warc_readers.BIN, reason="WARC_READERS names no folder")
def test_real_readers_accept_it(tmp_path: Path) -> None:
    bodies = {"/": b"front", "/gz": b"<html><body>A page.</body></html>", "/chunked": b"hello", "/again": b"front"}

    def answer(request: bytes) -> bytes:
        reply = ANSWERS[request.split(b" ")[1].decode()]
        return reply if reply.startswith(b"HTTP/") else ok(reply, "Content-Type: text/plain")

    with recorder(answer) as server:
        urls = {server.url(path): body for path, body in bodies.items()}
        done = fetchcli(*urls, server.url("/moved"), server.url("/large"), "--save", "p.warc.gz", "-q", "-c", "1")
        assert done.code == 0, done.err
    assert warc_readers.run(tmp_path, "warcio", "check", "p.warc.gz") == ""
    times = warc_readers.timestamps(tmp_path, "p.warc.gz")
    with warc_readers.replayed(tmp_path, "p.warc.gz") as start:
        for url, body in urls.items():
            assert warc_readers.get(f"{start}{times[url]}id_/{url}") == (200, body), url
    warc_readers.run(tmp_path, "wacz", "create", "-o", "out.wacz", "p.warc.gz")
    assert "Validation succeeded" in warc_readers.run(tmp_path, "wacz", "validate", "-f", "out.wacz")
