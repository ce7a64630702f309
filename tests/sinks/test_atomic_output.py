"""Reports appear when they are whole, and an old one stays whatever goes wrong."""

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fetchcli.core.errors import OutputError
from fetchcli.sinks.atomic_output import AtomicOutput
from tests.support.command import fetchcli, start, until
from tests.support.faults import FaultServer


def opened(path: Path) -> tuple[AtomicOutput, list[object]]:
    failures: list[object] = []
    output = AtomicOutput(str(path), failures.append)
    output.begin()
    return output, failures


def test_no_file_stands_there_before_it_is_whole(tmp_path: Path) -> None:
    output, failures = opened(tmp_path / "report")
    output.write(b"whole")
    assert list(tmp_path.iterdir()) == []
    output.close()
    assert ((tmp_path / "report").read_bytes(), failures) == (b"whole", [])
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_nothing_written_is_nothing_changed(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    for name in ("old", "new"):
        output, _ = opened(tmp_path / name)
        output.close()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("old", b"old")]


def test_the_mode_of_a_new_file_is_that_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    (tmp_path / "old").write_bytes(b"")
    (tmp_path / "old").chmod(0o640)
    for name in ("new", "old"):
        output, _ = opened(tmp_path / name)
        output.write(b"x")
        output.close()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"other": modes["other"], "new": modes["other"], "old": 0o640}


def test_a_file_with_two_names_is_emptied_only_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"an old and long report")
    os.link(tmp_path / "a", tmp_path / "b")
    output, failures = opened(tmp_path / "a")
    output.write(b"new")
    assert (tmp_path / "b").read_bytes() == b"an old and long report"
    output.close()
    assert ((tmp_path / "b").read_bytes(), failures) == (b"new", [])


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize("call", ["fdopen", "fchmod", "replace"])
def test_whatever_fails_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, old: bytes | None
) -> None:
    if old is not None:
        (tmp_path / "report").write_bytes(old)
    output, failures = opened(tmp_path / "report")
    output.write(b"new")

    def fail(*_: object, **__: object) -> None:
        raise OSError(27, "File too large")

    if call == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(f"fetchcli.sinks.atomic_output.os.{call}", fail)
    output.close()
    monkeypatch.undo()
    assert failures == [output]
    assert output.failure.endswith("File too large")
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert left == ({} if old is None else {"report": old})


def test_a_report_beyond_the_limit_of_file_sizes_leaves_the_old_one(faults: FaultServer, tmp_path: Path) -> None:
    """EFBIG, as setrlimit(2) and file systems have it."""
    (tmp_path / "report.xml").write_bytes(b"old")
    done = subprocess.run(
        [sys.executable, "-m", "fetchcli", faults.url("ok"), "-q", "-o", "report.xml", "--no-config"],
        cwd=tmp_path,
        capture_output=True,
        timeout=50,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
    )
    assert (done.returncode, done.stderr) == (8, b"fetchcli: cannot write report.xml: File too large\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"report.xml": b"old"}


def test_a_killed_run_leaves_no_report(faults: FaultServer, tmp_path: Path) -> None:
    before = len(faults.requests)
    process = start(faults.url("stall-in-body"), "-q", "-o", "junit:new.xml", cwd=tmp_path)
    until(lambda: len(faults.requests) > before, "the run has begun", process)
    process.kill()
    process.communicate(timeout=50)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing/report.xml", "folder/", "file/report.xml"])
def test_what_can_be_no_report_is_refused_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        AtomicOutput(str(tmp_path / name) + ("" if not name.endswith("/") else "/"), lambda _: None)


def test_two_reports_of_one_name_are_refused_before_either_is_made(faults: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    result = fetchcli(faults.url("ok"), "-o", "junit:a.xml", "-o", "sarif:link/a.xml", "-q", cwd=tmp_path)
    assert (result.code, result.err) == (2, "fetchcli: two outputs (-o) are the same file under different names\n")
