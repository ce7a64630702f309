"""Bodies as files: whole or not there, under names of their own, never outside the folder."""

import asyncio
import errno
import os
import re
import stat
from pathlib import Path

import pytest

from fetchcli.core.errors import ErrorKind, ExitCode
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.policy import Policy, Retry
from fetchcli.core.model.save import Existing, Save, SaveOn
from fetchcli.core.summary.summary import Summary, exit_code
from fetchcli.save import body_spool, tree
from tests.support.recorder import ok
from tests.support.saving import GZIPPED, check_whole, failing, files, large, save

pytestmark = pytest.mark.usefixtures("in_folder")
BODIES = {"/": b"front", "/a": b"page a", "/a/b": b"", "/large": large(500_000)}


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def listed(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def names(outcomes: list[Outcome]) -> list[str | None]:
    return [outcome.saved.name if outcome.saved else None for outcome in outcomes]


def code(outcomes: list[Outcome]) -> ExitCode:
    summary = Summary()
    for outcome in outcomes:
        summary.add(outcome)
    return exit_code(summary)


async def test_bodies_are_in_the_folder_and_nothing_else_is() -> None:
    outcomes, _ = await save(Save(to="out/"), BODIES)
    assert names(outcomes) == ["out/h/index.html", "out/h/a/index.html", "out/h/a/b", "out/h/large"]
    assert files(Path("out")) == {
        "h/index.html": b"front",
        "h/a/index.html": b"page a",
        "h/a/b": b"",
        "h/large": BODIES["/large"],
    }
    assert listed("out") == ["h"]
    check_whole(outcomes)


async def test_modes_are_those_of_the_umask() -> None:
    before = os.umask(0o027)
    try:
        await save(Save(to="out/{name}"), {"/small": b"#!/bin/sh", "/large": large(500_000)})
    finally:
        os.umask(before)
    assert {stat.S_IMODE(Path("out", name).stat().st_mode) for name in ("small", "large")} == {0o640}


async def test_bodies_are_decoded_or_left_as_they_came() -> None:
    answers = {"/gz": ok(GZIPPED, "Content-Encoding: gzip")}
    for raw, expected in ((False, b"hello " * 100), (True, GZIPPED)):
        (outcome,), _ = await save(Save(to="x", raw=raw), answers)
        assert Path("x").read_bytes() == expected
        assert outcome.saved is not None
        assert outcome.saved.size == len(expected)


@pytest.mark.parametrize(
    ("on", "saved"), [(SaveOn.OK, ["ok"]), (SaveOn.FAILED, ["missing"]), (SaveOn.ALL, ["missing", "ok"])]
)
async def test_which_rows_are_saved(on: SaveOn, saved: list[str]) -> None:
    answers = {
        "/ok": b"yes",
        "/missing": ok(b"no", status="404 Not Found"),
        "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    }
    outcomes, _ = await save(Save(to="out/{name}", on=on), answers)
    assert sorted(files(Path("out"))) == saved
    assert [outcome.verdict for outcome in outcomes] == [Verdict.OK, Verdict.FAILED, Verdict.FAILED]


async def test_only_the_body_of_the_last_attempt_is_saved() -> None:
    policy = Policy(retry=Retry(count=2, delay=0.001))
    answers = {"/busy": ok(b"try later", status="503 Service Unavailable")}
    (outcome,), _ = await save(Save(to="out/{name}", on=SaveOn.ALL), answers, policy)
    assert len(outcome.attempts) == 3
    assert files(Path("out")) == {"busy": b"try later"}


async def test_older_files() -> None:
    out = Path("out")
    for existing, expected in ((Existing.REPLACE, b"new"), (Existing.KEEP, b"old")):
        out.mkdir(exist_ok=True)
        (out / "a").write_bytes(b"old")
        outcomes, _ = await save(Save(to="out/{name}", existing=existing), {"/a": b"new", "/b": b"b"})
        assert (out / "a").read_bytes() == expected
        check_whole(outcomes)
    again, _ = await save(Save(to="out/{name}", existing=Existing.KEEP), {"/a": b"newer"})
    assert len(files(out)) == 5  # a, b, the new a, the new b, the newer a
    check_whole(again)


async def test_existing_files_are_not_asked_for() -> None:
    Path("out").mkdir()
    Path("out/a").write_bytes(b"old")
    outcomes, _ = await save(Save(to="out/{name}", existing=Existing.SKIP), {"/a": b"new", "/b": b"b"})
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SKIPPED, Verdict.OK]
    assert outcomes[0].note == "out/a exists (--skip-existing)"
    assert code(outcomes) is ExitCode.OK
    assert Path("out/a").read_bytes() == b"old"


async def test_an_older_file_gives_way_to_a_folder_and_goes_into_it() -> None:
    Path("out/h").mkdir(parents=True)
    Path("out/h/a").write_bytes(b"old")
    outcomes, _ = await save(Save(to="out/"), {"/a/b": b"new"})
    assert files(Path("out")) == {"h/a/b": b"new", "h/a/index.html": b"old"}
    check_whole(outcomes)


async def test_a_folder_that_exists_keeps_its_name() -> None:
    Path("out/h/a").mkdir(parents=True)
    outcomes, _ = await save(Save(to="out/"), {"/a": b"page"})
    assert names(outcomes) == ["out/h/a/index.html"]


async def test_a_file_of_this_run_stays_where_it_was_said_to_be() -> None:
    """Names that depend on the response are given away late: a file may be where a folder is wanted."""
    answers = {"/a": b"file", "/a/b": b"inside"}
    outcomes, _ = await save(Save(to="out/{status}/{path}"), answers, Policy(concurrency=1))
    assert names(outcomes)[0] == "out/200/a"
    assert re.fullmatch(r"out/200/a-[0-9a-f]{16}/b", names(outcomes)[1] or "")
    check_whole(outcomes)


@pytest.mark.parametrize("kind", ["symlink", "dangling", "fifo", "folder link"])
async def test_what_is_no_regular_file_is_left_alone(kind: str, tmp_path: Path) -> None:
    Path("out/h").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    place = Path("out/h/a")
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder link":
        Path("out/h").rmdir()
        Path("out/h").symlink_to(outside)
    else:
        (outside / "secret").write_bytes(b"keep")
        place.symlink_to(outside / ("secret" if kind == "symlink" else "none"))
    outcomes, _ = await save(Save(to="out/"), {"/a": b"new", "/b": b"b"})
    assert outcomes[0].failure is not None
    assert outcomes[0].failure.kind is ErrorKind.WRITE
    assert re.search(
        r"cannot write out/h/a: .*exists and is (not|neither) a (folder|regular)", outcomes[0].failure.detail
    )
    assert code(outcomes) is ExitCode.OUTPUT
    assert files(outside) == ({} if kind in ("fifo", "folder link") else {"secret": b"keep"})


async def test_the_time_of_a_file_is_that_of_the_server() -> None:
    answers = {
        "/a": ok(b"x", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"),
        "/b": ok(b"x", "Last-Modified: yesterday"),
        "/c": b"x",
    }
    await save(Save(to="out/{name}", remote_time=True), answers)
    times = [Path("out", name).stat().st_mtime for name in "abc"]
    assert times[0] == 784111777
    assert min(times[1:]) > 1_700_000_000


async def test_what_a_killed_run_left_is_removed_and_what_a_live_one_uses_is_not() -> None:
    live = await asyncio.to_thread(tree.Tree, "out", lambda _: False)
    staged, dead = await asyncio.to_thread(live.stage), Path("out/.fetchcli/dead")
    dead.mkdir()
    (dead / "1").write_bytes(b"half")
    await save(Save(to="out/{name}"), {"/a": b"new"})
    assert not dead.exists()
    await asyncio.to_thread(live.replace, staged, "b")
    await asyncio.to_thread(live.close)
    assert listed("out") == ["a", "b"]


async def test_a_folder_that_another_program_removes_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    place = tree.Tree.replace
    removed: list[str] = []

    def replace(self: tree.Tree, staged: body_spool.Staged, name: str) -> None:
        if name == "h/d/b" and not removed:
            removed.append(name)
            Path("out/h/d/a").unlink()
            Path("out/h/d").rmdir()
        place(self, staged, name)

    monkeypatch.setattr(tree.Tree, "replace", replace)
    outcomes, _ = await save(Save(to="out/"), {"/d/a": b"1", "/d/b": b"2"}, Policy(concurrency=1))
    assert names(outcomes) == ["out/h/d/a", "out/h/d/b"]
    assert files(Path("out")) == {"h/d/b": b"2"}


CALLS = [(body_spool, "write"), (tree, "open"), (tree, "rename"), (tree, "link"), (tree, "mkdir")]
ERRORS = [errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT]


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize(("module", "call"), CALLS, ids=lambda value: getattr(value, "__name__", value))
async def test_whatever_fails_what_is_said_to_be_saved_is_there(
    module: object, call: str, error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    existing = Existing.KEEP if call == "link" else Existing.REPLACE
    settings = Save(to="out/", existing=existing, fsync=True)
    Path("out").mkdir()
    (Path("out") / "old").write_bytes(b"old")
    number = failures = 0
    while True:
        number += 1
        with failing(
            monkeypatch,
            module,
            call,
            number + (3 if module is tree and call != "rename" else 0),
            OSError(error, os.strerror(error)),
        ) as calls:
            outcomes, _ = await save(settings, BODIES, Policy(concurrency=1, retry=Retry(count=0)))
        check_whole(outcomes)
        on_disk = files(Path("out"))
        assert on_disk.pop("old") == b"old"
        assert {f"out/{name}" for name in on_disk} >= {name for name in names(outcomes) if name}
        assert all(body in BODIES.values() for body in on_disk.values()), "nothing partial"
        failed = [outcome for outcome in outcomes if outcome.failure is not None and outcome.verdict is Verdict.FAILED]
        failures += len(failed)
        if failed:
            assert {outcome.failure.kind for outcome in failed if outcome.failure} == {ErrorKind.WRITE}
            assert code(outcomes) is ExitCode.OUTPUT
            if error in (errno.ENOSPC, errno.EDQUOT):
                after = outcomes[outcomes.index(failed[0]) + 1 :]
                assert all(
                    os.strerror(error) in outcome.note for outcome in after if outcome.verdict is Verdict.SKIPPED
                )
        if calls[0] < number:
            break
    assert failures


async def test_a_failure_is_known_before_what_follows_in_the_same_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that ends with a write that fails: nothing is left of it in memory to fail again."""
    for size in (70_000, 140_000):
        with failing(monkeypatch, body_spool, "write", 1, OSError(errno.EIO, "Input/output error")):
            (outcome,), _ = await save(Save(to="out/{name}"), {"/a": large(size)})
        assert outcome.saved is None
        assert outcome.failure is not None
        assert outcome.failure.kind is ErrorKind.WRITE
        assert not files(Path("out"))


async def test_names_of_new_files_do_not_grow_with_every_run() -> None:
    found = []
    for _ in range(4):
        (outcome,), _ = await save(Save(to="out/{name}", existing=Existing.KEEP), {"/a.html": b"x"})
        found += names([outcome])
    assert found[0] == "out/a.html"
    assert [re.sub(r"[0-9a-f]{16}", "KEY", name or "") for name in found[1:]] == [
        "out/a-KEY.html",
        "out/a-KEY-2.html",
        "out/a-KEY-3.html",
    ]
    for _ in range(2):
        outcomes, _ = await save(Save(to="s/{sha256}", existing=Existing.KEEP), {"/a": b"x", "/b": b"x"})
        assert len(set(names(outcomes))) == len(files(Path("s"))) == 1
