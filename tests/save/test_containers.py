"""Zip, tar: members are whole or not there, and a file that was cut off is continued after its last whole member."""

import asyncio
import errno
import os
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fetchcli.core.errors import ErrorKind, OutputError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.model.save import Save
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.core.naming.template import Template
from fetchcli.save import body_spool, growing_file
from fetchcli.save import zip as zip_module
from fetchcli.save.container import Container, Member
from fetchcli.save.store import Store
from fetchcli.save.tar import Tar
from fetchcli.save.zip import Zip
from tests.support.recorder import ok
from tests.support.saving import failing, large, save

pytestmark = pytest.mark.usefixtures("in_folder")
LONG = "/" + "d/" * 30 + "x" * 180 + ".html"
BODIES = {
    "/": b"front",
    "/caf%C3%A9": b"\xff\x00",
    "/empty": b"",
    "/large": large(700_000),
    LONG: b"PK\x03\x04 in a body",
}
NAMES = ["h/index.html", "h/café", "h/empty", "h/large", f"h{LONG}"]


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(settings: Save, answers: dict[str, bytes]) -> tuple[list[Outcome], Store[Any]]:
    return asyncio.run(save(settings, answers))


def members(path: str) -> dict[str, bytes]:
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            return {info.filename: archive.read(info) for info in archive.infolist()}
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["all.zip", "all.tar"])
def test_every_reader_finds_every_body(path: str) -> None:
    outcomes, _ = run(Save(to=path, fsync=True), BODIES)
    assert [outcome.saved and outcome.saved.name for outcome in outcomes] == NAMES
    assert members(path) == dict(zip(NAMES, BODIES.values(), strict=True))
    assert sorted(file.name for file in Path().iterdir()) == [path]


@pytest.mark.needs_unzip
@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_accepts_it() -> None:
    run(Save(to="all.zip"), BODIES)
    subprocess.run(["unzip", "-tq", "all.zip"], check=True, capture_output=True)


def test_tar_accepts_it() -> None:
    run(Save(to="all.tar"), BODIES)
    listed = subprocess.run(["tar", "tf", "all.tar"], check=True, capture_output=True, text=True)
    assert len(listed.stdout.split()) == len(BODIES)


@pytest.mark.parametrize("path", ["all.zip", "all.tar"])
def test_times(path: str) -> None:
    answers = {"/a": ok(b"x", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")}
    run(Save(to=path, remote_time=True), answers)
    if path.endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            assert archive.infolist()[0].date_time == (1994, 11, 6, 8, 49, 36)
    else:
        with tarfile.open(path) as tar:
            assert tar.getmembers()[0].mtime == 784111777


@pytest.mark.parametrize("path", ["all.zip", "all.tar"])
def test_a_member_that_cannot_be_written_is_not_there(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 0
    while True:
        number += 1
        with failing(monkeypatch, body_spool, "write", number, OSError(28, os.strerror(28))) as calls:
            outcomes, store = run(Save(to=path), BODIES)
        saved = [outcome.saved.name for outcome in outcomes if outcome.saved]
        if not store.failure and saved:
            assert sorted(members(path)) == sorted(saved)
        if calls[0] < number:
            break
        assert {outcome.failure.kind for outcome in outcomes if outcome.failure} <= {
            ErrorKind.WRITE,
            ErrorKind.CANCELLED,
        }
    assert number > 6
    run(Save(to=path), BODIES)
    assert len(members(path)) == len(BODIES)


def layout(path: str) -> Any:
    return Zip() if path.endswith(".zip") else Tar()


def planner() -> NamePlanner:
    return NamePlanner(Template("{host}/{page}"), "")


@pytest.mark.parametrize("path", ["all.zip", "all.tar"])
def test_a_file_that_was_cut_off_anywhere_is_continued(path: str) -> None:
    run(Save(to=path), {"/a": b"1" * 1000, "/b": b"2" * 1000, "/c": b"3" * 1000})
    whole = Path(path).read_bytes()
    with_end = members(path)
    for length in (*range(0, len(whole), 37), len(whole)):
        Path(path).write_bytes(whole[:length])
        container = Container(path, planner(), layout(path), resume=True)
        kept = container._kept
        container.close()
        found = members(path) if kept else {}
        assert list(found.items()) == list(with_end.items())[: len(found)]
        assert len(found) == kept // (1536 if path.endswith(".tar") else 1033)
        if length == len(whole):
            assert found == with_end


def test_a_torn_body_that_looks_like_a_member_is_no_member(tmp_path: Path) -> None:
    """The sizes of the last member say that it is whole; its checksum says that it is not."""
    path = tmp_path / "x.zip"
    member = Member("a", 40, 0x12345678, 1e9, 0)
    archive = Zip()
    path.write_bytes(archive.frame(member)[0] + b"PK\x03\x04" + bytes(36))
    archive.close()
    container = Container(str(path), planner(), Zip(), resume=True)
    assert container._kept == 0
    container.close()


def test_large_sizes_and_many_members_are_written_as_zip64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_module, "_MAX32", 1000)
    monkeypatch.setattr(zip_module, "_MAX16", 2)
    archive, data, offset = Zip(), b"", 0
    for number in range(3):
        body = bytes([65 + number]) * 1500
        member = Member(f"m{number}", len(body), zlib.crc32(body), 1e9, offset)
        data += archive.frame(member)[0] + body
        archive.added(member)
        offset = len(data)
    data += b"".join(archive.finish(offset))
    archive.close()
    assert data.count(b"PK\x06\x06") == data.count(b"PK\x06\x07") == 1
    # The numbers that send readers to the ZIP64 fields are larger than those that this test puts in their place.
    small, sent = (1000).to_bytes(4, "little"), b"\xff" * 4
    data = data.replace(small * 2, sent * 2).replace(b"\x02\x00\x02\x00", b"\xff" * 4)
    (tmp_path / "x.zip").write_bytes(
        data.replace(small + b"m", sent + b"m").replace(small + b"\x00\x00", sent + b"\x00\x00")
    )
    assert {name: len(body) for name, body in members(str(tmp_path / "x.zip")).items()} == dict.fromkeys(
        ("m0", "m1", "m2"), 1500
    )


@pytest.mark.parametrize("kind", ["folder", "fifo", "locked"])
def test_containers_that_cannot_be_written(kind: str) -> None:
    path = Path("x.zip")
    holder = None
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path = Path("none/x.zip")
    else:
        holder = Container(str(path), planner(), Zip())
    with pytest.raises(OutputError, match=r"x\.zip: "):
        run(Save(to=str(path)), {"/a": b"x"})
    if holder is not None:
        holder.close()


def test_bodies_in_containers_are_read_from_their_start() -> None:
    """A body that went to a temporary file is not moved there by whoever reads it."""
    run(Save(to="x.tar"), {"/1": large(300_000), "/2": large(300_004)})
    assert [len(body) for body in members("x.tar").values()] == [300_000, 300_004]
    assert BytesIO(Path("x.tar").read_bytes()).read(4) == b"h/1\0"


FOREIGN = {
    "deflated.zip": lambda path: zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED),
    "text.zip": None,
    "text.tar": None,
}


@pytest.mark.parametrize("path", FOREIGN)
def test_what_others_have_written_is_not_cut(path: str) -> None:
    make = FOREIGN[path]
    if make is None:
        Path(path).write_bytes(b"these are my notes\n" * 100)
    else:
        with make(path) as archive:
            archive.writestr("a", b"x" * 1000)
    before = Path(path).read_bytes()
    with pytest.raises(OutputError, match=r"fetchcli has (not )?written"):
        run(Save(to=path, resume=True), {"/a": b"x"})
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("path", ["all.zip", "all.tar", "all.warc"])
def test_a_run_that_saves_nothing_leaves_the_file_as_it_is(path: str) -> None:
    nothing = {"/a": ok(b"x", status="404 Not Found")}
    run(Save(to=path), nothing)
    assert not Path(path).exists()
    run(Save(to=path), {"/a": b"x"})
    before = Path(path).read_bytes()
    run(Save(to=path), nothing)
    assert Path(path).read_bytes() == before


def test_a_zip_on_a_full_disk_has_its_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no room for more, but the room for the directory is reserved before each member."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    bodies = {f"/{number}": large(200_000) for number in range(6)}
    with failing(monkeypatch, growing_file, "posix_fallocate", 3, full):
        outcomes, store = run(Save(to="x.zip"), bodies)
    saved = [outcome.saved.name for outcome in outcomes if outcome.saved]
    assert saved
    assert sorted(members("x.zip")) == sorted(saved)
    assert not store.failure
    size = Path("x.zip").stat().st_size
    assert size < 200_000 * len(saved) + 10_000  # what was reserved was given back
